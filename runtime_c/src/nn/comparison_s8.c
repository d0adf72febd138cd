#include "edgegen/nn/comparison.h"

#include "edgegen/fixed_point.h"

enum { RAISED_BITS = 8 };

static void compare_row(const void *description, const void *input1, int32_t step1,
                        const void *input2, int32_t step2, void *output, int32_t length)
{
    const eg_comparison_s8 *const layer = description;
    const int8_t *in1 = input1;
    const int8_t *in2 = input2;
    uint8_t *const out = output;

    for (int32_t i = 0; i < length; ++i) {
        const int32_t a =
            eg_multiply_by_quantized_multiplier((*in1 + layer->input1_offset) * (1 << RAISED_BITS),
                                                layer->input1_multiplier, layer->input1_shift);
        const int32_t b =
            eg_multiply_by_quantized_multiplier((*in2 + layer->input2_offset) * (1 << RAISED_BITS),
                                                layer->input2_multiplier, layer->input2_shift);
        const int32_t order = a < b ? EG_LESS : a == b ? EG_EQUAL : EG_GREATER;

        out[i] = (layer->accepts & order) != 0;
        in1 += step1;
        in2 += step2;
    }
}

void eg_run_comparison_s8(const eg_comparison_s8 *layer, const int8_t *input1, const int8_t *input2,
                          uint8_t *output)
{
    eg_for_each_row(&layer->shape, sizeof *input1, compare_row, layer, input1, input2, output);
}
