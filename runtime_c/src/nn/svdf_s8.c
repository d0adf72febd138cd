#include <string.h>

#include "edgegen/fixed_point.h"
#include "edgegen/nn/dot_product.h"
#include "edgegen/nn/svdf.h"

/* The newest value of every filter, behind those that it had before. */
static void filter_features(const eg_svdf_s8 *layer, const int8_t *input, int8_t *state)
{
    const int32_t filters = layer->units * layer->rank;
    const size_t kept = (size_t)(layer->memory - 1);

    for (int32_t f = 0; f < filters; f += EG_LANES) {
        uint32_t sums[EG_LANES] = {0};
        int32_t offsets[EG_LANES];

        eg_lane_offsets(f, filters, layer->inputs, offsets);
        eg_dot_products_s8(input, layer->features, offsets, layer->inputs, sums);
        for (int32_t lane = 0; lane < EG_LANES && f + lane < filters; ++lane) {
            const int32_t sum = (int32_t)(sums[lane] + (uint32_t)layer->feature_bias[f + lane]);
            const int32_t value = eg_clamp_i32(
                eg_multiply_by_quantized_multiplier(sum, layer->state_multiplier,
                                                    layer->state_shift),
                INT8_MIN, INT8_MAX);

            memmove(state, state + 1, kept * sizeof *state);
            state[kept] = (int8_t)(value + layer->state_offset);
            state += layer->memory;
        }
    }
}

static void filter_time(const eg_svdf_s8 *layer, const int8_t *state, int8_t *output)
{
    const int8_t *time = layer->time;
    const int32_t moments = layer->rank * layer->memory;

    for (int32_t u = 0; u < layer->units; ++u) {
        uint32_t sum = (uint32_t)layer->bias[u];

        for (int32_t m = 0; m < moments; ++m) {
            sum += (uint32_t)(*time++ * *state++);
        }
        output[u] =
            (int8_t)eg_requantize((int32_t)sum, layer->output_multiplier, layer->output_shift,
                                  layer->output_offset, INT8_MIN, INT8_MAX);
    }
}

void eg_run_svdf_s8(const eg_svdf_s8 *layer, const int8_t *input, int8_t *state, int8_t *output)
{
    for (int32_t batch = 0; batch < layer->batches; ++batch) {
        filter_features(layer, input, state);
        filter_time(layer, state, output);
        input += layer->inputs;
        state += layer->units * layer->rank * layer->memory;
        output += layer->units;
    }
}
