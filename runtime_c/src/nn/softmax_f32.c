#include <float.h>
#include <math.h>

#include "edgegen/nn/softmax.h"

static float largest_of(const float *x, int32_t count)
{
    float largest = -FLT_MAX;

    for (int32_t i = 0; i < count; ++i) {
        largest = x[i] > largest ? x[i] : largest;
    }
    return largest;
}

static void softmax_row(const eg_softmax_f32 *layer, const float *input, float *output)
{
    const float largest = largest_of(input, layer->columns);
    float sum = 0.0f;

    for (int32_t i = 0; i < layer->columns; ++i) {
        output[i] = expf((input[i] - largest) * layer->beta);
        sum += output[i];
    }
    for (int32_t i = 0; i < layer->columns; ++i) {
        output[i] /= sum;
    }
}

void eg_run_softmax_f32(const eg_softmax_f32 *layer, const float *input, float *output)
{
    for (int32_t row = 0; row < layer->rows; ++row) {
        softmax_row(layer, input, output);
        input += layer->columns;
        output += layer->columns;
    }
}
