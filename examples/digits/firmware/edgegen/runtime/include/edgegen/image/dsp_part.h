/* What the kernels of edgegen/image/dsp.h are made of; not for callers. Each is a source file that
 * gives constants for what its pixels and its bytes have in common. */
#ifndef EDGEGEN_IMAGE_DSP_PART_H
#define EDGEGEN_IMAGE_DSP_PART_H

#include "edgegen/image/dsp.h"
#include "edgegen/isa_dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How values become bytes. */
typedef enum eg_image_bytes_dsp {
    EG_IMAGE_LEVELS_DSP, /* (value + bias) >> 7 needs no more: eg_image_is_levels */
    EG_IMAGE_S8_DSP,
    EG_IMAGE_U8_DSP
} eg_image_bytes_dsp;

/* What a row's pixels share. */
typedef struct eg_image_row_dsp {
    const uint8_t *upper, *lower; /* where the two rows of the source begin */
    uint32_t weights;             /* what mixes the halfwords of a pair */
    uint8_t *to;
} eg_image_row_dsp;

/* Two values in a word: the upper row's in the low halfword, the lower one's in the high one. */
typedef uint32_t eg_image_pair;

/* Weights of the upper and of the lower row, of 2^15 in all, and negative: for -2^15 is a halfword
 * but 2^15 is none. */
static inline uint32_t eg_image_row_weights(int32_t fraction)
{
    return eg_pkhbt((uint32_t)(fraction - (INT32_C(1) << EG_IMAGE_FRACTION_BITS)),
                    (uint32_t)-fraction);
}

/* What weighs the pixels left and right of a column's centre: distances times 2^8, so that the high
 * halfword of a sum is a value, once half of one is added. */
typedef struct eg_image_weights_dsp {
    int32_t left, right;
    int32_t half;
} eg_image_weights_dsp;

static inline eg_image_weights_dsp eg_image_column_weights(int32_t fraction, int32_t half)
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

/* Two levels of the upper row and two of the lower one, mixed as by eg_image_mix_levels. */
static inline eg_image_pair eg_image_mix_pair(int32_t upper_left, int32_t upper_right,
                                              int32_t lower_left, int32_t lower_right,
                                              eg_image_weights_dsp by)
{
    const int32_t upper = upper_right * by.right + (upper_left * by.left + by.half);
    const int32_t lower = lower_right * by.right + (lower_left * by.left + by.half);

    return eg_pkhtb((uint32_t)lower, (uint32_t)upper);
}

/* A level of each row: such a pair with nothing of the right neighbours. */
static inline eg_image_pair eg_image_pair_of(int32_t upper, int32_t lower)
{
    return eg_pkhbt((uint32_t)upper << EG_IMAGE_VALUE_BITS, (uint32_t)lower << EG_IMAGE_VALUE_BITS);
}

/* One channel's numbers. */
typedef struct eg_image_channel_dsp {
    int32_t multiplier, shift;
    int32_t bias; /* for levels: what mixing begins with */
} eg_image_channel_dsp;

/* What is added to a value, in 1/128 of a step, where a step is a level. */
static inline int32_t eg_image_level_bias(const eg_image_plan *plan)
{
    return plan->bias[0] >> (plan->shift - EG_IMAGE_VALUE_BITS);
}

/* (x + half) >> n is ~((-x - half - 1) >> n); this is -half - 1 of eg_image_mix. */
enum { EG_IMAGE_MINUS_HALF = -(1 << (EG_IMAGE_FRACTION_BITS - 1)) - 1 };

static inline eg_image_channel_dsp eg_image_channel_of(const eg_image_plan *plan, int32_t channel,
                                                       eg_image_bytes_dsp bytes)
{
    eg_image_channel_dsp by = {plan->multiplier[channel], plan->shift, plan->bias[channel]};

    if (bytes == EG_IMAGE_LEVELS_DSP) {
        by.bias = EG_IMAGE_MINUS_HALF -
                  eg_image_level_bias(plan) * (INT32_C(1) << EG_IMAGE_FRACTION_BITS);
    }
    return by;
}

/* A byte of the tensor. For levels mixing and rounding are one shift: a floor of a floor. */
static inline uint8_t eg_image_byte_dsp(eg_image_pair pair, uint32_t weights,
                                        eg_image_channel_dsp by, eg_image_bytes_dsp bytes)
{
    if (bytes == EG_IMAGE_LEVELS_DSP) {
        return (uint8_t) ~(eg_smlad(pair, weights, by.bias) >>
                           (EG_IMAGE_FRACTION_BITS + EG_IMAGE_VALUE_BITS));
    }
    const int32_t value = ~(eg_smlad(pair, weights, EG_IMAGE_MINUS_HALF) >> EG_IMAGE_FRACTION_BITS);
    const int32_t q = (value * by.multiplier + by.bias) >> by.shift;

    return (uint8_t)(bytes == EG_IMAGE_S8_DSP ? (uint32_t)eg_ssat8(q) : eg_usat8(q));
}

