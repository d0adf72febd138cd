/* From 32-bit sums to int16 outputs on cores with the DSP instructions. */
#ifndef EDGEGEN_NN_DSP_OUTPUT_S16_H
#define EDGEGEN_NN_DSP_OUTPUT_S16_H

#include <stdint.h>

#include "edgegen/fixed_point.h"
#include "edgegen/isa_dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The ends of what a layer lets through. */
typedef struct eg_range_s16 {
    int32_t low;
    int32_t high;
} eg_range_s16;

/* eg_multiply_wide(sum, m, shift), clamped, with `multiplier` = m * 2^(17 + shift): rounded at the
 * product's upper word it is the same integer. shift in -17..-1, so that 31 bits hold it. */
static inline int16_t eg_output_of_s16(int32_t sum, int32_t multiplier, eg_range_s16 range)
{
    return (int16_t)eg_clamp_i32(eg_smmlar(sum, multiplier, 0), range.low, range.high);
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_DSP_OUTPUT_S16_H */
