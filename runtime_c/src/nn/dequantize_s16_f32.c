#include "edgegen/nn/quantize_s16.h"

void eg_run_dequantize_s16_f32(const int16_t *input, int32_t count, float scale, float *output)
{
    for (int32_t i = 0; i < count; ++i) {
        output[i] = scale * (float)input[i];
    }
}
