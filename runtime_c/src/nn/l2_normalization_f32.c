#include "edgegen/nn/row_norm.h"

#include <math.h>

void eg_run_l2_normalization_f32(const eg_row_norm *layer, const float *input, float *output)
{
    for (int32_t row = 0; row < layer->rows; ++row) {
        float squares = 0.0f;

        for (int32_t i = 0; i < layer->depth; ++i) {
            squares += input[i] * input[i];
        }
        const float root = sqrtf(squares);
        const float norm = root < 1e-6f ? 1e-6f : root;

        for (int32_t i = 0; i < layer->depth; ++i) {
            output[i] = input[i] / norm;
        }
        input += layer->depth;
        output += layer->depth;
    }
}
