#include "edgegen/nn/transpose_conv_s16.h"

#include "edgegen/nn/dot_product.h"
#include "edgegen/nn/dot_product_s16.h"

/* Adds to the sums of the output channels whose weights begin at `offsets`, at (y, x), counted
 * from the padding's beginning. */
static void add_taps(const eg_transpose_conv_s16 *layer, const int16_t *input, int32_t y, int32_t x,
                     const int32_t offsets[EG_LANES], eg_sums_s16 *sums)
{
    const eg_transpose_conv_shape *const s = &layer->shape;
    const eg_taps rows = eg_taps_on(y, s->filter_height, s->stride_height, s->input_height);
    const eg_taps columns = eg_taps_on(x, s->filter_width, s->stride_width, s->input_width);

    for (int32_t row = rows.first; row < rows.end; ++row) {
        for (int32_t column = columns.first; column < columns.end; ++column) {
            const int32_t tap =
                (y - row * s->stride_height) * s->filter_width + x - column * s->stride_width;

            eg_add_products_s16(input + (row * s->input_width + column) * s->input_depth,
                                layer->weights + tap * s->input_depth, offsets, s->input_depth,
                                layer->output.products, sums);
        }
    }
}

static void write_pixel(const eg_transpose_conv_s16 *layer, const int16_t *input, int32_t y,
                        int32_t x, int16_t *output)
{
    const eg_transpose_conv_shape *const s = &layer->shape;
    const int32_t filter_size = s->filter_height * s->filter_width * s->input_depth;
    const int32_t depth = s->output_depth;

    for (int32_t first = 0; first < depth; first += EG_LANES) {
        const int32_t end = first + EG_LANES < depth ? first + EG_LANES : depth;
        eg_sums_s16 sums = eg_no_sums_s16(layer->output.products);
        int32_t offsets[EG_LANES];

        eg_lane_offsets(first, depth, filter_size, offsets);
        add_taps(layer, input, y, x, offsets, &sums);
        eg_write_outputs_s16(&layer->output, sums.carried, sums.recent, first, end, output);
    }
}

void eg_run_transpose_conv_s16(const eg_transpose_conv_s16 *layer, const int16_t *input,
                               int16_t *output)
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
