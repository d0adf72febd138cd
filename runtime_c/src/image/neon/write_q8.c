#include "edgegen/image/neon.h"

#if EG_IMAGE_HAS_NEON

#include <string.h>

/* Three vectors, from the first value on and again: channels beside each other, or only one. */
typedef struct pattern {
    int32x4_t bias[3];
    int16x4_t multiplier[3];
    int32x4_t shift; /* negative: to the right */
    bool is_signed;
} pattern;

/* Value i of the tensor is of channel `first` + i % `channels`. */
static pattern pattern_of(const eg_image_plan *plan, int32_t first, int32_t channels)
{
    int32_t bias[12];
    int16_t multiplier[12];
    pattern by;

    for (int32_t i = 0; i < 12; ++i) {
        bias[i] = plan->bias[first + i % channels];
        multiplier[i] = (int16_t)plan->multiplier[first + i % channels];
    }
    for (int32_t i = 0; i < 3; ++i) {
        by.bias[i] = vld1q_s32(bias + 4 * i);
        by.multiplier[i] = vld1_s16(multiplier + 4 * i);
    }
    by.shift = vdupq_n_s32(-plan->shift);
    by.is_signed = plan->type == EG_IMAGE_INT8;
    return by;
}

/* Four values: (value * multiplier + bias) >> shift, saturated to 16 bits. */
static inline int16x4_t quantise_four(int16x4_t values, const pattern *by, int32_t at)
{
    const int32x4_t sums = vmlal_s16(by->bias[at], values, by->multiplier[at]);

    return vqmovn_s32(vshlq_s32(sums, by->shift));
}

/* Eight values, which begin at vector `first` of the pattern: their bytes. */
static inline uint8x8_t quantise(int16x8_t values, const pattern *by, int32_t first)
{
    const int16x8_t steps = vcombine_s16(quantise_four(vget_low_s16(values), by, first),
                                         quantise_four(vget_high_s16(values), by, (first + 1) % 3));

    return by->is_signed ? vreinterpret_u8_s8(vqmovn_s16(steps)) : vqmovun_s16(steps);
}

static void write_values(eg_image_rows rows, int32_t count, const pattern *by, uint8_t *to)
{
    enum { STEP = EG_IMAGE_NEON_BLOCK };
    int32_t first = 0;
    int32_t i = 0;

    for (; i + 3 * STEP <= count; i += 3 * STEP) {
        vst1_u8(to + i, quantise(eg_image_mix_rows_neon(rows, i), by, 0));
        vst1_u8(to + i + STEP, quantise(eg_image_mix_rows_neon(rows, i + STEP), by, 2));
        vst1_u8(to + i + 2 * STEP, quantise(eg_image_mix_rows_neon(rows, i + 2 * STEP), by, 1));
    }
    for (; i + STEP <= count; i += STEP) {
        vst1_u8(to + i, quantise(eg_image_mix_rows_neon(rows, i), by, first));
        first = (first + 2) % 3;
    }
    if (i < count) {
        uint8_t last[STEP];

        vst1_u8(last, quantise(eg_image_mix_rows_neon(rows, i), by, first));
        memcpy(to + i, last, (size_t)(count - i));
    }
}

void eg_image_write_q8_neon(const eg_image_plan *plan, eg_image_rows rows, eg_image_span span,
                            void *tensor)
{
    const int32_t channels = eg_image_channels(plan);
    const size_t pixel = (size_t)span.y * (size_t)plan->width + (size_t)span.left;
    const size_t plane = (size_t)plan->width * (size_t)plan->height;
    uint8_t *const to = (uint8_t *)tensor;

    if (channels == 3 && plan->layout == EG_IMAGE_NHWC) {
        const pattern by = pattern_of(plan, 0, 3);

        write_values(rows, 3 * span.width, &by, to + 3 * pixel);
        return;
    }
    for (int32_t c = 0; c < channels; ++c) {
        const pattern by = pattern_of(plan, c, 1);
        const size_t begin = (size_t)c * (size_t)plan->width;
        const eg_image_rows channel = {rows.upper + begin, rows.lower + begin, rows.fraction};

        write_values(channel, span.width, &by, to + (size_t)c * plane + pixel);
    }
}

#else

extern int not_empty;

#endif
