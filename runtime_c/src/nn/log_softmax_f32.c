#include "edgegen/nn/row_norm.h"

#include <float.h>
#include <math.h>

void eg_run_log_softmax_f32(const eg_row_norm *layer, const float *input, float *output)
{
    for (int32_t row = 0; row < layer->rows; ++row) {
        float max = -FLT_MAX;
        float sum = 0.0f;

        for (int32_t i = 0; i < layer->depth; ++i) {
            max = input[i] > max ? input[i] : max;
        }
        for (int32_t i = 0; i < layer->depth; ++i) {
            sum += expf(input[i] - max);
        }
        const float log_sum = logf(sum);

        for (int32_t i = 0; i < layer->depth; ++i) {
            output[i] = input[i] - max - log_sum;
        }
        input += layer->depth;
        output += layer->depth;
    }
}
