#include "edgegen/nn/dsp/depthwise_3x3.h"

void eg_run_depthwise_3x3_s2_by_rows_s8(const eg_depthwise_3x3_s8 *layer, const int8_t *input,
                                        int8_t *output, void *scratch)
{
    eg_depthwise_3x3_s8 row = *layer;

    row.across.outputs = 1;
    for (int32_t y = 0; y < layer->across.outputs; ++y) {
        const int32_t below_first = 2 - row.across.pad; /* from this row's inputs to the next's */

        eg_run_depthwise_3x3_s2_s8(&row, input, output, scratch);
        row.across.size -= below_first;
        row.across.pad = 0;
        input += below_first * layer->across.input_step;
        output += layer->across.output_step;
    }
}
