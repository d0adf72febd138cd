#include "edgegen/nn/dsp/conv_2d.h"

void eg_run_pointwise_s8_dsp(const eg_pointwise_s8_dsp *layer, const int8_t *input, int8_t *output,
                             void *scratch)
{
    const eg_matmul_dsp *matrix = &layer->matrix;
    const int32_t channels = EG_CHANNELS_PER_BLOCK * matrix->blocks;
    int32_t depth = EG_GROUP * matrix->groups;
    int32_t next = channels;

    for (int32_t left = layer->positions; left > 0; left -= 2) {
        const int8_t *end = input + depth;
        uint32_t *words = scratch;

        if (left == 1) { /* the last position of an odd number is computed twice */
            depth = 0;
            next = 0;
        }
        do {
            words = eg_widen_group(input, input + depth, words);
            input += EG_GROUP;
        } while (input != end);
        eg_multiply_pair(matrix, scratch, output, output + next);
        input += depth;
        output += channels + next;
    }
}
