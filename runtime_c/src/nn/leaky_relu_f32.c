#include "edgegen/nn/activation_f32.h"

void eg_run_leaky_relu_f32(const eg_leaky_relu_f32 *layer, const float *input, float *output)
{
    for (int32_t i = 0; i < layer->elements; ++i) {
        const float x = input[i];

        output[i] = x > 0.0f ? x : x * layer->alpha;
    }
}
