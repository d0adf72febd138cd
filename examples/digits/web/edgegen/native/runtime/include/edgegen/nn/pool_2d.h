/* 2-D pools: one number per channel from the taps of a window that lie inside the image,
 *
 *   output[b][y][x][c] = activation(mean or maximum over i, j of input[b][row][column][c])
 *
 * with rows and columns as window_2d.h says; dilations are 1 and output_depth is input_depth. At
 * least one tap of every pixel is inside the image.
 *
 * Outputs are written one after the other, each as soon as its own inputs were read: the output may
 * lie over inputs that no later one takes.
 */
#ifndef EDGEGEN_NN_POOL_2D_H
#define EDGEGEN_NN_POOL_2D_H

#include <stdint.h>

#include "edgegen/nn/window_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Input and output share scale and zero point, so the integers are pooled as they are. */
typedef struct eg_pool_2d_s8 {
    eg_window_2d window;
    int32_t activation_min;
    int32_t activation_max;
} eg_pool_2d_s8;

/* The mean is rounded to nearest, ties away from zero. */
void eg_run_average_pool_2d_s8(const eg_pool_2d_s8 *layer, const int8_t *input, int8_t *output);

void eg_run_max_pool_2d_s8(const eg_pool_2d_s8 *layer, const int8_t *input, int8_t *output);

typedef struct eg_pool_2d_f32 {
    eg_window_2d window;
    float activation_min; /* -FLT_MAX for none */
    float activation_max;
} eg_pool_2d_f32;

/* Sums in the order of memory, then divides by the number of taps. */
void eg_run_average_pool_2d_f32(const eg_pool_2d_f32 *layer, const float *input, float *output);

/* A NaN is never the maximum. */
void eg_run_max_pool_2d_f32(const eg_pool_2d_f32 *layer, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_POOL_2D_H */
