#include "edgegen/nn/fully_connected.h"

#include "edgegen/fixed_point.h"

static int32_t dot_product(const int8_t *a, const int8_t *b, int32_t length, int32_t sum)
{
    uint32_t wrapping = (uint32_t)sum;

    for (int32_t i = 0; i < length; ++i) {
        wrapping += (uint32_t)(a[i] * b[i]);
    }
    return (int32_t)wrapping;
}

void eg_run_fully_connected_s8(const eg_fully_connected_s8 *layer, const int8_t *input,
                               int8_t *output)
{
    for (int32_t batch = 0; batch < layer->batches; ++batch) {
        const int8_t *weights = layer->weights;

        for (int32_t o = 0; o < layer->output_depth; ++o) {
            const int32_t p = o * layer->multiplier_step;
            const int32_t sum = dot_product(input, weights, layer->input_depth, layer->bias[o]);
            const int32_t scaled =
                eg_multiply_by_quantized_multiplier(sum, layer->multiplier[p], layer->shift[p]);

            *output++ = (int8_t)eg_clamp_i32(scaled + layer->output_offset, layer->activation_min,
                                             layer->activation_max);
            weights += layer->input_depth;
        }
        input += layer->input_depth;
    }
}
