/* From 32-bit sums to int16 outputs on cores with the DSP instructions. */
#ifndef EDGEGEN_NN_DSP_OUTPUT_S16_H
#define EDGEGEN_NN_DSP_OUTPUT_S16_H

#include <stdint.h>

#include "edgegen/fixed_point.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The ends of what a layer lets through. */
typedef struct eg_range_s16 {
    int32_t low;
    int32_t high;
} eg_range_s16;

/* eg_multiply_wide(sum, multiplier, 15 - right), clamped; right in 15..31, so that the result fits
 * into 32 bits and one pair of shifts takes it out of the product's two words. */
static inline int16_t eg_output_of_s16(int32_t sum, int32_t multiplier, int32_t right,
                                       eg_range_s16 range)
{
    const int64_t product = (int64_t)sum * multiplier + (INT64_C(1) << (right - 1));
    const uint32_t low = (uint32_t)product >> right;
    const uint32_t high = (uint32_t)(uint64_t)(product >> 32) << (32 - right);

    return (int16_t)eg_clamp_i32((int32_t)(low | high), range.low, range.high);
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_DSP_OUTPUT_S16_H */
