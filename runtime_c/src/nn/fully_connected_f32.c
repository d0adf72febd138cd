#include "edgegen/nn/fully_connected.h"

#include <stddef.h>

#include "edgegen/nn/activation_f32.h"
#include "edgegen/nn/dot_product.h"

void eg_run_fully_connected_f32(const eg_fully_connected_f32 *layer, const float *input,
                                float *output)
{
    for (int32_t batch = 0; batch < layer->batches; ++batch) {
        const float *weights = layer->weights;

        for (int32_t o = 0; o < layer->output_depth; ++o) {
            float sum = eg_dot_product_f32(input, weights, layer->input_depth, 0.0f);

            if (layer->bias != NULL) {
                sum += layer->bias[o];
            }
            *output++ = eg_clamp_f32(sum, layer->activation_min, layer->activation_max);
            weights += layer->input_depth;
        }
        input += layer->input_depth;
    }
}
