#include <string.h>

#include "edgegen/nn/dsp/layers_s16.h"

void eg_run_fully_connected_s16_dsp(const eg_fully_connected_s16_dsp *layer, const int16_t *input,
                                    int16_t *output, void *scratch)
{
    const int32_t depth = layer->input_depth;
    const size_t filling = (size_t)(layer->dot.inputs - depth) * sizeof *input;

    for (int32_t batch = 0; batch < layer->batches; ++batch) {
        const int16_t *row = input;

        if (filling != 0) {
            memcpy(scratch, input, (size_t)depth * sizeof *input);
            memset((int16_t *)scratch + depth, 0, filling);
            row = scratch;
        }
        eg_run_dot_s16_dsp(&layer->dot, row, output);
        input += depth;
        output += layer->dot.channels;
    }
}
