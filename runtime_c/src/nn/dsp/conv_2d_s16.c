#include <string.h>

#include "edgegen/nn/dsp/layers_s16.h"

/* Copies what lies under the filter inside the image; a row of taps that touch each other in memory
 * is copied at once. */
static void gather(const eg_window_2d *window, const eg_patch *patch, const int16_t *input,
                   int16_t *filter)
{
    const int32_t depth = window->input_depth;
    const int32_t row_step = window->dilation_height * window->input_width * depth;
    const int32_t tap_step = window->dilation_width * depth;
    const int32_t taps = tap_step == depth ? 1 : patch->columns;
    const int32_t length = tap_step == depth ? patch->columns * depth : depth;
    int16_t *row = filter + (patch->first_row * window->filter_width + patch->first_column) * depth;

    for (int32_t i = 0; i < patch->rows; ++i) {
        for (int32_t j = 0; j < taps; ++j) {
            memcpy(row + j * depth, input + j * tap_step, (size_t)length * sizeof *input);
        }
        input += row_step;
        row += window->filter_width * depth;
    }
}

void eg_run_conv_2d_s16_dsp(const eg_conv_2d_s16_dsp *layer, const int16_t *input, int16_t *output,
                            void *scratch)
{
    const size_t bytes = (size_t)layer->dot.inputs * sizeof *input;
    eg_patch patch = EG_PATCH_START;

    memset(scratch, 0, bytes);
    while (eg_next_patch(&layer->window, &patch)) {
        if (eg_patch_is_clipped(&layer->window, &patch)) {
            memset(scratch, 0, bytes);
        }
        gather(&layer->window, &patch, input + patch.input, scratch);
        eg_run_dot_s16_dsp(&layer->dot, scratch, output);
        output += layer->dot.channels;
    }
}
