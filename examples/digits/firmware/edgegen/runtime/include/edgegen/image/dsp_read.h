/* What the readers of edgegen/image/dsp.h are made of; not for callers. Each is a source file of
 * its own that gives constants for what is common to a row. */
#ifndef EDGEGEN_IMAGE_DSP_READ_H
#define EDGEGEN_IMAGE_DSP_READ_H

#include "edgegen/image/dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What weighs the pixels left and right of a column's centre: distances times 2^8, so that the high
 * halfword of a sum is a value, once half of one is added. */
typedef struct eg_image_weights_dsp {
    int32_t left, right;
    int32_t half;
} eg_image_weights_dsp;

static inline eg_image_weights_dsp eg_image_weights_of(int32_t fraction, int32_t half)
{
    const int32_t right = fraction << (EG_IMAGE_FRACTION_BITS - EG_IMAGE_VALUE_BITS);
    const eg_image_weights_dsp by = {(INT32_C(1) << 23) - right, right, half};

    return by;
}

/* In a register, or it would be added apart from the multiplications. */
static inline int32_t eg_image_half_dsp(void)
{
    return eg_opaque(INT32_C(1) << 15);
}

/* Two levels of the upper row and two of the lower one, mixed as by eg_image_mix_levels: a pair. */
static inline uint32_t eg_image_mix_pair(int32_t upper_left, int32_t upper_right,
                                         int32_t lower_left, int32_t lower_right,
                                         eg_image_weights_dsp by)
{
    const int32_t upper = upper_right * by.right + (upper_left * by.left + by.half);
    const int32_t lower = lower_right * by.right + (lower_left * by.left + by.half);

    return eg_pkhtb((uint32_t)lower, (uint32_t)upper);
}

/* A level of each row: such a pair with nothing of the right neighbours. */
static inline uint32_t eg_image_pair_of(int32_t upper, int32_t lower)
{
    return eg_pkhbt((uint32_t)upper << EG_IMAGE_VALUE_BITS, (uint32_t)lower << EG_IMAGE_VALUE_BITS);
}

/* Where the two rows begin. */
typedef struct eg_image_rows_dsp {
    const uint8_t *upper, *lower;
} eg_image_rows_dsp;

static inline eg_image_rows_dsp eg_image_rows_of(const eg_image_plan *plan, const eg_image *image,
                                                 int32_t y)
{
    const uint8_t *const upper = image->pixels + (size_t)y * image->stride;
    const eg_image_rows_dsp rows = {upper,
                                    y + 1 < plan->source.height ? upper + image->stride : upper};

    return rows;
}

/* Three channels: pixels of `size` bytes, of which byte `first` becomes channel 0. */
static inline void eg_image_read_colors_dsp(const eg_image_plan *plan, eg_image_rows_dsp rows,
                                            int32_t size, int32_t first, int16_t *row)
{
    const int32_t third = 2 - first;
    const int32_t half = eg_image_half_dsp();
    const int32_t *column = plan->columns;
    const int16_t *fraction = plan->fractions;
    uint32_t *to = (uint32_t *)(void *)row;

    for (int32_t left = plan->inner_columns; left > 0; --left) {
        const eg_image_weights_dsp by = eg_image_weights_of(*fraction++, half);
        const uint8_t *const a = rows.upper + *column;
        const uint8_t *const b = rows.lower + *column++;

        to[0] = eg_image_mix_pair(a[first], a[first + size], b[first], b[first + size], by);
        to[1] = eg_image_mix_pair(a[1], a[1 + size], b[1], b[1 + size], by);
        to[2] = eg_image_mix_pair(a[third], a[third + size], b[third], b[third + size], by);
        to += 3;
    }
    for (int32_t left = plan->part.width - plan->inner_columns; left > 0; --left) {
        const uint8_t *const a = rows.upper + *column;
        const uint8_t *const b = rows.lower + *column++;

        to[0] = eg_image_pair_of(a[first], b[first]);
        to[1] = eg_image_pair_of(a[1], b[1]);
        to[2] = eg_image_pair_of(a[third], b[third]);
        to += 3;
    }
}

/* As eg_image_luma_to_level where the luma has video's range; else it is a level. */
static inline int32_t eg_image_level_dsp(int32_t luma, bool is_video)
{
    const int32_t scaled = luma * 76309 + ((INT32_C(1) << 15) - 16 * 76309);

    return is_video ? (int32_t)eg_usat8_high(scaled) : luma;
}

/* One channel: luma `step` bytes apart. */
static inline void eg_image_read_luma_dsp(const eg_image_plan *plan, eg_image_rows_dsp rows,
                                          int32_t step, bool is_video, int16_t *row)
{
    const int32_t half = eg_image_half_dsp();
    const int32_t *column = plan->columns;
    const int16_t *fraction = plan->fractions;
    uint32_t *to = (uint32_t *)(void *)row;

    for (int32_t left = plan->inner_columns; left > 0; --left) {
        const eg_image_weights_dsp by = eg_image_weights_of(*fraction++, half);
        const uint8_t *const a = rows.upper + *column;
        const uint8_t *const b = rows.lower + *column++;

        *to++ = eg_image_mix_pair(
            eg_image_level_dsp(a[0], is_video), eg_image_level_dsp(a[step], is_video),
            eg_image_level_dsp(b[0], is_video), eg_image_level_dsp(b[step], is_video), by);
    }
    for (int32_t left = plan->part.width - plan->inner_columns; left > 0; --left) {
        const int32_t at = *column++;

        *to++ = eg_image_pair_of(eg_image_level_dsp(rows.upper[at], is_video),
                                 eg_image_level_dsp(rows.lower[at], is_video));
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_IMAGE_DSP_READ_H */
