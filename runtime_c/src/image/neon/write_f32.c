#include "edgegen/image/neon.h"

#if EG_IMAGE_HAS_NEON

#include <string.h>

/* Two roundings. In ISO C GCC never fuses them; Clang has to be told. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

/* Three vectors, from the first value on and again: channels beside each other, or only one. */
typedef struct pattern {
    float32x4_t scale[3], offset[3];
} pattern;

/* Of channels beside each other. */
static pattern pattern_of_pixels(const eg_image_plan *plan)
{
    float scale[12];
    float offset[12];
    pattern by;

    for (int32_t i = 0; i < 12; ++i) {
        scale[i] = plan->value_scale[i % 3];
        offset[i] = plan->offset[i % 3];
    }
    for (int32_t i = 0; i < 3; ++i) {
        by.scale[i] = vld1q_f32(scale + 4 * i);
        by.offset[i] = vld1q_f32(offset + 4 * i);
    }
    return by;
}

static pattern pattern_of_channel(const eg_image_plan *plan, int32_t channel)
{
    pattern by;

    for (int32_t i = 0; i < 3; ++i) {
        by.scale[i] = vdupq_n_f32(plan->value_scale[channel]);
        by.offset[i] = vdupq_n_f32(plan->offset[channel]);
    }
    return by;
}

static inline void store_four(float *to, int16x4_t values, float32x4_t scale, float32x4_t offset)
{
    const float32x4_t scaled = vmulq_f32(vcvtq_f32_s32(vmovl_s16(values)), scale);

    vst1q_f32(to, vaddq_f32(scaled, offset));
}

/* Eight values, which begin at vector `first` of the pattern. */
static inline void store_eight(float *to, int16x8_t values, const pattern *by, int32_t first)
{
    const int32_t second = (first + 1) % 3;

    store_four(to, vget_low_s16(values), by->scale[first], by->offset[first]);
    store_four(to + 4, vget_high_s16(values), by->scale[second], by->offset[second]);
}

static void write_values(eg_image_rows rows, int32_t count, const pattern *by, float *to)
{
    enum { STEP = EG_IMAGE_NEON_BLOCK };
    int32_t first = 0;
    int32_t i = 0;

    for (; i + 3 * STEP <= count; i += 3 * STEP) {
        store_eight(to + i, eg_image_mix_rows_neon(rows, i), by, 0);
        store_eight(to + i + STEP, eg_image_mix_rows_neon(rows, i + STEP), by, 2);
        store_eight(to + i + 2 * STEP, eg_image_mix_rows_neon(rows, i + 2 * STEP), by, 1);
    }
    for (; i + STEP <= count; i += STEP) {
        store_eight(to + i, eg_image_mix_rows_neon(rows, i), by, first);
        first = (first + 2) % 3;
    }
    if (i < count) {
        float last[STEP];

        store_eight(last, eg_image_mix_rows_neon(rows, i), by, first);
        memcpy(to + i, last, (size_t)(count - i) * sizeof *to);
    }
}

void eg_image_write_f32_neon(const eg_image_plan *plan, eg_image_rows rows, eg_image_span span,
                             void *tensor)
{
    const int32_t channels = eg_image_channels(plan);
    const size_t pixel = (size_t)span.y * (size_t)plan->width + (size_t)span.left;
    const size_t plane = (size_t)plan->width * (size_t)plan->height;
    float *const to = (float *)tensor;

    if (channels == 3 && plan->layout == EG_IMAGE_NHWC) {
        const pattern by = pattern_of_pixels(plan);

        write_values(rows, 3 * span.width, &by, to + 3 * pixel);
        return;
    }
    for (int32_t c = 0; c < channels; ++c) {
        const pattern by = pattern_of_channel(plan, c);
        const size_t begin = (size_t)c * (size_t)plan->width;
        const eg_image_rows channel = {rows.upper + begin, rows.lower + begin, rows.fraction};

        write_values(channel, span.width, &by, to + (size_t)c * plane + pixel);
    }
}

#else

extern int not_empty;

#endif
