#include "edgegen/nn/conv_2d.h"

#include <stddef.h>

#include "edgegen/nn/activation_f32.h"
#include "edgegen/nn/dot_product.h"

static float sum_inside(const eg_conv_2d_f32 *layer, const eg_patch *patch, const float *input,
                        const float *weights)
{
    const eg_window_2d *window = &layer->window;
    const int32_t depth = window->input_depth;
    const int32_t row_step = window->dilation_height * window->input_width * depth;
    const int32_t tap_step = window->dilation_width * depth;
    float sum = 0.0f;

    weights += (patch->first_row * window->filter_width + patch->first_column) * depth;
    for (int32_t i = 0; i < patch->rows; ++i) {
        const float *x = input + i * row_step;
        const float *w = weights + i * window->filter_width * depth;

        for (int32_t j = 0; j < patch->columns; ++j) {
            sum = eg_dot_product_f32(x + j * tap_step, w + j * depth, depth, sum);
        }
    }
    return sum;
}

static void convolve(const eg_conv_2d_f32 *layer, const eg_patch *patch, const float *input,
                     float *output)
{
    const eg_window_2d *window = &layer->window;
    const int32_t filter_size = window->filter_height * window->filter_width * window->input_depth;
    const float *weights = layer->weights;

    for (int32_t o = 0; o < window->output_depth; ++o) {
        float sum = sum_inside(layer, patch, input, weights);

        if (layer->bias != NULL) {
            sum += layer->bias[o];
        }
        output[o] = eg_clamp_f32(sum, layer->activation_min, layer->activation_max);
        weights += filter_size;
    }
}

void eg_run_conv_2d_f32(const eg_conv_2d_f32 *layer, const float *input, float *output)
{
    eg_patch patch = EG_PATCH_START;

    while (eg_next_patch(&layer->window, &patch)) {
        convolve(layer, &patch, input + patch.input, output);
        output += layer->window.output_depth;
    }
}
