/* int8 depthwise 2-D convolutions for cores that multiply one pair of numbers at a time; what they
 * compute is in nn/depthwise_conv_2d.h.
 *
 * Outputs are written in the order of memory, four channels at a time, once their inputs have been
 * read: the output may lie over what is no longer needed of the input.
 */
#ifndef EDGEGEN_NN_SCALAR_DEPTHWISE_CONV_2D_H
#define EDGEGEN_NN_SCALAR_DEPTHWISE_CONV_2D_H

#include <stdint.h>

#include "edgegen/nn/window_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One filter per channel, at least 4 channels. */
typedef struct eg_depthwise_conv_2d_s8_scalar {
    eg_window_2d window;
    const int8_t *weights;   /* [filter_height][filter_width][channels] */
    const int32_t *channels; /* [channels][EG_CHANNEL_WORDS or EG_FITTED_WORDS] */
    int32_t input_zero_point;
    int32_t is_fitted; /* which way its outputs are requantised: see requantize.h */
} eg_depthwise_conv_2d_s8_scalar;

void eg_run_depthwise_conv_2d_s8_scalar(const eg_depthwise_conv_2d_s8_scalar *layer,
                                        const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SCALAR_DEPTHWISE_CONV_2D_H */
