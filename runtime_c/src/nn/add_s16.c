#include "edgegen/nn/elementwise_s16.h"

#include "edgegen/fixed_point.h"

/* Room for the fraction while two differently scaled inputs are added: TFLM's choice for int16. */
#define LEFT_SHIFT 15

static int32_t to_common_scale(int16_t x, int32_t multiplier, int32_t shift)
{
    return eg_multiply_by_quantized_multiplier(x * (INT32_C(1) << LEFT_SHIFT), multiplier, shift);
}

static void add_row(const void *description, const void *input1, int32_t step1, const void *input2,
                    int32_t step2, void *output, int32_t length)
{
    const eg_add_s16 *const layer = description;
    const int16_t *in1 = input1;
    const int16_t *in2 = input2;
    int16_t *const out = output;

    for (int32_t i = 0; i < length; ++i) {
        const int32_t a = to_common_scale(*in1, layer->input1_multiplier, layer->input1_shift);
        const int32_t b = to_common_scale(*in2, layer->input2_multiplier, layer->input2_shift);
        const int32_t sum = eg_multiply_by_quantized_multiplier(
            a + layer->input2_sign * b, layer->output_multiplier, layer->output_shift);

        out[i] = (int16_t)eg_clamp_i32(sum, layer->activation_min, layer->activation_max);
        in1 += step1;
        in2 += step2;
    }
}

void eg_run_add_s16(const eg_add_s16 *layer, const int16_t *input1, const int16_t *input2,
                    int16_t *output)
{
    eg_for_each_row(&layer->shape, sizeof *output, add_row, layer, input1, input2, output);
}
