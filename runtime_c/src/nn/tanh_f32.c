#include "edgegen/nn/activation_f32.h"

#include <math.h>

void eg_run_tanh_f32(const eg_activation_f32 *layer, const float *input, float *output)
{
    for (int32_t i = 0; i < layer->elements; ++i) {
        output[i] = tanhf(input[i]);
    }
}
