#include "edgegen/nn/arg_extremum.h"

static int32_t arg_extremum(const eg_arg_extremum *layer, const float *input)
{
    float best = *input;
    int32_t found = 0;

    for (int32_t i = 1; i < layer->size; ++i) {
        const float x = input[i * layer->inner];

        if (layer->takes_larger ? x > best : x < best) {
            best = x;
            found = i;
        }
    }
    return found;
}

void eg_run_arg_extremum_f32(const eg_arg_extremum *layer, const float *input, int32_t *output)
{
    for (int32_t i = 0; i < layer->outer; ++i) {
        for (int32_t j = 0; j < layer->inner; ++j) {
            *output++ = arg_extremum(layer, input + j);
        }
        input += layer->size * layer->inner;
    }
}
