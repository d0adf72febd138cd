/* Depthwise 2-D convolutions: every input channel c has filters of its own, `multiplier` of them,
 *
 *   output[b][y][x][o] = activation(sum over i, j of input[b][row][column][c] * weights[i][j][o]
 *                                   + bias[o])           with o = c * multiplier + 0, 1, ...
 *
 * with rows and columns as window_2d.h says and multiplier = output_depth / input_depth. Taps
 * outside the image count as real 0.
 *
 * Weights and bias must not overlap the output. Outputs are written one after the other, each as
 * soon as its own inputs were read: the output may lie over inputs that no later one takes.
 */
#ifndef EDGEGEN_NN_DEPTHWISE_CONV_2D_H
#define EDGEGEN_NN_DEPTHWISE_CONV_2D_H

#include <stdint.h>

#include "edgegen/nn/output_s8.h"
#include "edgegen/nn/window_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/* int8 activations and weights, int32 sums; weights have zero point 0. */
typedef struct eg_depthwise_conv_2d_s8 {
    eg_window_2d window;
    const int8_t *weights; /* [filter_height][filter_width][output_depth] */
    int32_t input_offset;  /* minus the input's zero point */
    eg_output_s8 output;
} eg_depthwise_conv_2d_s8;

void eg_run_depthwise_conv_2d_s8(const eg_depthwise_conv_2d_s8 *layer, const int8_t *input,
                                 int8_t *output);

typedef struct eg_depthwise_conv_2d_f32 {
    eg_window_2d window;
    const float *weights; /* [filter_height][filter_width][output_depth] */
    const float *bias;    /* [output_depth], or NULL for none */
    float activation_min; /* -FLT_MAX for none */
    float activation_max;
} eg_depthwise_conv_2d_f32;

void eg_run_depthwise_conv_2d_f32(const eg_depthwise_conv_2d_f32 *layer, const float *input,
                                  float *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_DEPTHWISE_CONV_2D_H */
