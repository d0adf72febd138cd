#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/layers_s16.h"

enum { CHANNELS = 4 };

/* Four channels of one pixel; weights and inputs of the first tap inside the image. */
static void convolve(const eg_window_2d *window, const eg_patch *patch, const int16_t *input,
                     const int32_t *weights, const int32_t *outputs, eg_range_s16 range,
                     int16_t *output)
{
    const int32_t tap_step = window->dilation_width * window->input_depth;
    const int32_t row_step = window->dilation_height * window->input_width * window->input_depth;
    int32_t sum0 = outputs[0];
    int32_t sum1 = outputs[1];
    int32_t sum2 = outputs[2];
    int32_t sum3 = outputs[3];

    for (int32_t i = 0; i < patch->rows; ++i) {
        const int16_t *x = input + i * row_step;
        const int32_t *w = weights + i * window->filter_width;

        for (const int32_t *const end = w + patch->columns; w != end; ++w) {
            const uint32_t x01 = eg_load_word(x);
            const uint32_t x23 = eg_load_word(x + 2);
            const uint32_t w10 = eg_sxtb16((uint32_t)*w);
            const uint32_t w32 = eg_sxtb16_odd((uint32_t)*w);

            sum0 = eg_smlabt(x01, w10, sum0);
            sum1 = eg_smlatb(x01, w10, sum1);
            sum2 = eg_smlabt(x23, w32, sum2);
            sum3 = eg_smlatb(x23, w32, sum3);
            x += tap_step;
        }
    }
    output[0] = eg_output_of_s16(sum0, outputs[4], range);
    output[1] = eg_output_of_s16(sum1, outputs[5], range);
    output[2] = eg_output_of_s16(sum2, outputs[6], range);
    output[3] = eg_output_of_s16(sum3, outputs[7], range);
}

void eg_run_depthwise_conv_2d_s16_dsp(const eg_depthwise_conv_2d_s16_dsp *layer,
                                      const int16_t *input, int16_t *output)
{
    const eg_window_2d *const window = &layer->window;
    const int32_t taps = window->filter_height * window->filter_width;
    eg_patch patch = EG_PATCH_START;

    while (eg_next_patch(window, &patch)) {
        const int32_t first_tap = patch.first_row * window->filter_width + patch.first_column;
        const int16_t *x = input + patch.input;
        const int32_t *w = layer->weights + first_tap;
        const int32_t *outputs = layer->outputs;

        for (int32_t c = 0; c < window->input_depth; c += CHANNELS) {
            convolve(window, &patch, x, w, outputs, layer->range, output);
            x += CHANNELS;
            w += taps;
            outputs += 2 * CHANNELS;
            output += CHANNELS;
        }
    }
}
