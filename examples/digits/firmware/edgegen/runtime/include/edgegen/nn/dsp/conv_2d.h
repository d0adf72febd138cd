/* int8 2-D convolutions with the DSP instructions; what they compute is in nn/conv_2d.h.
 *
 * Scratch is aligned to 4 bytes and overlaps nothing.
 */
#ifndef EDGEGEN_NN_DSP_CONV_2D_H
#define EDGEGEN_NN_DSP_CONV_2D_H

#include <stdint.h>

#include "edgegen/nn/dsp/matmul.h"
#include "edgegen/nn/window_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 1x1 filters that move in steps of 1. Inputs and outputs of a position come in multiples of 4. */
typedef struct eg_pointwise_s8_dsp {
    int32_t positions; /* at least 1 */
    eg_matmul_dsp matrix;
} eg_pointwise_s8_dsp;

/* scratch: 16 bytes for each group of inputs. Two positions at a time are read, then written, in
 * order: the output may lie over inputs that were read. */
void eg_run_pointwise_s8_dsp(const eg_pointwise_s8_dsp *layer, const int8_t *input, int8_t *output,
                             void *scratch);

/* Any filter without dilation. The matrix has the inputs of a filter's rows one after the other,
 * each row filled up with weights of 0 to whole groups. */
typedef struct eg_conv_2d_s8_dsp {
    eg_window_2d window;
    int32_t input_zero_point;
    int32_t line_groups; /* of one row of the filter: filter_width * input_depth / 4, rounded up */
    eg_matmul_dsp matrix;
} eg_conv_2d_s8_dsp;

/* Input and output must not overlap. The output's rows y and y + half are computed together, half
 * being half their number rounded up, one column after another. For a column every line of input
 * that a row of the filter may fall on is widened once.
 *
 * scratch: 16 * line_groups bytes for each of (half - 1) * stride_height + filter_height lines,
 * 12 * line_groups bytes for padded lines and 8 * matrix.blocks bytes for outputs. */
void eg_run_conv_2d_s8_dsp(const eg_conv_2d_s8_dsp *layer, const int8_t *input, int8_t *output,
                           void *scratch);

/* The same with less memory and some more instructions: two positions at a time are read, then
 * written, in order, so that the output may lie over inputs that no later position takes.
 *
 * scratch: 16 * line_groups bytes for each row of the filter, and behind them 8 * line_groups
 * bytes, or where output_depth is no multiple of 4 at least 8 * matrix.blocks bytes. */
void eg_run_conv_2d_in_order_s8_dsp(const eg_conv_2d_s8_dsp *layer, const int8_t *input,
                                    int8_t *output, void *scratch);

/* The same with the filter's rows not filled up to whole groups, which wastes much of what images
 * with few channels have. For every two rows of the filter, the matrix has the whole groups of the
 * one and those of the other, and then pairs of what is left of both, a byte of the one beside its
 * like in the other. Pairs are the inputs (0, 2) or (1, 3) of a group. A missing last row, and
 * pair, has weights of 0. */
typedef struct eg_conv_2d_by_rows_s8_dsp {
    eg_window_2d window;
    int32_t input_zero_point;
    int32_t line_bytes; /* a multiple of 4: of padding before the image, rounded up to whole words,
                           and then as far as the filter gets */
    eg_matmul_dsp matrix;
} eg_conv_2d_by_rows_s8_dsp;

/* Row by row, neighbours together; the lines that a row of outputs needs are copied, with padding,
 * before it is written. For every position what the filter covers is widened.
 *
 * scratch: 16 bytes for each group of inputs, line_bytes for each row of the filter and
 * 8 * matrix.blocks bytes for outputs. */
void eg_run_conv_2d_by_rows_s8_dsp(const eg_conv_2d_by_rows_s8_dsp *layer, const int8_t *input,
                                   int8_t *output, void *scratch);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_DSP_CONV_2D_H */