/* Three channels: pixels of three bytes, of which byte `first` becomes channel 0. */
static inline void eg_image_write_colors_row(const eg_image_plan *plan, eg_image_row_dsp row,
                                             int32_t first, eg_image_bytes_dsp bytes)
{
    enum { SIZE = 3 };
    const int32_t third = 2 - first;
    const int32_t half = eg_image_half_dsp();
    const eg_image_channel_dsp by0 = eg_image_channel_of(plan, 0, bytes);
    const eg_image_channel_dsp by1 = eg_image_channel_of(plan, 1, bytes);
    const eg_image_channel_dsp by2 = eg_image_channel_of(plan, 2, bytes);
    const int32_t *column = plan->columns;
    const int16_t *fraction = plan->fractions;
    uint8_t *to = row.to;

    for (int32_t left = plan->inner_columns; left > 0; --left) {
        const eg_image_weights_dsp by = eg_image_column_weights(*fraction++, half);
        const uint8_t *const a = row.upper + *column;
        const uint8_t *const b = row.lower + *column++;

        to[0] = eg_image_byte_dsp(
            eg_image_mix_pair(a[first], a[first + SIZE], b[first], b[first + SIZE], by),
            row.weights, by0, bytes);
        to[1] = eg_image_byte_dsp(eg_image_mix_pair(a[1], a[1 + SIZE], b[1], b[1 + SIZE], by),
                                  row.weights, by1, bytes);
        to[2] = eg_image_byte_dsp(
            eg_image_mix_pair(a[third], a[third + SIZE], b[third], b[third + SIZE], by),
            row.weights, by2, bytes);
        to += SIZE;
    }
    for (int32_t left = plan->part.width - plan->inner_columns; left > 0; --left) {
        const uint8_t *const a = row.upper + *column;
        const uint8_t *const b = row.lower + *column++;

        to[0] = eg_image_byte_dsp(eg_image_pair_of(a[first], b[first]), row.weights, by0, bytes);
        to[1] = eg_image_byte_dsp(eg_image_pair_of(a[1], b[1]), row.weights, by1, bytes);
        to[2] = eg_image_byte_dsp(eg_image_pair_of(a[third], b[third]), row.weights, by2, bytes);
        to += SIZE;
    }
}

/* How luma becomes a level. */
typedef struct eg_image_luma_dsp {
    bool is_video; /* else it is one */
    int32_t scale, offset;
} eg_image_luma_dsp;

/* In registers, as above. */
static inline eg_image_luma_dsp eg_image_luma_of(bool is_video)
{
    const eg_image_luma_dsp luma = {is_video, eg_opaque(76309),
                                    eg_opaque((INT32_C(1) << 15) - 16 * 76309)};

    return luma;
}

/* As eg_image_luma_to_level. */
static inline int32_t eg_image_level_dsp(int32_t luma, eg_image_luma_dsp by)
{
    return by.is_video ? (int32_t)eg_usat8_high(luma * by.scale + by.offset) : luma;
}

/* One channel: luma `step` bytes apart. */
static inline void eg_image_write_luma_row(const eg_image_plan *plan, eg_image_row_dsp row,
                                           int32_t step, bool is_video, eg_image_bytes_dsp bytes)
{
    const int32_t half = eg_image_half_dsp();
    const eg_image_luma_dsp luma = eg_image_luma_of(is_video);
    const eg_image_channel_dsp channel = eg_image_channel_of(plan, 0, bytes);
    const int32_t *column = plan->columns;
    const int16_t *fraction = plan->fractions;
    uint8_t *to = row.to;

    for (int32_t left = plan->inner_columns; left > 0; --left) {
        const eg_image_weights_dsp by = eg_image_column_weights(*fraction++, half);
        const uint8_t *const a = row.upper + *column;
        const uint8_t *const b = row.lower + *column++;
        const eg_image_pair pair = eg_image_mix_pair(
            eg_image_level_dsp(a[0], luma), eg_image_level_dsp(a[step], luma),
            eg_image_level_dsp(b[0], luma), eg_image_level_dsp(b[step], luma), by);

        *to++ = eg_image_byte_dsp(pair, row.weights, channel, bytes);
    }
    for (int32_t left = plan->part.width - plan->inner_columns; left > 0; --left) {
        const int32_t at = *column++;
        const eg_image_pair pair = eg_image_pair_of(eg_image_level_dsp(row.upper[at], luma),
                                                    eg_image_level_dsp(row.lower[at], luma));

        *to++ = eg_image_byte_dsp(pair, row.weights, channel, bytes);
    }
}

/* Row `y` of the part, of `channels`. The row below the source's last one counts for nothing. */
static inline eg_image_row_dsp eg_image_row_of(const eg_image_plan *plan, const eg_image *image,
                                               int32_t y, int32_t channels, void *tensor)
{
    const eg_image_box part = plan->part;
    const eg_image_position at =
        eg_image_position_of(EG_IMAGE_BILINEAR, y, plan->crop.height, part.height);
    const int32_t first = plan->crop.top + at.first;
    const uint8_t *const upper = image->pixels + (size_t)first * image->stride;
    const size_t pixel = (size_t)(part.top + y) * (size_t)plan->width + (size_t)part.left;
    const eg_image_row_dsp row = {
        upper,
        at.fraction != 0 ? upper + image->stride : upper,
        eg_image_row_weights(at.fraction),
        (uint8_t *)tensor + pixel * (size_t)channels,
    };

    return row;
}

#define EG_IMAGE_DEFINE_COLORS_DSP(name, first, bytes)                                             \
    void name(const eg_image_plan *plan, const eg_image *image, void *tensor)                      \
    {                                                                                              \
        for (int32_t y = 0; y < plan->part.height; ++y) {                                          \
            eg_image_write_colors_row(plan, eg_image_row_of(plan, image, y, 3, tensor), first,     \
                                      bytes);                                                      \
        }                                                                                          \
    }

#define EG_IMAGE_DEFINE_LUMA_DSP(name, step, is_video, bytes)                                      \
    void name(const eg_image_plan *plan, const eg_image *image, void *tensor)                      \
    {                                                                                              \
        for (int32_t y = 0; y < plan->part.height; ++y) {                                          \
            eg_image_write_luma_row(plan, eg_image_row_of(plan, image, y, 1, tensor), step,        \
                                    is_video, bytes);                                              \
        }                                                                                          \
    }

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_IMAGE_DSP_PART_H */
