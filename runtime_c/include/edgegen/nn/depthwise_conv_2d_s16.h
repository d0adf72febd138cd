/* Depthwise 2-D convolutions as depthwise_conv_2d.h says, with int16 activations of zero point 0,
 * int8 weights and int64 sums.
 *
 * Input, weights, bias and output must not overlap.
 */
#ifndef EDGEGEN_NN_DEPTHWISE_CONV_2D_S16_H
#define EDGEGEN_NN_DEPTHWISE_CONV_2D_S16_H

#include <stdint.h>

#include "edgegen/nn/output_s16.h"
#include "edgegen/nn/window_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_depthwise_conv_2d_s16 {
    eg_window_2d window;
    const int8_t *weights;  /* [filter_height][filter_width][output_depth] */
    int32_t rows_per_chunk; /* at least 1, with at most output.products taps in them */
    eg_output_s16 output;
} eg_depthwise_conv_2d_s16;

void eg_run_depthwise_conv_2d_s16(const eg_depthwise_conv_2d_s16 *layer, const int16_t *input,
                                  int16_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_DEPTHWISE_CONV_2D_S16_H */
