#include "edgegen/nn/comparison.h"

static void logic_row(const void *description, const void *input1, int32_t step1,
                      const void *input2, int32_t step2, void *output, int32_t length)
{
    const eg_logic *const layer = description;
    const uint8_t *in1 = input1;
    const uint8_t *in2 = input2;
    uint8_t *const out = output;

    for (int32_t i = 0; i < length; ++i) {
        const int32_t row = (*in1 != 0 ? 2 : 0) + (*in2 != 0 ? 1 : 0);

        out[i] = (uint8_t)((layer->truth_table >> row) & 1);
        in1 += step1;
        in2 += step2;
    }
}

void eg_run_logic(const eg_logic *layer, const uint8_t *input1, const uint8_t *input2,
                  uint8_t *output)
{
    eg_for_each_row(&layer->shape, sizeof *input1, logic_row, layer, input1, input2, output);
}
