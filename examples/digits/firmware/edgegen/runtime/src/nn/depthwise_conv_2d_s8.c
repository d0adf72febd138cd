#include "edgegen/nn/depthwise_conv_2d.h"

/* Adds the taps of one output channel to *sum. */
static void add_channel(const eg_depthwise_conv_2d_s8 *layer, const eg_patch *patch,
                        const int8_t *input, const int8_t *weights, uint32_t *sum)
{
    const eg_window_2d *window = &layer->window;
    const int32_t tap_step = window->dilation_width * window->input_depth;
    const int32_t row_step = window->dilation_height * window->input_width * window->input_depth;
    const int32_t depth = window->output_depth;
    const int32_t offset = layer->input_offset;
    uint32_t total = *sum;

    for (int32_t i = 0; i < patch->rows; ++i) {
        const int8_t *x = input + i * row_step;
        const int8_t *w = weights + i * window->filter_width * depth;

        for (int32_t j = 0; j < patch->columns; ++j) {
            total += (uint32_t)((x[j * tap_step] + offset) * w[j * depth]);
        }
    }
    *sum = total;
}

/* Adds the taps of EG_LANES neighbouring channels, with one filter per input channel: they share
 * the addresses and the loops. */
static void add_lanes(const eg_depthwise_conv_2d_s8 *layer, const eg_patch *patch,
                      const int8_t *input, const int8_t *weights, uint32_t sums[EG_LANES])
{
    const eg_window_2d *window = &layer->window;
    const int32_t tap_step = window->dilation_width * window->input_depth;
    const int32_t row_step = window->dilation_height * window->input_width * window->input_depth;
    const int32_t depth = window->output_depth;
    const int32_t offset = layer->input_offset;
    uint32_t sum0 = sums[0];
    uint32_t sum1 = sums[1];
    uint32_t sum2 = sums[2];
    uint32_t sum3 = sums[3];

    for (int32_t i = 0; i < patch->rows; ++i) {
        for (int32_t j = 0; j < patch->columns; ++j) {
            const int8_t *x = input + i * row_step + j * tap_step;
            const int8_t *w = weights + (i * window->filter_width + j) * depth;

            sum0 += (uint32_t)((x[0] + offset) * w[0]);
            sum1 += (uint32_t)((x[1] + offset) * w[1]);
            sum2 += (uint32_t)((x[2] + offset) * w[2]);
            sum3 += (uint32_t)((x[3] + offset) * w[3]);
        }
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

static void convolve(const eg_depthwise_conv_2d_s8 *layer, const eg_patch *patch,
                     const int8_t *input, int8_t *output)
{
    const eg_window_2d *window = &layer->window;
    const int32_t channels = window->output_depth;
    const int32_t multiplier = channels / window->input_depth;
    const int32_t first_tap = patch->first_row * window->filter_width + patch->first_column;
    const int8_t *weights = layer->weights + first_tap * channels;

    for (int32_t o = 0; o < channels; o += EG_LANES) {
        const int32_t end = o + EG_LANES < channels ? o + EG_LANES : channels;
        uint32_t sums[EG_LANES] = {0};

        if (multiplier == 1 && end - o == EG_LANES) {
            add_lanes(layer, patch, input + o, weights + o, sums);
        } else {
            for (int32_t c = o; c < end; ++c) {
                add_channel(layer, patch, input + c / multiplier, weights + c, &sums[c - o]);
            }
        }
        eg_write_outputs_s8(&layer->output, sums, o, end, output);
    }
}

void eg_run_depthwise_conv_2d_s8(const eg_depthwise_conv_2d_s8 *layer, const int8_t *input,
                                 int8_t *output)
{
    eg_patch patch = EG_PATCH_START;

    while (eg_next_patch(&layer->window, &patch)) {
        convolve(layer, &patch, input + patch.input, output);
        output += layer->window.output_depth;
    }
}
