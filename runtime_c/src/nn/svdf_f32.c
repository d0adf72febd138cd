#include <string.h>

#include "edgegen/nn/activation_f32.h"
#include "edgegen/nn/dot_product.h"
#include "edgegen/nn/svdf.h"

static void run_batch(const eg_svdf_f32 *layer, const float *input, float *state, float *output)
{
    const size_t kept = (size_t)(layer->memory - 1);
    const float *features = layer->features;
    const float *time = layer->time;

    for (int32_t u = 0; u < layer->units; ++u) {
        float sum = layer->bias[u];

        for (int32_t r = 0; r < layer->rank; ++r) {
            memmove(state, state + 1, kept * sizeof *state);
            state[kept] = eg_dot_product_f32(features, input, layer->inputs, 0.0f);
            sum += eg_dot_product_f32(time, state, layer->memory, 0.0f);
            features += layer->inputs;
            time += layer->memory;
            state += layer->memory;
        }
        output[u] = eg_clamp_f32(sum, layer->activation_min, layer->activation_max);
    }
}

void eg_run_svdf_f32(const eg_svdf_f32 *layer, const float *input, float *state, float *output)
{
    for (int32_t batch = 0; batch < layer->batches; ++batch) {
        run_batch(layer, input, state, output);
        input += layer->inputs;
        state += layer->units * layer->rank * layer->memory;
        output += layer->units;
    }
}
