#include "edgegen/nn/scalar/conv_2d.h"

void eg_run_pointwise_s8_scalar(const eg_pointwise_s8_scalar *layer, const int8_t *input,
                                int8_t *output, void *scratch)
{
    const int32_t depth = layer->input_depth;
    const int32_t channels = layer->matrix.output_depth;

    for (int32_t left = layer->positions; left > 0; left -= 2) {
        /* The last position of an odd number is computed twice. */
        const int32_t next = left > 1 ? 1 : 0;

        eg_join_inputs(input, input + next * depth, depth, scratch);
        eg_multiply_joined(&layer->matrix, scratch, output, output + next * channels);
        input += 2 * depth;
        output += 2 * channels;
    }
}
