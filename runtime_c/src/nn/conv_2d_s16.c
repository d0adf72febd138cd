#include "edgegen/nn/conv_2d_s16.h"

#include "edgegen/nn/dot_product.h"
#include "edgegen/nn/dot_product_s16.h"

/* Adds input times weight over the taps inside the image; a row of taps that touch each other in
 * memory is one long dot product. */
static void add_inside(const eg_conv_2d_s16 *layer, const eg_patch *patch, const int16_t *input,
                       const int32_t offsets[EG_LANES], eg_sums_s16 *sums)
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
            eg_add_products_s16(input + i * row_step + j * tap_step,
                                layer->weights + (first_tap + j) * depth, offsets, length,
                                layer->output.products, sums);
        }
    }
}

static void convolve(const eg_conv_2d_s16 *layer, const eg_patch *patch, const int16_t *input,
                     int16_t *output)
{
    const eg_window_2d *window = &layer->window;
    const int32_t channels = window->output_depth;
    const int32_t filter_size = window->filter_height * window->filter_width * window->input_depth;

    for (int32_t o = 0; o < channels; o += EG_LANES) {
        const int32_t end = o + EG_LANES < channels ? o + EG_LANES : channels;
        eg_sums_s16 sums = eg_no_sums_s16(layer->output.products);
        int32_t offsets[EG_LANES];

        eg_lane_offsets(o, channels, filter_size, offsets);
        add_inside(layer, patch, input, offsets, &sums);
        eg_write_outputs_s16(&layer->output, sums.carried, sums.recent, o, end, output);
    }
}

void eg_run_conv_2d_s16(const eg_conv_2d_s16 *layer, const int16_t *input, int16_t *output)
{
    eg_patch patch = EG_PATCH_START;

    while (eg_next_patch(&layer->window, &patch)) {
        convolve(layer, &patch, input + patch.input, output);
        output += layer->window.output_depth;
    }
}
