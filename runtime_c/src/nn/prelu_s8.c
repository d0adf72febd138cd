#include "edgegen/nn/prelu.h"

#include "edgegen/fixed_point.h"

static void prelu_row(const void *description, const void *input1, int32_t step1,
                      const void *input2, int32_t step2, void *output, int32_t length)
{
    const eg_prelu_s8 *const layer = description;
    const int8_t *in = input1;
    const int8_t *slope = input2;
    int8_t *const out = output;

    for (int32_t i = 0; i < length; ++i) {
        const int32_t x = *in + layer->input_offset;

        if (x >= 0) {
            out[i] = (int8_t)eg_requantize(x, layer->positive_multiplier, layer->positive_shift,
                                           layer->output_offset, -128, 127);
        } else {
            out[i] = (int8_t)eg_requantize(x * (*slope + layer->slope_offset),
                                           layer->negative_multiplier, layer->negative_shift,
                                           layer->output_offset, -128, 127);
        }
        in += step1;
        slope += step2;
    }
}

void eg_run_prelu_s8(const eg_prelu_s8 *layer, const int8_t *input, const int8_t *slope,
                     int8_t *output)
{
    eg_for_each_row(&layer->shape, sizeof *output, prelu_row, layer, input, slope, output);
}
