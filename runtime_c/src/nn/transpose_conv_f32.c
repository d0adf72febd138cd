#include "edgegen/nn/transpose_conv.h"

#include <stddef.h>

#include "edgegen/nn/activation_f32.h"
#include "edgegen/nn/dot_product.h"

/* The sum of output channel `o` at (y, x), counted from the padding's beginning. */
static float sum_at(const eg_transpose_conv_f32 *layer, const float *input, int32_t y, int32_t x,
                    int32_t o)
{
    const eg_transpose_conv_shape *const s = &layer->shape;
    const eg_taps rows = eg_taps_on(y, s->filter_height, s->stride_height, s->input_height);
    const eg_taps columns = eg_taps_on(x, s->filter_width, s->stride_width, s->input_width);
    const float *const weights =
        layer->weights + o * s->filter_height * s->filter_width * s->input_depth;
    float sum = 0.0f;

    for (int32_t row = rows.first; row < rows.end; ++row) {
        for (int32_t column = columns.first; column < columns.end; ++column) {
            const int32_t tap =
                (y - row * s->stride_height) * s->filter_width + x - column * s->stride_width;

            sum = eg_dot_product_f32(input + (row * s->input_width + column) * s->input_depth,
                                     weights + tap * s->input_depth, s->input_depth, sum);
        }
    }
    return sum;
}

static float output_at(const eg_transpose_conv_f32 *layer, const float *input, int32_t y, int32_t x,
                       int32_t o)
{
    const float bias = layer->bias != NULL ? layer->bias[o] : 0.0f;

    return eg_clamp_f32(sum_at(layer, input, y, x, o) + bias, layer->activation_min,
                        layer->activation_max);
}

void eg_run_transpose_conv_f32(const eg_transpose_conv_f32 *layer, const float *input,
                               float *output)
{
    const eg_transpose_conv_shape *const s = &layer->shape;

    for (int32_t b = 0; b < s->batches; ++b) {
        for (int32_t y = 0; y < s->output_height; ++y) {
            for (int32_t x = 0; x < s->output_width; ++x) {
                for (int32_t o = 0; o < s->output_depth; ++o) {
                    *output++ = output_at(layer, input, y + s->pad_top, x + s->pad_left, o);
                }
            }
        }
        input += s->input_height * s->input_width * s->input_depth;
    }
}
