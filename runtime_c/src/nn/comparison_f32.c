#include "edgegen/nn/comparison.h"

static void compare_row(const void *description, const void *input1, int32_t step1,
                        const void *input2, int32_t step2, void *output, int32_t length)
{
    const eg_comparison *const layer = description;
    const float *in1 = input1;
    const float *in2 = input2;
    uint8_t *const out = output;

    for (int32_t i = 0; i < length; ++i) {
        const float a = *in1;
        const float b = *in2;
        const int32_t order = a < b    ? EG_LESS
                              : a == b ? EG_EQUAL
                              : a > b  ? EG_GREATER
                                       : EG_UNORDERED;

        out[i] = (layer->accepts & order) != 0;
        in1 += step1;
        in2 += step2;
    }
}

void eg_run_comparison_f32(const eg_comparison *layer, const float *input1, const float *input2,
                           uint8_t *output)
{
    eg_for_each_row_to(&layer->shape, sizeof *input1, sizeof *output, compare_row, layer, input1,
                       input2, output);
}
