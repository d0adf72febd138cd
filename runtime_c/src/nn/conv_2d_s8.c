#include "edgegen/nn/conv_2d.h"

#include "edgegen/fixed_point.h"
#include "edgegen/nn/dot_product.h"

static uint32_t sum_of(const int8_t *weights, int32_t count)
{
    uint32_t sum = 0;

    for (int32_t i = 0; i < count; ++i) {
        const int32_t weight = weights[i];

        sum += (uint32_t)weight;
    }
    return sum;
}

/* The sum of the weights whose taps fall outside the image. */
static uint32_t sum_outside(const eg_conv_2d_s8 *layer, const eg_patch *patch,
                            const int8_t *weights)
{
    const int32_t depth = layer->window.input_depth;
    const int32_t row_length = layer->window.filter_width * depth;
    const int32_t left = patch->first_column * depth;
    const int32_t right = left + patch->columns * depth;
    uint32_t sum = 0;

    for (int32_t i = 0; i < layer->window.filter_height; ++i) {
        if (i >= patch->first_row && i < patch->first_row + patch->rows) {
            sum += sum_of(weights, left) + sum_of(weights + right, row_length - right);
        } else {
            sum += sum_of(weights, row_length);
        }
        weights += row_length;
    }
    return sum;
}

/* Adds input times weight over the taps inside the image; a row of taps that touch each other in
 * memory is one long dot product. */
static uint32_t sum_inside(const eg_conv_2d_s8 *layer, const eg_patch *patch, const int8_t *input,
                           const int8_t *weights, uint32_t sum)
{
    const eg_window_2d *window = &layer->window;
    const int32_t depth = window->input_depth;
    const int32_t row_step = window->dilation_height * window->input_width * depth;
    const int32_t tap_step = window->dilation_width * depth;
    const int32_t taps = tap_step == depth ? 1 : patch->columns;
    const int32_t length = tap_step == depth ? patch->columns * depth : depth;

    weights += (patch->first_row * window->filter_width + patch->first_column) * depth;
    for (int32_t i = 0; i < patch->rows; ++i) {
        const int8_t *x = input + i * row_step;
        const int8_t *w = weights + i * window->filter_width * depth;

        for (int32_t j = 0; j < taps; ++j) {
            sum = eg_dot_product_s8(x + j * tap_step, w + j * depth, length, sum);
        }
    }
    return sum;
}

static void convolve(const eg_conv_2d_s8 *layer, const eg_patch *patch, const int8_t *input,
                     int8_t *output)
{
    const eg_window_2d *window = &layer->window;
    const int32_t filter_size = window->filter_height * window->filter_width * window->input_depth;
    const bool clipped = layer->input_zero_point != 0 && eg_patch_is_clipped(window, patch);
    const int8_t *weights = layer->weights;

    for (int32_t o = 0; o < window->output_depth; ++o) {
        const int32_t p = o * layer->multiplier_step;
        uint32_t sum = sum_inside(layer, patch, input, weights, (uint32_t)layer->bias[o]);

        if (clipped) {
            sum += (uint32_t)layer->input_zero_point * sum_outside(layer, patch, weights);
        }
        output[o] = (int8_t)eg_requantize((int32_t)sum, layer->multiplier[p], layer->shift[p],
                                          layer->output_offset, layer->activation_min,
                                          layer->activation_max);
        weights += filter_size;
    }
}

void eg_run_conv_2d_s8(const eg_conv_2d_s8 *layer, const int8_t *input, int8_t *output)
{
    eg_patch patch = EG_PATCH_START;

    while (eg_next_patch(&layer->window, &patch)) {
        convolve(layer, &patch, input + patch.input, output);
        output += layer->window.output_depth;
    }
}
