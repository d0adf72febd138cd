#include "edgegen/image/kernels.h"

/* Two roundings. In ISO C GCC never fuses them; Clang has to be told. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

static inline float to_float(int32_t value, float scale, float offset)
{
    const float scaled = (float)value * scale;

    return scaled + offset;
}

static void write_pixels(const eg_image_plan *plan, eg_image_rows rows, int32_t count, float *to)
{
    const int16_t *const upper = rows.upper;
    const int16_t *const lower = rows.lower;
    const float scale[3] = {plan->value_scale[0], plan->value_scale[1], plan->value_scale[2]};
    const float offset[3] = {plan->offset[0], plan->offset[1], plan->offset[2]};

    for (int32_t i = 0; i < 3 * count; i += 3) {
        const int32_t first = eg_image_mix(upper[i], lower[i], rows.fraction);
        const int32_t second = eg_image_mix(upper[i + 1], lower[i + 1], rows.fraction);
        const int32_t third = eg_image_mix(upper[i + 2], lower[i + 2], rows.fraction);

        to[i] = to_float(first, scale[0], offset[0]);
        to[i + 1] = to_float(second, scale[1], offset[1]);
        to[i + 2] = to_float(third, scale[2], offset[2]);
    }
}

static void write_channel(const eg_image_plan *plan, eg_image_rows rows, int32_t channel,
                          int32_t count, float *to)
{
    const int16_t *const upper = rows.upper + channel * plan->width;
    const int16_t *const lower = rows.lower + channel * plan->width;
    const float scale = plan->value_scale[channel];
    const float offset = plan->offset[channel];

    for (int32_t x = 0; x < count; ++x) {
        to[x] = to_float(eg_image_mix(upper[x], lower[x], rows.fraction), scale, offset);
    }
}

void eg_image_write_f32(const eg_image_plan *plan, eg_image_rows rows, eg_image_span span,
                        void *tensor)
{
    const int32_t channels = eg_image_channels(plan);
    const size_t pixel = (size_t)span.y * (size_t)plan->width + (size_t)span.left;
    const size_t plane = (size_t)plan->width * (size_t)plan->height;
    float *const to = (float *)tensor;

    if (channels == 3 && plan->layout == EG_IMAGE_NHWC) {
        write_pixels(plan, rows, span.width, to + 3 * pixel);
        return;
    }
    for (int32_t c = 0; c < channels; ++c) {
        write_channel(plan, rows, c, span.width, to + (size_t)c * plane + pixel);
    }
}
