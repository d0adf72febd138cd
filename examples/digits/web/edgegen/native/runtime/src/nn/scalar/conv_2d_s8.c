#include <string.h>

#include "edgegen/nn/scalar/conv_2d.h"

/* What row i of the filter covers at one position: inside the image as it lies there, at its
 * border a copy in `line`, filled up with the zero point. */
static const int8_t *line_at(const eg_conv_2d_s8_scalar *layer, const eg_patch *patch,
                             const int8_t *input, int32_t i, int8_t *line)
{
    const eg_window_2d *window = &layer->window;
    const int32_t depth = window->input_depth;
    const int32_t row = i - patch->first_row;
    const int8_t *inside = input + patch->input + row * window->input_width * depth;

    if (patch->columns == window->filter_width && row >= 0 && row < patch->rows) {
        return inside;
    }
    memset(line, layer->input_zero_point, (size_t)(window->filter_width * depth));
    if (row >= 0 && row < patch->rows) {
        memcpy(line + patch->first_column * depth, inside, (size_t)(patch->columns * depth));
    }
    return line;
}

void eg_run_conv_2d_s8_scalar(const eg_conv_2d_s8_scalar *layer, const int8_t *input,
                              int8_t *output, void *scratch)
{
    const eg_window_2d *window = &layer->window;
    const int32_t length = window->filter_width * window->input_depth;
    const int32_t channels = window->output_depth;
    int32_t *const joined = scratch;
    int8_t *const line_a = (int8_t *)(joined + layer->matrix.inputs);
    int8_t *const line_b = line_a + length;
    eg_patch next = EG_PATCH_START;
    bool more = eg_next_patch(window, &next);

    while (more) {
        const eg_patch a = next;
        const bool has_b = eg_next_patch(window, &next);
        const eg_patch b = has_b ? next : a; /* the last of an odd number is computed twice */
        int32_t *words = joined;

        for (int32_t i = 0; i < window->filter_height; ++i) {
            words = eg_join_inputs(line_at(layer, &a, input, i, line_a),
                                   line_at(layer, &b, input, i, line_b), length, words);
        }
        eg_multiply_joined(&layer->matrix, joined, output, has_b ? output + channels : output);
        output += 2 * channels;
        more = has_b && eg_next_patch(window, &next);
    }
}
