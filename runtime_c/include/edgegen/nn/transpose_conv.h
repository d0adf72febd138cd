/* TRANSPOSE_CONV, the way back of a 2-D convolution:
 *
 *   output[b][y][x][o] = activation(sum over row, column, c of
 *       input[b][row][column][c] * weights[o][y + pad_top - row * stride][...][c] + bias[o])
 *
 * over the rows and columns for which that is a tap of the kernel. Input, weights, bias and output
 * must not overlap.
 */
#ifndef EDGEGEN_NN_TRANSPOSE_CONV_H
#define EDGEGEN_NN_TRANSPOSE_CONV_H

#include <stdint.h>

#include "edgegen/nn/output_s8.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_transpose_conv_shape {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_depth;
    int32_t output_height;
    int32_t output_width;
    int32_t output_depth;
    int32_t filter_height;
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t pad_top;
    int32_t pad_left;
} eg_transpose_conv_shape;

/* Input positions first..end - 1 of one dimension have taps on one output position. */
typedef struct eg_taps {
    int32_t first;
    int32_t end;
} eg_taps;

/* Those of `position`, which counts from the padding's beginning. */
static inline eg_taps eg_taps_on(int32_t position, int32_t filter, int32_t stride, int32_t extent)
{
    const int32_t last = position / stride;
    const int32_t before = position - filter;
    const eg_taps taps = {before < 0 ? 0 : before / stride + 1, last < extent ? last + 1 : extent};

    return taps;
}

typedef struct eg_transpose_conv_s8 {
    eg_transpose_conv_shape shape;
    const int8_t *weights; /* [output_depth][filter_height][filter_width][input_depth] */
    int32_t input_offset;  /* minus its zero point */
    eg_output_s8 output;
} eg_transpose_conv_s8;

void eg_run_transpose_conv_s8(const eg_transpose_conv_s8 *layer, const int8_t *input,
                              int8_t *output);

typedef struct eg_transpose_conv_f32 {
    eg_transpose_conv_shape shape;
    const float *weights; /* [output_depth][filter_height][filter_width][input_depth] */
    const float *bias;    /* [output_depth], or NULL for none */
    float activation_min; /* -FLT_MAX for none */
    float activation_max;
} eg_transpose_conv_f32;

void eg_run_transpose_conv_f32(const eg_transpose_conv_f32 *layer, const float *input,
                               float *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_TRANSPOSE_CONV_H */
