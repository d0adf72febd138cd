#include "edgegen/nn/prelu.h"

static void prelu_row(const void *description, const void *input1, int32_t step1,
                      const void *input2, int32_t step2, void *output, int32_t length)
{
    const float *in = input1;
    const float *slope = input2;
    float *const out = output;

    (void)description;
    for (int32_t i = 0; i < length; ++i) {
        out[i] = *in >= 0.0f ? *in : *in * *slope;
        in += step1;
        slope += step2;
    }
}

void eg_run_prelu_f32(const eg_prelu_f32 *layer, const float *input, const float *slope,
                      float *output)
{
    eg_for_each_row(&layer->shape, sizeof *output, prelu_row, layer, input, slope, output);
}
