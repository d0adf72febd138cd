/* int8 2-D convolutions for cores that multiply one pair of numbers at a time; what they compute
 * is in nn/conv_2d.h.
 *
 * Outputs are written in the order of memory, two positions at a time, once both their inputs have
 * been read: the output may lie over what is no longer needed of the input. Scratch lies apart.
 * Scratch is aligned to 4 bytes.
 */
#ifndef EDGEGEN_NN_SCALAR_CONV_2D_H
#define EDGEGEN_NN_SCALAR_CONV_2D_H

#include <stdint.h>

#include "edgegen/nn/scalar/matmul.h"
#include "edgegen/nn/window_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 1x1 filters that move in steps of 1. The matrix may have more inputs, with weights of 0. */
typedef struct eg_pointwise_s8_scalar {
    int32_t positions; /* at least 1 */
    int32_t input_depth;
    eg_matrix_scalar matrix;
} eg_pointwise_s8_scalar;

/* scratch: 4 bytes for each of the matrix's inputs. */
void eg_run_pointwise_s8_scalar(const eg_pointwise_s8_scalar *layer, const int8_t *input,
                                int8_t *output, void *scratch);

/* Any filter without dilation. The matrix may have more inputs, with weights of 0. */
typedef struct eg_conv_2d_s8_scalar {
    eg_window_2d window;
    int32_t input_zero_point;
    eg_matrix_scalar matrix;
} eg_conv_2d_s8_scalar;

/* scratch: 4 bytes for each of the matrix's inputs and, for the filter's rows of two positions,
 * 2 * filter_width * input_depth bytes. */
void eg_run_conv_2d_s8_scalar(const eg_conv_2d_s8_scalar *layer, const int8_t *input,
                              int8_t *output, void *scratch);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SCALAR_CONV_2D_H */
