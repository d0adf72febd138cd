/* Fully connected layers: output[b][o] = activation(sum_i input[b][i] * weights[o][i] + bias[o]).
 *
 * Weights and bias must not overlap the output. Outputs are written one after the other, each as
 * soon as its own inputs were read: the output may lie over inputs that no later one takes.
 */
#ifndef EDGEGEN_NN_FULLY_CONNECTED_H
#define EDGEGEN_NN_FULLY_CONNECTED_H

#include <stdint.h>

#include "edgegen/nn/output_s8.h"

#ifdef __cplusplus
extern "C" {
#endif

/* int8 activations and weights, int32 sums; weights have zero point 0.
 *
 * TFLM adds the input's offset (minus its zero point) to every input; edgegen folds it into the
 * bias when it generates the code: bias[o] = model bias[o] - input_zero_point * sum(weights[o]).
 * Modulo 2^32 that is the same sum. */
typedef struct eg_fully_connected_s8 {
    int32_t batches;
    int32_t input_depth;
    int32_t output_depth;
    const int8_t *weights; /* [output_depth][input_depth] */
    eg_output_s8 output;   /* the bias with the input's offset folded in */
} eg_fully_connected_s8;

void eg_run_fully_connected_s8(const eg_fully_connected_s8 *layer, const int8_t *input,
                               int8_t *output);

typedef struct eg_fully_connected_f32 {
    int32_t batches;
    int32_t input_depth;
    int32_t output_depth;
    const float *weights; /* [output_depth][input_depth] */
    const float *bias;    /* [output_depth], or NULL for none */
    float activation_min; /* -FLT_MAX for none */
    float activation_max;
} eg_fully_connected_f32;

void eg_run_fully_connected_f32(const eg_fully_connected_f32 *layer, const float *input,
                                float *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_FULLY_CONNECTED_H */
