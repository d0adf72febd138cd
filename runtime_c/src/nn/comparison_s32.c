#include "edgegen/nn/comparison.h"

static void compare_row(const void *description, const void *input1, int32_t step1,
                        const void *input2, int32_t step2, void *output, int32_t length)
{
    const eg_comparison *const layer = description;
    const int32_t *in1 = input1;
    const int32_t *in2 = input2;
    uint8_t *const out = output;

    for (int32_t i = 0; i < length; ++i) {
        const int32_t a = *in1;
        const int32_t b = *in2;
        const int32_t order = a < b ? EG_LESS : a == b ? EG_EQUAL : EG_GREATER;

        out[i] = (layer->accepts & order) != 0;
        in1 += step1;
        in2 += step2;
    }
}

void eg_run_comparison_s32(const eg_comparison *layer, const int32_t *input1, const int32_t *input2,
                           uint8_t *output)
{
    eg_for_each_row_to(&layer->shape, sizeof *input1, sizeof *output, compare_row, layer, input1,
                       input2, output);
}
