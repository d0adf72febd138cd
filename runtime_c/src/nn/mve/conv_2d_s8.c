#include "edgegen/isa_mve.h"
#include "edgegen/nn/mve/conv_2d.h"

/* Copies the columns first..first + filter_width - 1 of every row that the filter meets; outside
 * the image there are zero points. */
static void copy_lines(const eg_conv_2d_s8_mve *layer, const int8_t *input, int32_t first,
                       int32_t lines, int8_t *line)
{
    const eg_window_2d *window = &layer->window;
    const int32_t depth = window->input_depth;
    const int32_t line_bytes = window->filter_width * depth;
    const int32_t end = first + window->filter_width;
    const int32_t start = first > 0 ? first : 0;
    const int32_t stop = end < window->input_width ? end : window->input_width;
    const int32_t bytes = (stop - start) * depth;
    const int32_t below = lines - window->pad_top;
    const int32_t rows = below < window->input_height ? below : window->input_height;

    if (window->pad_top > 0 || below > rows || bytes != line_bytes) {
        eg_fill(line, layer->input_zero_point, lines * line_bytes);
    }
    if (bytes > 0 && rows > 0) {
        eg_copy_lines(line + window->pad_top * line_bytes + (start - first) * depth, line_bytes,
                      input + start * depth, window->input_width * depth, bytes, rows);
    }
}

void eg_run_conv_2d_s8_mve(const eg_conv_2d_s8_mve *layer, const int8_t *input, int8_t *output,
                           void *scratch)
{
    const eg_window_2d *window = &layer->window;
    const int32_t lines =
        (window->output_height - 1) * window->stride_height + window->filter_height;
    const int32_t input_bytes = window->input_height * window->input_width * window->input_depth;
    const int32_t output_bytes =
        window->output_height * window->output_width * window->output_depth;

    for (int32_t batch = 0; batch < window->batches; ++batch) {
        for (int32_t x = 0; x < window->output_width; ++x) {
            copy_lines(layer, input, x * window->stride_width - window->pad_left, lines, scratch);
            layer->multiply(&layer->matrix, &layer->positions, scratch,
                            output + x * window->output_depth);
        }
        input += input_bytes;
        output += output_bytes;
    }
}
