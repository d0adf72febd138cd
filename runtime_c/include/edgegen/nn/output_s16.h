/* From 64-bit sums to int16 outputs: the last step of convolutions and fully connected layers with
 * int16 activations and int8 weights. Activations have zero point 0. */
#ifndef EDGEGEN_NN_OUTPUT_S16_H
#define EDGEGEN_NN_OUTPUT_S16_H

#include <stdint.h>

#include "edgegen/nn/output_s8.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_output_s16 {
    const int64_t *bias;       /* [channels] */
    const int32_t *multiplier; /* [channels], or [1] when multiplier_step is 0 */
    const int8_t *shift;       /* likewise */
    int32_t multiplier_step;   /* 1 per channel, 0 one for all */
    int32_t is_narrow;         /* 1 where the model's biases, and so its sums, are int32 */
    int32_t activation_min;
    int32_t activation_max;
} eg_output_s16;

/* For each channel c in channel..end - 1, at most EG_LANES of them, with
 * sum = sums[c - channel] + bias[c]:
 *
 *   output[c] = clamp(eg_multiply_wide(sum, multiplier[c], shift[c]))
 *
 * or, where is_narrow, eg_multiply_by_quantized_multiplier of the sum modulo 2^32: its multiplier
 * has 31 bits, the wide one's 15. */
void eg_write_outputs_s16(const eg_output_s16 *layer, const int64_t sums[EG_LANES],
                          int32_t channel, int32_t end, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_OUTPUT_S16_H */
