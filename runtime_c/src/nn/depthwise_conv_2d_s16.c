#include "edgegen/nn/depthwise_conv_2d_s16.h"

#include "edgegen/nn/dot_product_s16.h"

/* Adds the taps in filter rows i..end - 1 of one output channel to *sum. */
static void add_channel(const eg_window_2d *window, const eg_patch *patch, int32_t i, int32_t end,
                        const int16_t *input, const int8_t *weights, int32_t *sum)
{
    const int32_t tap_step = window->dilation_width * window->input_depth;
    const int32_t row_step = window->dilation_height * window->input_width * window->input_depth;
    const int32_t depth = window->output_depth;
    int32_t total = *sum;

    for (; i < end; ++i) {
        const int16_t *x = input + i * row_step;
        const int8_t *w = weights + i * window->filter_width * depth;

        for (int32_t j = 0; j < patch->columns; ++j) {
            total += x[j * tap_step] * w[j * depth];
        }
    }
    *sum = total;
}

/* Likewise EG_LANES neighbouring channels, with one filter per input channel: they share the
 * addresses and the loops. */
static void add_lanes(const eg_window_2d *window, const eg_patch *patch, int32_t i, int32_t end,
                      const int16_t *input, const int8_t *weights, int32_t sums[EG_LANES])
{
    const int32_t tap_step = window->dilation_width * window->input_depth;
    const int32_t row_step = window->dilation_height * window->input_width * window->input_depth;
    const int32_t depth = window->output_depth;
    int32_t sum0 = sums[0];
    int32_t sum1 = sums[1];
    int32_t sum2 = sums[2];
    int32_t sum3 = sums[3];

    for (; i < end; ++i) {
        const int16_t *x = input + i * row_step;
        const int8_t *w = weights + i * window->filter_width * depth;

        for (int32_t j = 0; j < patch->columns; ++j) {
            sum0 += x[0] * w[0];
            sum1 += x[1] * w[1];
            sum2 += x[2] * w[2];
            sum3 += x[3] * w[3];
            x += tap_step;
            w += depth;
        }
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

static void convolve(const eg_depthwise_conv_2d_s16 *layer, const eg_patch *patch,
                     const int16_t *input, int16_t *output)
{
    const eg_window_2d *window = &layer->window;
    const int32_t channels = window->output_depth;
    const int32_t multiplier = channels / window->input_depth;
    const int32_t first_tap = patch->first_row * window->filter_width + patch->first_column;
    const int8_t *weights = layer->weights + first_tap * channels;

    for (int32_t o = 0; o < channels; o += EG_LANES) {
        const int32_t last = o + EG_LANES < channels ? o + EG_LANES : channels;
        eg_sums_s16 sums = eg_no_sums_s16(0);

        for (int32_t i = 0; i < patch->rows; i += layer->rows_per_chunk) {
            const int32_t rest = patch->rows - i;
            const int32_t end = i + (rest < layer->rows_per_chunk ? rest : layer->rows_per_chunk);

            if (i > 0) {
                eg_carry_s16(&sums, 0);
            }
            if (multiplier == 1 && last - o == EG_LANES) {
                add_lanes(window, patch, i, end, input + o, weights + o, sums.recent);
            } else {
                for (int32_t c = o; c < last; ++c) {
                    add_channel(window, patch, i, end, input + c / multiplier, weights + c,
                                &sums.recent[c - o]);
                }
            }
        }
        eg_write_outputs_s16(&layer->output, sums.carried, sums.recent, o, last, output);
    }
}

void eg_run_depthwise_conv_2d_s16(const eg_depthwise_conv_2d_s16 *layer, const int16_t *input,
                                  int16_t *output)
{
    eg_patch patch = EG_PATCH_START;

    while (eg_next_patch(&layer->window, &patch)) {
        convolve(layer, &patch, input + patch.input, output);
        output += layer->window.output_depth;
    }
}
