#include "edgegen/nn/map_f32.h"

#include <math.h>

#include "edgegen/nn/activation_f32.h"

void eg_run_map_f32(const eg_map_f32 *layer, const float *input, float *output)
{
    for (int32_t i = 0; i < layer->elements; ++i) {
        output[i] = layer->function(input[i]);
    }
}

float eg_elu_f32(float x)
{
    return x < 0.0f ? expm1f(x) : x;
}

float eg_hard_swish_f32(float x)
{
    return x * eg_clamp_f32(x + 3.0f, 0.0f, 6.0f) / 6.0f;
}

float eg_negate_f32(float x)
{
    return -x;
}

float eg_rsqrt_f32(float x)
{
    return 1.0f / sqrtf(x);
}

float eg_square_f32(float x)
{
    return x * x;
}
