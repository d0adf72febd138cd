/* Layers of int16 activations and int8 weights with the DSP instructions.
 *
 * Input and output must not overlap.
 */
#ifndef EDGEGEN_NN_DSP_LAYERS_S16_H
#define EDGEGEN_NN_DSP_LAYERS_S16_H

#include <stdint.h>

#include "edgegen/nn/dsp/dot_s16.h"
#include "edgegen/nn/window_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As eg_run_fully_connected_s16. `scratch` holds dot.inputs int16, if that is more than
 * input_depth, else it is not used. */
typedef struct eg_fully_connected_s16_dsp {
    int32_t batches;
    int32_t input_depth;
    eg_dot_s16_dsp dot;
} eg_fully_connected_s16_dsp;

void eg_run_fully_connected_s16_dsp(const eg_fully_connected_s16_dsp *layer, const int16_t *input,
                                    int16_t *output, void *scratch);

/* As eg_run_conv_2d_s16. `scratch` holds dot.inputs int16: what lies under the filter, one row of
 * it after the other. */
typedef struct eg_conv_2d_s16_dsp {
    eg_window_2d window;
    eg_dot_s16_dsp dot;
} eg_conv_2d_s16_dsp;

void eg_run_conv_2d_s16_dsp(const eg_conv_2d_s16_dsp *layer, const int16_t *input, int16_t *output,
                            void *scratch);

/* As eg_run_depthwise_conv_2d_s16, with one filter per channel and a multiple of 4 channels. Sums,
 * each with its bias, fit into 32 bits. */
typedef struct eg_depthwise_conv_2d_s16_dsp {
    eg_window_2d window;
    const int32_t *weights; /* [channels / 4][height][width]: bytes of channels 1, 3, 0 and 2 */
    const int32_t *outputs; /* [channels / 4][2][4]: biases, multipliers */
    eg_range_s16 range;
} eg_depthwise_conv_2d_s16_dsp;

void eg_run_depthwise_conv_2d_s16_dsp(const eg_depthwise_conv_2d_s16_dsp *layer,
                                      const int16_t *input, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_DSP_LAYERS_S16_H */
