#include "edgegen/nn/mve/conv_2d.h"

void eg_run_pointwise_s8_mve(const eg_pointwise_s8_mve *layer, const int8_t *input, int8_t *output)
{
    const eg_matmul_mve *matrix = &layer->matrix;
    const int32_t depth = matrix->inputs;
    const int32_t channels = matrix->channels;

    for (int32_t left = layer->positions; left > 0; left -= 2) {
        /* The last position of an odd number is computed twice. */
        const int32_t next = left > 1 ? 1 : 0;

        eg_multiply_pair_mve(matrix, input, input + next * depth, output, output + next * channels);
        input += 2 * depth;
        output += 2 * channels;
    }
}
