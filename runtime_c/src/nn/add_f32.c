#include "edgegen/nn/elementwise.h"

#include "edgegen/nn/activation_f32.h"

static void add_row(const void *description, const void *input1, int32_t step1, const void *input2,
                    int32_t step2, void *output, int32_t length)
{
    const eg_binary_f32 *const layer = description;
    const float *in1 = input1;
    const float *in2 = input2;
    float *const out = output;

    for (int32_t i = 0; i < length; ++i) {
        out[i] = eg_clamp_f32(*in1 + *in2, layer->activation_min, layer->activation_max);
        in1 += step1;
        in2 += step2;
    }
}

void eg_run_add_f32(const eg_binary_f32 *layer, const float *input1, const float *input2,
                    float *output)
{
    eg_for_each_row(&layer->shape, sizeof *output, add_row, layer, input1, input2, output);
}
