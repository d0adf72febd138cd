#include "edgegen/nn/mve/conv_2d.h"

/* Copies the columns first..end - 1 of every row that the filter meets; outside the image there
 * are zero points. */
static void copy_lines(const eg_conv_2d_s8_mve *layer, const int8_t *input, int32_t first,
                       int32_t lines, int8_t *line)
{
    const eg_window_2d *window = &layer->window;
    const int32_t depth = window->input_depth;
    const int32_t width = window->input_width;
    const int32_t line_bytes = window->filter_width * depth;
    const int32_t end = first + window->filter_width;
    const int32_t start = first > 0 ? first : 0;
    const int32_t stop = end < width ? end : width;
    const int32_t bytes = start < stop ? (stop - start) * depth : 0;
    const int8_t *from = input + start * depth;

    if (window->pad_top > 0 || lines - window->pad_top > window->input_height ||
        bytes != line_bytes) {
        eg_fill(line, layer->input_zero_point, lines * line_bytes);
    }
    line += (start - first) * depth;
    for (int32_t row = -window->pad_top; row < lines - window->pad_top; ++row) {
        if (row >= 0 && row < window->input_height) {
            eg_copy(line, from, bytes);
            from += width * depth;
        }
        line += line_bytes;
    }
}

static void run_column(const eg_conv_2d_s8_mve *layer, const int8_t *line, int8_t *output)
{
    const eg_window_2d *window = &layer->window;
    const int32_t pitch = window->output_width * window->output_depth;
    const int32_t step = window->stride_height * window->filter_width * window->input_depth;

    for (int32_t left = window->output_height; left > 0; left -= 2) {
        /* The last row of an odd number is computed twice. */
        const int32_t next = left > 1 ? 1 : 0;

        eg_multiply_pair_mve(&layer->matrix, line, line + next * step, output,
                             output + next * pitch);
        line += 2 * step;
        output += 2 * pitch;
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
            run_column(layer, scratch, output + x * window->output_depth);
        }
        input += input_bytes;
        output += output_bytes;
    }
}
