#include "edgegen/nn/scalar/fully_connected.h"

#include "edgegen/nn/scalar/matmul.h"
#include "edgegen/nn/scalar/requantize.h"

enum { LANES = 4 };

static void multiply(const eg_fully_connected_s8_scalar *layer, const int8_t *input, int8_t *output)
{
    const int32_t depth = layer->input_depth;
    const int32_t channels = layer->output_depth;
    const int32_t multiplier = layer->multiplier;
    const int32_t constant = layer->constant;
    const int32_t shift = layer->shift;
    const int32_t *doubled_bias = layer->doubled_bias;
    const int8_t *row = layer->weights;

    for (int32_t done = 0; done < channels; done += LANES) {
        const int32_t lanes = channels - done < LANES ? channels - done : LANES;
        const int8_t *rows[LANES];
        uint32_t sums[LANES];

        for (int32_t i = 0; i < LANES; ++i) {
            rows[i] = row; /* the last one again where there is none */
            row += i < lanes - 1 ? depth : 0;
        }
        row += depth;
        eg_dot_products_scalar(input, rows, depth, sums);
        for (int32_t i = 0; i < lanes; ++i) {
            const uint32_t doubled_sum = (sums[i] << 1) + (uint32_t)*doubled_bias++;

            *output++ =
                eg_requantize_doubled_sum((int32_t)doubled_sum, multiplier, constant, shift);
        }
    }
}

void eg_run_fully_connected_s8_scalar(const eg_fully_connected_s8_scalar *layer,
                                      const int8_t *input, int8_t *output)
{
    for (int32_t left = layer->batches; left > 0; --left) {
        multiply(layer, input, output);
        input += layer->input_depth;
        output += layer->output_depth;
    }
}
