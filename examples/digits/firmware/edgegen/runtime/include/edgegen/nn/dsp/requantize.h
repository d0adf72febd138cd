/* From int32 sums to int8 outputs in a few DSP instructions, bit for bit what eg_requantize
 * (fixed_point.h) gives.
 *
 * Rounded: an eg_requantize_dsp is exact where the generator has proved, for every input that can
 * come:
 *   - |sum| < 2^30 with the bias in it, so that its double is an int32;
 *   - the real multiplier is below 1/2: n = -shift is in 1..22, so that no constant overflows;
 *   - the activation's range is all of int8.
 *
 * Why: the doubling high multiply rounds ties upwards, as SMMLAR of the doubled sum does. The
 * division by 2^n rounds ties away from zero: 2^(n-1) is added first, less 1 for a negative
 * number. The sum's sign serves for that; a product of 0 rounds to 0 either way as n >= 1. The
 * zero point, times 2^n, is added in the same constant.
 *
 * Fitted: where the zero point is -128, what is negative before it is added ends at -128 however
 * it is rounded, and both ways from sums to outputs are staircases of one slope. The generator
 * then looks for constants of
 *
 *   saturate(((256 * sum + bias) * multiplier / 2^32 + constant) >> EG_FITTED_DSP_SHIFT)
 *
 * whose every step lies where it should, and the same shift serves all channels. The bias counts
 * in 256ths; it is in `256 * sum` that the halfwords of nn/dsp/matmul.h leave the upper channel.
 */
#ifndef EDGEGEN_NN_DSP_REQUANTIZE_H
#define EDGEGEN_NN_DSP_REQUANTIZE_H

#include <stdint.h>

#include "edgegen/isa_dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EG_FITTED_DSP_SHIFT 12

/* One output channel. */
typedef struct eg_requantize_dsp {
    int32_t doubled_bias; /* 2 * bias, the input's zero point folded in */
    int32_t multiplier;   /* Q31 */
    int32_t constant;     /* 2^(shift-1) + zero_point * 2^shift */
    int32_t shift;        /* n, to the right */
} eg_requantize_dsp;

/* doubled_sum = 2 * (sum + bias) */
static inline int8_t eg_requantize_doubled(int32_t doubled_sum, int32_t multiplier,
                                           int32_t constant, int32_t shift)
{
    const int32_t rounding = constant + (doubled_sum >> 31);

    return (int8_t)eg_ssat8(eg_smmlar(doubled_sum, multiplier, rounding) >> shift);
}

/* scaled_sum = 256 * sum + bias */
static inline int8_t eg_requantize_fitted_dsp(int32_t scaled_sum, int32_t multiplier,
                                              int32_t constant)
{
    return (int8_t)eg_ssat8(eg_smmla(scaled_sum, multiplier, constant) >> EG_FITTED_DSP_SHIFT);
}

/* sum: without the bias, modulo 2^32. */
static inline int8_t eg_requantize_sum(uint32_t sum, const eg_requantize_dsp *channel)
{
    return eg_requantize_doubled((int32_t)((sum << 1) + (uint32_t)channel->doubled_bias),
                                 channel->multiplier, channel->constant, channel->shift);
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_DSP_REQUANTIZE_H */
