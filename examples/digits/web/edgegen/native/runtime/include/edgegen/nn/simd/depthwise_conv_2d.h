/* int8 depthwise convolutions with vectors and one filter per channel; what they compute is in
 * nn/depthwise_conv_2d.h.
 *
 * Rows of the image are prepared in scratch as they are needed, EG_V_GROUP of them side by side:
 * the input's row r, with zero points to its left and right, beside those that the next rows of the
 * filter see. So a lane takes several rows of the filter at once, and a line of scratch serves all
 * outputs that it can.
 *
 * The weights: [line of the filter][column][channel][row of the line]. A line is EG_V_GROUP rows;
 * what is missing of the last one has weights of 0.
 */
#ifndef EDGEGEN_NN_SIMD_DEPTHWISE_CONV_2D_H
#define EDGEGEN_NN_SIMD_DEPTHWISE_CONV_2D_H

#include <stdint.h>

#include "edgegen/nn/simd/isa/names.h"
#include "edgegen/nn/simd/layers.h"
#include "edgegen/nn/window_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { EG_MOST_LINES_SIMD = 8, EG_MOST_ROWS_SIMD = 8 };

typedef struct eg_depthwise_conv_2d_s8_simd {
    eg_window_2d window;
    int32_t input_zero_point;
    int32_t lines; /* of the filter: at most EG_MOST_LINES_SIMD */
    const int8_t *weights;
    eg_output_simd output;
} eg_depthwise_conv_2d_s8_simd;

/* scratch: with
 *
 *   together = max(min(EG_POSITIONS_SIMD / output_width, output_height, EG_MOST_ROWS_SIMD), 1)
 *   kept = (together - 1) * stride_height + (lines - 1) * group * dilation_height + 1
 *   columns = (output_width - 1) * stride_width + (filter_width - 1) * dilation_width + 1
 *
 * `kept` int32, so many lines of columns * input_depth groups of prepared inputs, a vector of
 * groups and input_width * input_depth bytes. The output may lie over rows of the input that no
 * later row of the output takes; scratch overlaps nothing. */
#define EG_DEPTHWISE_CONV_2D_S8(NAME)                                                              \
    void eg_run_depthwise_conv_2d_s8_##NAME(const eg_depthwise_conv_2d_s8_simd *layer,             \
                                            const int8_t *input, int8_t *output, void *scratch)
EG_SIMD_FUNCTIONS(EG_DEPTHWISE_CONV_2D_S8);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_DEPTHWISE_CONV_2D_H */
