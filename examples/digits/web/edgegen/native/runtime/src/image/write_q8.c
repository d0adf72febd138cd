#include "edgegen/image/kernels.h"

/* One channel's numbers. */
typedef struct quantiser {
    int32_t multiplier, bias, shift;
    int32_t low, high;
} quantiser;

static quantiser quantiser_of(const eg_image_plan *plan, int32_t channel)
{
    const quantiser by = {plan->multiplier[channel], plan->bias[channel], plan->shift, plan->low,
                          plan->high};

    return by;
}

/* The byte of an int8 or a uint8. */
static inline uint8_t to_byte(int32_t value, quantiser by)
{
    const int32_t q = (value * by.multiplier + by.bias) >> by.shift;

    return (uint8_t)(q < by.low ? by.low : (q > by.high ? by.high : q));
}

static void write_pixels(const eg_image_plan *plan, eg_image_rows rows, int32_t count, uint8_t *to)
{
    const int16_t *const upper = rows.upper;
    const int16_t *const lower = rows.lower;
    const quantiser by[3] = {quantiser_of(plan, 0), quantiser_of(plan, 1), quantiser_of(plan, 2)};

    for (int32_t i = 0; i < 3 * count; i += 3) {
        const int32_t first = eg_image_mix(upper[i], lower[i], rows.fraction);
        const int32_t second = eg_image_mix(upper[i + 1], lower[i + 1], rows.fraction);
        const int32_t third = eg_image_mix(upper[i + 2], lower[i + 2], rows.fraction);

        to[i] = to_byte(first, by[0]);
        to[i + 1] = to_byte(second, by[1]);
        to[i + 2] = to_byte(third, by[2]);
    }
}

static void write_channel(const eg_image_plan *plan, eg_image_rows rows, int32_t channel,
                          int32_t count, uint8_t *to)
{
    const int16_t *const upper = rows.upper + channel * plan->width;
    const int16_t *const lower = rows.lower + channel * plan->width;
    const quantiser by = quantiser_of(plan, channel);

    for (int32_t x = 0; x < count; ++x) {
        to[x] = to_byte(eg_image_mix(upper[x], lower[x], rows.fraction), by);
    }
}

void eg_image_write_q8(const eg_image_plan *plan, eg_image_rows rows, eg_image_span span,
                       void *tensor)
{
    const int32_t channels = eg_image_channels(plan);
    const size_t pixel = (size_t)span.y * (size_t)plan->width + (size_t)span.left;
    const size_t plane = (size_t)plan->width * (size_t)plan->height;
    uint8_t *const to = (uint8_t *)tensor;

    if (channels == 3 && plan->layout == EG_IMAGE_NHWC) {
        write_pixels(plan, rows, span.width, to + 3 * pixel);
        return;
    }
    for (int32_t c = 0; c < channels; ++c) {
        write_channel(plan, rows, c, span.width, to + (size_t)c * plane + pixel);
    }
}
