#include "edgegen/nn/conv_2d.h"

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

/* The sum of one channel's weights whose taps fall outside the image. */
static uint32_t sum_outside(const eg_window_2d *window, const eg_patch *patch,
                            const int8_t *weights)
{
    const int32_t depth = window->input_depth;
    const int32_t row_length = window->filter_width * depth;
    const int32_t left = patch->first_column * depth;
    const int32_t right = left + patch->columns * depth;
    uint32_t sum = 0;

    for (int32_t i = 0; i < window->filter_height; ++i) {
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
static void add_inside(const eg_conv_2d_s8 *layer, const eg_patch *patch, const int8_t *input,
                       const int32_t offsets[EG_LANES], uint32_t sums[EG_LANES])
{
    const eg_window_2d *window = &layer->window;
    const int32_t depth = window->input_depth;
    const int32_t row_step = window->dilation_height * window->input_width * depth;
    const int32_t tap_step = window->dilation_width * depth;
    const int32_t taps = tap_step == depth ? 1 : patch->columns;
    const int32_t length = tap_step == depth ? patch->columns * depth : depth;

    for (int32_t i = 0; i < patch->rows; ++i) {
        const int32_t first_tap =
            (patch->first_row + i) * window->filter_width + patch->first_column;

        for (int32_t j = 0; j < taps; ++j) {
            eg_dot_products_s8(input + i * row_step + j * tap_step,
                               layer->weights + (first_tap + j) * depth, offsets, length, sums);
        }
    }
}

static void convolve(const eg_conv_2d_s8 *layer, const eg_patch *patch, const int8_t *input,
                     int8_t *output)
{
    const eg_window_2d *window = &layer->window;
    const int32_t channels = window->output_depth;
    const int32_t filter_size = window->filter_height * window->filter_width * window->input_depth;
    const uint32_t padding = (uint32_t)layer->input_zero_point;
    const bool pads = padding != 0 && eg_patch_is_clipped(window, patch);

    for (int32_t o = 0; o < channels; o += EG_LANES) {
        const int32_t end = o + EG_LANES < channels ? o + EG_LANES : channels;
        uint32_t sums[EG_LANES] = {0};
        int32_t offsets[EG_LANES];

        eg_lane_offsets(o, channels, filter_size, offsets);
        add_inside(layer, patch, input, offsets, sums);
        for (int32_t lane = 0; pads && lane < end - o; ++lane) {
            sums[lane] += padding * sum_outside(window, patch, layer->weights + offsets[lane]);
        }
        eg_write_outputs_s8(&layer->output, sums, o, end, output);
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
