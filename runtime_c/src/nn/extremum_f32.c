#include "edgegen/nn/extremum.h"

static void extremum_row(const void *description, const void *input1, int32_t step1,
                         const void *input2, int32_t step2, void *output, int32_t length)
{
    const eg_extremum *const layer = description;
    const float *in1 = input1;
    const float *in2 = input2;
    float *const out = output;

    for (int32_t i = 0; i < length; ++i) {
        const int takes_first = layer->takes_larger ? *in1 > *in2 : *in1 < *in2;

        out[i] = takes_first ? *in1 : *in2;
        in1 += step1;
        in2 += step2;
    }
}

void eg_run_extremum_f32(const eg_extremum *layer, const float *input1, const float *input2,
                         float *output)
{
    eg_for_each_row(&layer->shape, sizeof *output, extremum_row, layer, input1, input2, output);
}
