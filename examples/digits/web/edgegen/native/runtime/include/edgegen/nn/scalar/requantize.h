/* From int32 sums to int8 outputs in a few instructions of any core, bit for bit what
 * eg_requantize (fixed_point.h) gives. There are two ways.
 *
 * Rounded: exact where the generator has proved, for every input that can come:
 *   - |sum| < 2^30 with the bias in it, so that its double is an int32;
 *   - the real multiplier is below 1/2: n = -shift is in 1..22, so that no constant overflows;
 *   - the activation's range is all of int8.
 *
 * The doubling high multiply of the sum is the rounded high word of its double's product. The
 * division by 2^n rounds ties away from zero: 2^(n-1) is added first, less 1 for a negative
 * number, whose sign is the sum's. The zero point, times 2^n, is in the same constant.
 *
 * Fitted: in steps that lie where the reference has them,
 *
 *   output = saturate((floor(sum * factor / 2^EG_FACTOR_BITS) + constant) >> shift)
 *
 * for the sum without its bias. Both rise with the sum, so that the generator can prove them equal
 * by looking at the steps; it has found factors and constants that do, if there are any. The sum
 * is below 2^21 in magnitude, and what is shifted is an int32.
 */
#ifndef EDGEGEN_NN_SCALAR_REQUANTIZE_H
#define EDGEGEN_NN_SCALAR_REQUANTIZE_H

#include <stdint.h>

#include "edgegen/fixed_point.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What one output channel needs: words in this order. */
enum {
    EG_DOUBLED_BIAS, /* 2 * bias, the input's zero point folded in */
    EG_MULTIPLIER,   /* Q31, not negative */
    EG_CONSTANT,     /* 2^(n-1) + zero_point * 2^n */
    EG_SHIFT,        /* n, to the right */
    EG_CHANNEL_WORDS
};

/* And if it is fitted. */
enum {
    EG_FITTED_FACTOR,   /* 0..2^31 - 1 */
    EG_FITTED_CONSTANT, /* with the bias in it */
    EG_FITTED_SHIFT,
    EG_FITTED_WORDS
};

enum { EG_FACTOR_BITS = 20 };

/* doubled_sum = 2 * (sum + bias) */
static inline int8_t eg_requantize_doubled_sum(int32_t doubled_sum, int32_t multiplier,
                                               int32_t constant, int32_t shift)
{
    const int32_t rounding = constant + (doubled_sum >> 31);
    const int32_t scaled = rounding + eg_rounding_high_mul(doubled_sum, multiplier);

    return (int8_t)eg_saturate_s8(scaled >> shift);
}

/* sum: without the bias, modulo 2^32. */
static inline int8_t eg_requantize_channel(uint32_t sum, const int32_t channel[EG_CHANNEL_WORDS])
{
    return eg_requantize_doubled_sum((int32_t)((sum << 1) + (uint32_t)channel[EG_DOUBLED_BIAS]),
                                     channel[EG_MULTIPLIER], channel[EG_CONSTANT],
                                     channel[EG_SHIFT]);
}

/* floor(sum * factor / 2^EG_FACTOR_BITS) where that is an int32; |sum| < 2^21, factor >= 0. */
static inline int32_t eg_scale_sum(int32_t sum, int32_t factor)
{
#if EG_HAS_LONG_MULTIPLY
    return (int32_t)(((int64_t)sum * factor) >> EG_FACTOR_BITS);
#else
    /* By parts of the factor, whose products are int32. */
    const int32_t low = (sum * (factor & 0x3FF)) >> 10;
    const int32_t middle = (sum * ((factor >> 10) & 0x3FF) + low) >> 10;

    return sum * (factor >> 20) + middle;
#endif
}

/* sum: without the bias. */
static inline int8_t eg_requantize_fitted(uint32_t sum, const int32_t channel[EG_FITTED_WORDS])
{
    const int32_t scaled = eg_scale_sum((int32_t)sum, channel[EG_FITTED_FACTOR]);

    return (int8_t)eg_saturate_s8((scaled + channel[EG_FITTED_CONSTANT]) >>
                                  channel[EG_FITTED_SHIFT]);
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SCALAR_REQUANTIZE_H */
