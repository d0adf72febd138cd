#include "edgegen/nn/fully_connected.h"

#include <stddef.h>

#include "edgegen/nn/activation_f32.h"

void eg_run_fully_connected_f32(const eg_fully_connected_f32 *layer, const float *input,
                                float *output)
{
    for (int32_t batch = 0; batch < layer->batches; ++batch) {
        const float *weights = layer->weights;

        for (int32_t o = 0; o < layer->output_depth; ++o) {
            float sum = 0.0f;

            for (int32_t i = 0; i < layer->input_depth; ++i) {
                sum += input[i] * weights[i];
            }
            if (layer->bias != NULL) {
                sum += layer->bias[o];
            }
            *output++ = eg_clamp_f32(sum, layer->activation_min, layer->activation_max);
            weights += layer->input_depth;
        }
        input += layer->input_depth;
    }
}
