/* Float 2-D convolutions and fully connected layers with vectors; what they compute is in
 * nn/conv_2d.h. A fully connected layer is a convolution of an image of one row, which has a pixel
 * for each of its inputs' rows, by a filter of 1x1.
 *
 * A sum takes the filter's rows, its columns, the inputs' channels, then the bias: the order of the
 * portable kernels. What is outside the image counts as 0; weights are finite, so the results are
 * theirs, bit for bit.
 *
 * Every block of channels is computed at all positions; a block has 1, 2, 4 or 8 vectors of
 * channels. What is left over of the channels is computed by a block that begins so much earlier
 * that it ends with the last channel, if there are so many:
 *
 *   for (c = 0; c < channels; c += block) {
 *       block = vectors * lanes;
 *       while (block > lanes && (channels < block || channels - c <= block / 2)) block /= 2;
 *       first = min(c, max(channels - block, 0));
 *   }
 *
 * The weights of a block: [row of the filter][column, where they are dilated][input][channel of the
 * block].
 */
#ifndef EDGEGEN_NN_SIMD_CONV_2D_F32_H
#define EDGEGEN_NN_SIMD_CONV_2D_F32_H

#include <stdint.h>

#include "edgegen/nn/simd/isa/f32_names.h"
#include "edgegen/nn/window_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_conv_2d_f32_simd {
    eg_window_2d window;
    int32_t inputs;  /* that lie together: of a row of the filter, or of a pixel if it is dilated */
    int32_t vectors; /* in the largest blocks: 1 or 2, and 4 or 8 where output_width is 1 */
    const float *weights;
    const float *bias;    /* of every channel, and at least a vector of them */
    float activation_min; /* -FLT_MAX for none */
    float activation_max;
} eg_conv_2d_f32_simd;

/* For windows that never leave the image. Input and output must not overlap. */
#define EG_CONV_2D_F32(NAME)                                                                       \
    void eg_run_conv_2d_f32_##NAME(const eg_conv_2d_f32_simd *layer, const float *input,           \
                                   float *output)
EG_SIMD_F32_FUNCTIONS(EG_CONV_2D_F32);

/* For all others. scratch: with
 *
 *   rows = (output_height - 1) * stride_height + (filter_height - 1) * dilation_height + 1
 *   columns = (output_width - 1) * stride_width + (filter_width - 1) * dilation_width + 1
 *
 * rows * columns * input_depth floats, the image with zeros around it. The output may lie over the
 * input if there is one batch; scratch overlaps nothing. */
#define EG_CONV_2D_PADDED_F32(NAME)                                                                \
    void eg_run_conv_2d_padded_f32_##NAME(const eg_conv_2d_f32_simd *layer, const float *input,    \
                                          float *output, void *scratch)
EG_SIMD_F32_FUNCTIONS(EG_CONV_2D_PADDED_F32);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_CONV_2D_F32_H */
