#include "edgegen/nn/activation_f32.h"

void eg_run_clamp_f32(const eg_clamp_layer_f32 *layer, const float *input, float *output)
{
    for (int32_t i = 0; i < layer->elements; ++i) {
        output[i] = eg_clamp_f32(input[i], layer->low, layer->high);
    }
}
