#include "edgegen/nn/dsp/conv_2d.h"

/* Pairs of positions; the second lies `other` bytes behind the first, its outputs `next` bytes. */
static int8_t *run_pairs(const eg_matmul_dsp *matrix, const int8_t *input, int32_t pairs,
                         int32_t other, int8_t *output, int32_t next, uint32_t *scratch)
{
    const int32_t depth = EG_GROUP * matrix->groups;

    for (; pairs > 0; --pairs) {
        const int8_t *end = input + depth;
        uint32_t *words = scratch;

        do {
            words = eg_widen_group(input, input + other, words);
            input += EG_GROUP;
        } while (input != end);
        eg_multiply_pair(matrix, scratch, output, output + next);
        input += other;
        output += 2 * next;
    }
    return output;
}

void eg_run_pointwise_s8_dsp(const eg_pointwise_s8_dsp *layer, const int8_t *input, int8_t *output,
                             void *scratch)
{
    const eg_matmul_dsp *matrix = &layer->matrix;
    const int32_t depth = EG_GROUP * matrix->groups;
    const int32_t channels = EG_CHANNELS_PER_BLOCK * matrix->blocks;
    const int32_t pairs = layer->positions / 2;

    output = run_pairs(matrix, input, pairs, depth, output, channels, scratch);
    /* The last position of an odd number is its own neighbour. */
    run_pairs(matrix, input + 2 * pairs * depth, layer->positions % 2, 0, output, 0, scratch);
}
