#include "edgegen/nn/elementwise_s16.h"

#include "edgegen/fixed_point.h"

static void mul_row(const void *description, const void *input1, int32_t step1, const void *input2,
                    int32_t step2, void *output, int32_t length)
{
    const eg_mul_s16 *const layer = description;
    const int16_t *in1 = input1;
    const int16_t *in2 = input2;
    int16_t *const out = output;

    for (int32_t i = 0; i < length; ++i) {
        const int32_t scaled = eg_multiply_by_quantized_multiplier(
            *in1 * *in2, layer->output_multiplier, layer->output_shift);

        out[i] = (int16_t)eg_clamp_i32(scaled, layer->activation_min, layer->activation_max);
        in1 += step1;
        in2 += step2;
    }
}

void eg_run_mul_s16(const eg_mul_s16 *layer, const int16_t *input1, const int16_t *input2,
                    int16_t *output)
{
    eg_for_each_row(&layer->shape, sizeof *output, mul_row, layer, input1, input2, output);
}
