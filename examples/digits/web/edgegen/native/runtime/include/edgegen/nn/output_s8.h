/* From int32 sums to int8 outputs: the last step of convolutions and fully connected layers. */
#ifndef EDGEGEN_NN_OUTPUT_S8_H
#define EDGEGEN_NN_OUTPUT_S8_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How many channels the kernels work on at once: they share each load of an input. */
enum { EG_LANES = 4 };

typedef struct eg_output_s8 {
    const int32_t *bias;       /* [channels] */
    const int32_t *multiplier; /* [channels], or [1] when multiplier_step is 0 */
    const int8_t *shift;       /* likewise; see eg_multiply_by_quantized_multiplier */
    int32_t multiplier_step;   /* 1 per channel, 0 one for all */
    int32_t zero_point;
    int32_t activation_min;
    int32_t activation_max;
} eg_output_s8;

/* For each channel c in channel..end - 1, at most EG_LANES of them:
 *
 *   output[c] = clamp((sum + bias[c]) * multiplier[c] * 2^(shift[c] - 31) + zero_point)
 *
 * with sum = sums[c - channel], modulo 2^32. */
void eg_write_outputs_s8(const eg_output_s8 *layer, const uint32_t sums[EG_LANES], int32_t channel,
                         int32_t end, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_OUTPUT_S8_H */
