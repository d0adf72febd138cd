#include "edgegen/nn/extremum.h"

static void extremum_row(const void *description, const void *input1, int32_t step1,
                         const void *input2, int32_t step2, void *output, int32_t length)
{
    const eg_extremum *const layer = description;
    const int16_t *in1 = input1;
    const int16_t *in2 = input2;
    int16_t *const out = output;

    for (int32_t i = 0; i < length; ++i) {
        const int takes_first = layer->takes_larger ? *in1 > *in2 : *in1 < *in2;

        out[i] = takes_first ? *in1 : *in2;
        in1 += step1;
        in2 += step2;
    }
}

void eg_run_extremum_s16(const eg_extremum *layer, const int16_t *input1, const int16_t *input2,
                         int16_t *output)
{
    eg_for_each_row(&layer->shape, sizeof *output, extremum_row, layer, input1, input2, output);
}
