#include "edgegen/nn/depthwise_conv_2d.h"

#include <stddef.h>

#include "edgegen/nn/activation_f32.h"

static float sum_channel(const eg_window_2d *window, const eg_patch *patch, const float *input,
                         const float *weights)
{
    const int32_t tap_step = window->dilation_width * window->input_depth;
    const int32_t row_step = window->dilation_height * window->input_width * window->input_depth;
    float sum = 0.0f;

    for (int32_t i = 0; i < patch->rows; ++i) {
        const float *x = input + i * row_step;
        const float *w = weights + i * window->filter_width * window->output_depth;

        for (int32_t j = 0; j < patch->columns; ++j) {
            sum += x[j * tap_step] * w[j * window->output_depth];
        }
    }
    return sum;
}

static void convolve(const eg_depthwise_conv_2d_f32 *layer, const eg_patch *patch,
                     const float *input, float *output)
{
    const eg_window_2d *window = &layer->window;
    const int32_t multiplier = window->output_depth / window->input_depth;
    const int32_t first_tap = patch->first_row * window->filter_width + patch->first_column;
    const float *weights = layer->weights + first_tap * window->output_depth;

    for (int32_t o = 0; o < window->output_depth; ++o) {
        float sum = sum_channel(window, patch, input + o / multiplier, weights + o);

        if (layer->bias != NULL) {
            sum += layer->bias[o];
        }
        output[o] = eg_clamp_f32(sum, layer->activation_min, layer->activation_max);
    }
}

void eg_run_depthwise_conv_2d_f32(const eg_depthwise_conv_2d_f32 *layer, const float *input,
                                  float *output)
{
    eg_patch patch = EG_PATCH_START;

    while (eg_next_patch(&layer->window, &patch)) {
        convolve(layer, &patch, input + patch.input, output);
        output += layer->window.output_depth;
    }
}
