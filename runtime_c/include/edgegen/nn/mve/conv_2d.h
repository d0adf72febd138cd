/* int8 2-D convolutions with Helium; what they compute is in nn/conv_2d.h.
 *
 * Scratch overlaps nothing.
 */
#ifndef EDGEGEN_NN_MVE_CONV_2D_H
#define EDGEGEN_NN_MVE_CONV_2D_H

#include <stdint.h>

#include "edgegen/nn/mve/matmul.h"
#include "edgegen/nn/window_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 1x1 filters that move in steps of 1. */
typedef struct eg_pointwise_s8_mve {
    eg_multiply_mve *multiply;
    eg_positions_mve positions;
    eg_matmul_mve matrix;
} eg_pointwise_s8_mve;

/* Two positions at a time, in order; of those the inputs are still read while all but the last
 * output is written. The output may lie over inputs that were read. */
void eg_run_pointwise_s8_mve(const eg_pointwise_s8_mve *layer, const int8_t *input, int8_t *output);

/* Any filter without dilation. */
typedef struct eg_conv_2d_s8_mve {
    eg_window_2d window;
    int32_t input_zero_point;
    eg_multiply_mve *multiply;
    eg_positions_mve positions; /* of a column, or those that are computed together */
    eg_matmul_mve matrix;
} eg_conv_2d_s8_mve;

/* The output's columns are computed one after another. For a column, what the rows of the filter
 * may cover in every row of the input is copied to scratch, line below line, so that the inputs of
 * each position follow one another.
 *
 * scratch: filter_width * input_depth bytes for each of the (output_height - 1) * stride_height
 * + filter_height lines. */
void eg_run_conv_2d_s8_mve(const eg_conv_2d_s8_mve *layer, const int8_t *input, int8_t *output,
                           void *scratch);

/* The same with less memory and some more instructions: in order, so that the output may lie over
 * inputs that no later position takes. So many positions at a time are copied to scratch, then
 * computed.
 *
 * scratch: matrix.inputs bytes for each of positions.count. */
void eg_run_conv_2d_in_order_s8_mve(const eg_conv_2d_s8_mve *layer, const int8_t *input,
                                    int8_t *output, void *scratch);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_MVE_CONV_2D_H */
