/* Fully connected layers as fully_connected.h says, with int16 activations of zero point 0, int8
 * weights and int64 sums.
 *
 * Input, weights, bias and output must not overlap.
 */
#ifndef EDGEGEN_NN_FULLY_CONNECTED_S16_H
#define EDGEGEN_NN_FULLY_CONNECTED_S16_H

#include <stdint.h>

#include "edgegen/nn/output_s16.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_fully_connected_s16 {
    int32_t batches;
    int32_t input_depth;
    int32_t output_depth;
    const int8_t *weights; /* [output_depth][input_depth] */
    eg_output_s16 output;
} eg_fully_connected_s16;

void eg_run_fully_connected_s16(const eg_fully_connected_s16 *layer, const int16_t *input,
                                int16_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_FULLY_CONNECTED_S16_H */
