#include "edgegen/isa_mve.h"
#include "edgegen/nn/mve/conv_2d.h"

/* Copies what the filter covers for one output, line below line; outside the image there are zero
 * points. Returns the end. */
static int8_t *copy_patch(const eg_conv_2d_s8_mve *layer, const int8_t *image, int32_t position,
                          int8_t *patch)
{
    const eg_window_2d *window = &layer->window;
    const int32_t depth = window->input_depth;
    const int32_t line_bytes = window->filter_width * depth;
    const int32_t y = position / window->output_width;
    const int32_t x = position - y * window->output_width;
    const int32_t top = y * window->stride_height - window->pad_top;
    const int32_t left = x * window->stride_width - window->pad_left;
    const int32_t bottom = top + window->filter_height;
    const int32_t right = left + window->filter_width;
    const int32_t first_row = top > 0 ? top : 0;
    const int32_t first_column = left > 0 ? left : 0;
    const int32_t end_row = bottom < window->input_height ? bottom : window->input_height;
    const int32_t end_column = right < window->input_width ? right : window->input_width;
    const int32_t rows = end_row - first_row;
    const int32_t bytes = (end_column - first_column) * depth;

    if (rows != window->filter_height || bytes != line_bytes) {
        eg_fill(patch, layer->input_zero_point, layer->matrix.inputs);
    }
    if (rows > 0 && bytes > 0) {
        eg_copy_lines(patch + (first_row - top) * line_bytes + (first_column - left) * depth,
                      line_bytes, image + (first_row * window->input_width + first_column) * depth,
                      window->input_width * depth, bytes, rows);
    }
    return patch + layer->matrix.inputs;
}

void eg_run_conv_2d_in_order_s8_mve(const eg_conv_2d_s8_mve *layer, const int8_t *input,
                                    int8_t *output, void *scratch)
{
    const eg_window_2d *window = &layer->window;
    const int32_t image_bytes = window->input_height * window->input_width * window->input_depth;
    const int32_t outputs = window->output_height * window->output_width;
    eg_positions_mve some = layer->positions;

    for (int32_t batch = 0; batch < window->batches; ++batch) {
        for (int32_t done = 0; done < outputs; done += some.count) {
            int8_t *end = scratch;

            some.count = layer->positions.count;
            if (some.count > outputs - done) {
                some.count = outputs - done;
            }
            for (int32_t k = 0; k < some.count; ++k) {
                end = copy_patch(layer, input, done + k, end);
            }
            layer->multiply(&layer->matrix, &some, scratch, output);
            output += some.count * some.output_step;
        }
        input += image_bytes;
    }
}
