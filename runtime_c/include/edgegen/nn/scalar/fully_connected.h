/* int8 fully connected layers for cores that multiply one pair of numbers at a time; what they
 * compute is in nn/fully_connected.h.
 *
 * Input and output must not overlap.
 */
#ifndef EDGEGEN_NN_SCALAR_FULLY_CONNECTED_H
#define EDGEGEN_NN_SCALAR_FULLY_CONNECTED_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One scale for all outputs; for the last three members see requantize.h. */
typedef struct eg_fully_connected_s8_scalar {
    int32_t batches;
    int32_t input_depth;
    int32_t output_depth;
    const int8_t *weights;       /* [output_depth][input_depth] */
    const int32_t *doubled_bias; /* [output_depth], the input's zero point folded in */
    int32_t multiplier;
    int32_t constant;
    int32_t shift;
} eg_fully_connected_s8_scalar;

void eg_run_fully_connected_s8_scalar(const eg_fully_connected_s8_scalar *layer,
                                      const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SCALAR_FULLY_CONNECTED_H */
