/* What the writers of edgegen/image/dsp.h are made of; not for callers. */
#ifndef EDGEGEN_IMAGE_DSP_WRITE_H
#define EDGEGEN_IMAGE_DSP_WRITE_H

#include "edgegen/image/dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A row of the tensor: pairs, the distance from the upper row, and where it goes. */
typedef struct eg_image_row_dsp {
    const uint32_t *pairs;
    int32_t fraction;
    uint8_t *to;
} eg_image_row_dsp;

/* What mixes the halfwords of a pair: weights of 2^15 at most, and negative, for -2^15 is a
 * halfword but 2^15 is none. */
static inline uint32_t eg_image_pair_weights(int32_t fraction)
{
    return eg_pkhbt((uint32_t)(fraction - (INT32_C(1) << EG_IMAGE_FRACTION_BITS)),
                    (uint32_t)-fraction);
}

/* (x + half) >> n is ~((-x - half - 1) >> n); this is -half - 1 of eg_image_mix. */
enum { EG_IMAGE_MINUS_HALF = -(1 << (EG_IMAGE_FRACTION_BITS - 1)) - 1 };

/* As eg_image_mix, of both halfwords. */
static inline int32_t eg_image_mix_rows_dsp(uint32_t pair, uint32_t weights)
{
    return ~(eg_smlad(pair, weights, EG_IMAGE_MINUS_HALF) >> EG_IMAGE_FRACTION_BITS);
}

/* One channel's numbers. */
typedef struct eg_image_channel_dsp {
    int32_t multiplier, bias, shift;
} eg_image_channel_dsp;

static inline eg_image_channel_dsp eg_image_channel_of(const eg_image_plan *plan, int32_t channel)
{
    const eg_image_channel_dsp by = {plan->multiplier[channel], plan->bias[channel], plan->shift};

    return by;
}

/* Callers give a constant `is_signed`. */
static inline uint8_t eg_image_quantise_dsp(int32_t value, eg_image_channel_dsp by, bool is_signed)
{
    const int32_t q = (value * by.multiplier + by.bias) >> by.shift;

    return (uint8_t)(is_signed ? (uint32_t)eg_ssat8(q) : eg_usat8(q));
}

static inline void eg_image_write_rgb_row_dsp(const eg_image_plan *plan, eg_image_row_dsp row,
                                              bool is_signed)
{
    const eg_image_channel_dsp first = eg_image_channel_of(plan, 0);
    const eg_image_channel_dsp second = eg_image_channel_of(plan, 1);
    const eg_image_channel_dsp third = eg_image_channel_of(plan, 2);
    const uint32_t weights = eg_image_pair_weights(row.fraction);
    const uint32_t *pairs = row.pairs;
    const uint32_t *const end = pairs + (size_t)plan->part.width * 3;
    uint8_t *to = row.to;

    for (; pairs != end; pairs += 3) {
        to[0] = eg_image_quantise_dsp(eg_image_mix_rows_dsp(pairs[0], weights), first, is_signed);
        to[1] = eg_image_quantise_dsp(eg_image_mix_rows_dsp(pairs[1], weights), second, is_signed);
        to[2] = eg_image_quantise_dsp(eg_image_mix_rows_dsp(pairs[2], weights), third, is_signed);
        to += 3;
    }
}

static inline void eg_image_write_gray_row_dsp(const eg_image_plan *plan, eg_image_row_dsp row,
                                               bool is_signed)
{
    const eg_image_channel_dsp by = eg_image_channel_of(plan, 0);
    const uint32_t weights = eg_image_pair_weights(row.fraction);
    const uint32_t *pairs = row.pairs;
    const uint32_t *const end = pairs + plan->part.width;
    uint8_t *to = row.to;

    while (pairs != end) {
        *to++ = eg_image_quantise_dsp(eg_image_mix_rows_dsp(*pairs++, weights), by, is_signed);
    }
}

typedef void eg_image_row_writer_dsp(const eg_image_plan *plan, eg_image_row_dsp row);

/* Every row of the part, of `channels`, by a function that the compiler knows. */
static inline void eg_image_write_rows_dsp(const eg_image_plan *plan, const eg_image *image,
                                           int32_t channels, eg_image_row_writer_dsp *write,
                                           void *tensor)
{
    const eg_image_box part = plan->part;
    const size_t width = (size_t)plan->width;
    int32_t held = -1;

    for (int32_t y = 0; y < part.height; ++y) {
        const eg_image_position at =
            eg_image_position_of(plan->resize, y, plan->crop.height, part.height);
        const int32_t upper = plan->crop.top + at.first;
        const size_t pixel = (size_t)(part.top + y) * width + (size_t)part.left;
        const eg_image_row_dsp row = {(const uint32_t *)(const void *)plan->rows[0], at.fraction,
                                      (uint8_t *)tensor + pixel * (size_t)channels};

        if (upper != held) {
            plan->read_row(plan, image, upper, plan->rows[0]);
            held = upper;
        }
        write(plan, row);
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_IMAGE_DSP_WRITE_H */
