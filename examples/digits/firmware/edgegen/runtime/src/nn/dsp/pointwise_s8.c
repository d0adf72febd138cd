#include "edgegen/nn/dsp/conv_2d.h"

void eg_run_pointwise_s8_dsp(const eg_pointwise_s8_dsp *layer, const int8_t *input, int8_t *output,
                             void *scratch)
{
    const eg_matmul_dsp *matrix = &layer->matrix;
    const int32_t depth = EG_GROUP * matrix->groups;
    const int32_t channels = EG_CHANNELS_PER_BLOCK * matrix->blocks;

    for (int32_t left = layer->positions; left > 0; left -= 2) {
        /* The last position of an odd number is computed twice. */
        const int32_t next = left > 1 ? 1 : 0;

        eg_widen_pair(input, input + next * depth, matrix->groups, scratch);
        eg_multiply_pair(matrix, scratch, output, output + next * channels);
        input += 2 * depth;
        output += 2 * channels;
    }
}
