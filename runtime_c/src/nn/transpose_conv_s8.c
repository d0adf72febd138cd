#include "edgegen/nn/transpose_conv.h"

/* The sum of output channel `o` at (y, x), counted from the padding's beginning. */
static uint32_t sum_at(const eg_transpose_conv_s8 *layer, const int8_t *input, int32_t y, int32_t x,
                       int32_t o)
{
    const eg_transpose_conv_shape *const s = &layer->shape;
    const eg_taps rows = eg_taps_on(y, s->filter_height, s->stride_height, s->input_height);
    const eg_taps columns = eg_taps_on(x, s->filter_width, s->stride_width, s->input_width);
    const int8_t *const weights =
        layer->weights + o * s->filter_height * s->filter_width * s->input_depth;
    uint32_t sum = 0;

    for (int32_t row = rows.first; row < rows.end; ++row) {
        for (int32_t column = columns.first; column < columns.end; ++column) {
            const int32_t tap =
                (y - row * s->stride_height) * s->filter_width + x - column * s->stride_width;
            const int8_t *const in = input + (row * s->input_width + column) * s->input_depth;
            const int8_t *const w = weights + tap * s->input_depth;

            for (int32_t c = 0; c < s->input_depth; ++c) {
                sum += (uint32_t)((in[c] + layer->input_offset) * w[c]);
            }
        }
    }
    return sum;
}

static void write_pixel(const eg_transpose_conv_s8 *layer, const int8_t *input, int32_t y,
                        int32_t x, int8_t *output)
{
    const int32_t depth = layer->shape.output_depth;

    for (int32_t first = 0; first < depth; first += EG_LANES) {
        const int32_t end = first + EG_LANES < depth ? first + EG_LANES : depth;
        uint32_t sums[EG_LANES] = {0};

        for (int32_t o = first; o < end; ++o) {
            sums[o - first] = sum_at(layer, input, y, x, o);
        }
        eg_write_outputs_s8(&layer->output, sums, first, end, output);
    }
}

void eg_run_transpose_conv_s8(const eg_transpose_conv_s8 *layer, const int8_t *input,
                              int8_t *output)
{
    const eg_transpose_conv_shape *const s = &layer->shape;

    for (int32_t b = 0; b < s->batches; ++b) {
        for (int32_t y = 0; y < s->output_height; ++y) {
            for (int32_t x = 0; x < s->output_width; ++x) {
                write_pixel(layer, input, y + s->pad_top, x + s->pad_left, output);
                output += s->output_depth;
            }
        }
        input += s->input_height * s->input_width * s->input_depth;
    }
}
