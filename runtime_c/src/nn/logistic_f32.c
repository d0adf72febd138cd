#include "edgegen/nn/activation_f32.h"

#include <math.h>

static float logistic(float x)
{
    /* Beyond the first bound float32 cannot tell the result from 1; below the second the 1 in
     * the denominator no longer counts. TFLM's own bounds. */
    const float is_one = 16.619047164916992188f;
    const float is_exp = -9.0f;

    if (x > is_one) {
        return 1.0f;
    }
    return x < is_exp ? expf(x) : 1.0f / (1.0f + expf(-x));
}

void eg_run_logistic_f32(const eg_activation_f32 *layer, const float *input, float *output)
{
    for (int32_t i = 0; i < layer->elements; ++i) {
        output[i] = logistic(input[i]);
    }
}
