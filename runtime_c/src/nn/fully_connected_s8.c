#include "edgegen/nn/fully_connected.h"

#include "edgegen/fixed_point.h"
#include "edgegen/nn/dot_product.h"

void eg_run_fully_connected_s8(const eg_fully_connected_s8 *layer, const int8_t *input,
                               int8_t *output)
{
    for (int32_t batch = 0; batch < layer->batches; ++batch) {
        const int8_t *weights = layer->weights;

        for (int32_t o = 0; o < layer->output_depth; ++o) {
            const int32_t p = o * layer->multiplier_step;
            const uint32_t sum =
                eg_dot_product_s8(input, weights, layer->input_depth, (uint32_t)layer->bias[o]);

            *output++ = (int8_t)eg_requantize((int32_t)sum, layer->multiplier[p], layer->shift[p],
                                              layer->output_offset, layer->activation_min,
                                              layer->activation_max);
            weights += layer->input_depth;
        }
        input += layer->input_depth;
    }
}
