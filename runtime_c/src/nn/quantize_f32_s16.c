#include "edgegen/nn/quantize_s16.h"

static int16_t quantize_one(float steps)
{
    if (steps <= (float)INT16_MIN) {
        return INT16_MIN;
    }
    if (steps >= (float)INT16_MAX) {
        return INT16_MAX;
    }
    if (!(steps == steps)) {
        return 0;
    }
    const int32_t whole = (int32_t)steps;
    const float fraction = steps - (float)whole; /* exact: 24 bits hold both */

    return (int16_t)(whole + (fraction >= 0.5F) - (fraction <= -0.5F));
}

void eg_run_quantize_f32_s16(const float *input, int32_t count, float scale, int16_t *output)
{
    for (int32_t i = 0; i < count; ++i) {
        output[i] = quantize_one(input[i] / scale);
    }
}
