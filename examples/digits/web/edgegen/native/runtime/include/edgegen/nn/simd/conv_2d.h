/* int8 2-D convolutions and fully connected layers with vectors; what they compute is in
 * nn/conv_2d.h. A fully connected layer is a convolution of an image of one row, which has a pixel
 * for each of its inputs' rows, by a filter of 1x1.
 *
 * The image is prepared in scratch, with zero points around it. Then every block of channels is
 * computed at all positions; a block has two vectors of channels, or one. What is left over of the
 * channels is computed by a block that begins so much earlier that it ends with the last channel,
 * if there are so many:
 *
 *   for (c = 0; c < channels; c += block) {
 *       block = channels - c > lanes && channels >= 2 * lanes ? 2 * lanes : lanes;
 *       first = min(c, max(channels - block, 0))
 *   }
 *
 * The weights of a block: [row of the filter][column, where they are dilated][group][channel of the
 * block][input of the group]. What a row needs of the image lies together, and is filled up to
 * whole groups with weights of 0.
 */
#ifndef EDGEGEN_NN_SIMD_CONV_2D_H
#define EDGEGEN_NN_SIMD_CONV_2D_H

#include <stdint.h>

#include "edgegen/nn/simd/isa/names.h"
#include "edgegen/nn/simd/layers.h"
#include "edgegen/nn/window_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_conv_2d_s8_simd {
    eg_window_2d window;
    int32_t input_zero_point;
    int32_t groups; /* of inputs, in each row of the filter, or in each of its pixels if dilated */
    const int8_t *weights;
    eg_output_simd output;
} eg_conv_2d_s8_simd;

/* scratch: with
 *
 *   rows = (output_height - 1) * stride_height + (filter_height - 1) * dilation_height + 1
 *   columns = (output_width - 1) * stride_width + (filter_width - 1) * dilation_width + 1
 *
 * rows * columns * input_depth prepared inputs, and three more. The output may lie over the input
 * if there is one batch; scratch overlaps nothing. */
#define EG_CONV_2D_S8(NAME)                                                                        \
    void eg_run_conv_2d_s8_##NAME(const eg_conv_2d_s8_simd *layer, const int8_t *input,            \
                                  int8_t *output, void *scratch)
EG_SIMD_FUNCTIONS(EG_CONV_2D_S8);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_CONV_2D_H */
