#include "edgegen/nn/elementwise.h"

#include "edgegen/fixed_point.h"

/* Room for the fraction while two differently scaled inputs are added: TFLM's choice for int8. */
#define LEFT_SHIFT 20

static int32_t to_common_scale(int8_t x, int32_t offset, int32_t multiplier, int32_t shift)
{
    const int32_t raised = (x + offset) * (INT32_C(1) << LEFT_SHIFT);

    return eg_multiply_by_quantized_multiplier(raised, multiplier, shift);
}

static void add_row(const void *description, const void *input1, int32_t step1, const void *input2,
                    int32_t step2, void *output, int32_t length)
{
    const eg_add_s8 *const layer = description;
    const int8_t *in1 = input1;
    const int8_t *in2 = input2;
    int8_t *const out = output;

    for (int32_t i = 0; i < length; ++i) {
        const int32_t a = to_common_scale(*in1, layer->input1_offset, layer->input1_multiplier,
                                          layer->input1_shift);
        const int32_t b = to_common_scale(*in2, layer->input2_offset, layer->input2_multiplier,
                                          layer->input2_shift);
        const int32_t sum = eg_multiply_by_quantized_multiplier(
            a + layer->input2_sign * b, layer->output_multiplier, layer->output_shift);

        out[i] = (int8_t)eg_clamp_i32(sum + layer->output_offset, layer->activation_min,
                                      layer->activation_max);
        in1 += step1;
        in2 += step2;
    }
}

void eg_run_add_s8(const eg_add_s8 *layer, const int8_t *input1, const int8_t *input2,
                   int8_t *output)
{
    eg_for_each_row(&layer->shape, sizeof *output, add_row, layer, input1, input2, output);
}
