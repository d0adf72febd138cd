/* From sums to int16 outputs: the last step of convolutions and fully connected layers with int16
 * activations and int8 weights. Activations have zero point 0. */
#ifndef EDGEGEN_NN_OUTPUT_S16_H
#define EDGEGEN_NN_OUTPUT_S16_H

#include <stdint.h>

#include "edgegen/nn/output_s8.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum eg_rounding_s16 {
    /* eg_multiply_wide(sum, multiplier, shift): the reference's, of int64 sums */
    EG_ROUND_WIDE,
    /* the same of sums below 2^31 and shifts in -17..-1: round(sum * multiplier / 2^32), ties
     * upwards, with multiplier * 2^(17 + shift) in the place of the multiplier */
    EG_ROUND_UPPER_WORD,
    /* eg_multiply_by_quantized_multiplier of the sum modulo 2^32: the reference's where biases, and
     * so sums, are int32; multipliers have 31 bits */
    EG_ROUND_TWICE
} eg_rounding_s16;

typedef struct eg_output_s16 {
    const int64_t *bias;       /* [channels] */
    const int32_t *multiplier; /* [channels], or [1] when multiplier_step is 0 */
    const int8_t *shift;       /* likewise; NULL for EG_ROUND_UPPER_WORD */
    int32_t multiplier_step;   /* 1 per channel, 0 one for all */
    eg_rounding_s16 rounding;
    int32_t products; /* so many of a channel always add up within int32; at least 511 */
    int32_t activation_min;
    int32_t activation_max;
} eg_output_s16;

/* For each channel c in channel..end - 1, at most EG_LANES of them: output[c] = clamp(rounded sum),
 * where the sum is carried[c - channel] + recent[c - channel] + bias[c]. */
void eg_write_outputs_s16(const eg_output_s16 *layer, const int64_t carried[EG_LANES],
                          const int32_t recent[EG_LANES], int32_t channel, int32_t end,
                          int16_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_OUTPUT_S16_H */
