/* 2-D convolutions:
 *
 *   output[b][y][x][o] = activation(sum over i, j, c of input[b][row][column][c]
 *                                                        * weights[o][i][j][c] + bias[o])
 *
 * with rows and columns as window_2d.h says. Taps outside the image count as real 0. A kernel of
 * 1x1 that moves in steps of 1 is a fully connected layer at every pixel: see fully_connected.h.
 *
 * Weights and bias must not overlap the output. Outputs are written one after the other, each as
 * soon as its own inputs were read: the output may lie over inputs that no later one takes.
 */
#ifndef EDGEGEN_NN_CONV_2D_H
#define EDGEGEN_NN_CONV_2D_H

#include <stdint.h>

#include "edgegen/nn/output_s8.h"
#include "edgegen/nn/window_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/* int8 activations and weights, int32 sums; weights have zero point 0.
 *
 * As in fully_connected.h the input's zero point is folded into the bias:
 * bias[o] = model bias[o] - input_zero_point * sum(weights[o]). A tap outside the image must then
 * contribute input_zero_point times its weight, which the kernel adds for pixels at the border. */
typedef struct eg_conv_2d_s8 {
    eg_window_2d window;
    const int8_t *weights; /* [output_depth][filter_height][filter_width][input_depth] */
    int32_t input_zero_point;
    eg_output_s8 output; /* the bias with the input's zero point folded in */
} eg_conv_2d_s8;

void eg_run_conv_2d_s8(const eg_conv_2d_s8 *layer, const int8_t *input, int8_t *output);

typedef struct eg_conv_2d_f32 {
    eg_window_2d window;
    const float *weights; /* [output_depth][filter_height][filter_width][input_depth] */
    const float *bias;    /* [output_depth], or NULL for none */
    float activation_min; /* -FLT_MAX for none */
    float activation_max;
} eg_conv_2d_f32;

void eg_run_conv_2d_f32(const eg_conv_2d_f32 *layer, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_CONV_2D_H */
