#include "edgegen/fixed_point.h"
#include "edgegen/nn/dot_product.h"
#include "edgegen/nn/svdf.h"

/* The newest values of up to EG_LANES filters. */
static void filter_features(const eg_svdf_s8 *layer, const int8_t *input, int32_t first,
                            int32_t count, int16_t values[EG_LANES])
{
    uint32_t sums[EG_LANES] = {0};
    int32_t offsets[EG_LANES];

    eg_lane_offsets(first, layer->units * layer->rank, layer->inputs, offsets);
    eg_dot_products_s8(input, layer->features, offsets, layer->inputs, sums);
    for (int32_t lane = 0; lane < count; ++lane) {
        const int32_t sum = (int32_t)(sums[lane] + (uint32_t)layer->feature_bias[first + lane]);
        const int32_t value =
            eg_multiply_by_quantized_multiplier(sum, layer->state_multiplier, layer->state_shift);

        values[lane] = (int16_t)(eg_clamp_i32(value, INT16_MIN, INT16_MAX) + layer->state_offset);
    }
}

/* Puts a value behind the others, of which the oldest goes, and weighs them all. */
static uint32_t filter_time(int16_t *state, int16_t newest, const int16_t *time, int32_t memory)
{
    uint32_t sum = 0;

    for (; memory > 1; --memory) {
        const int16_t value = state[1];

        *state++ = value;
        sum += (uint32_t)(*time++ * value);
    }
    *state = newest;
    return sum + (uint32_t)(*time * newest);
}

static void run_batch(const eg_svdf_s8 *layer, const int8_t *input, int16_t *state, int8_t *output)
{
    const int32_t filters = layer->units * layer->rank;
    const int16_t *time = layer->time;
    const int32_t *bias = layer->bias;
    uint32_t sum = 0;
    int32_t of_unit = 0;

    for (int32_t f = 0; f < filters; f += EG_LANES) {
        const int32_t count = filters - f < EG_LANES ? filters - f : EG_LANES;
        int16_t values[EG_LANES];

        filter_features(layer, input, f, count, values);
        for (int32_t lane = 0; lane < count; ++lane) {
            sum += filter_time(state, values[lane], time, layer->memory);
            state += layer->memory;
            time += layer->memory;
            if (++of_unit == layer->rank) {
                *output++ = (int8_t)eg_requantize((int32_t)(sum + (uint32_t)*bias++),
                                                  layer->output_multiplier, layer->output_shift,
                                                  layer->output_offset, INT8_MIN, INT8_MAX);
                sum = 0;
                of_unit = 0;
            }
        }
    }
}

void eg_run_svdf_s8_s16(const eg_svdf_s8 *layer, const int8_t *input, int16_t *state,
                        int8_t *output)
{
    for (int32_t batch = 0; batch < layer->batches; ++batch) {
        run_batch(layer, input, state, output);
        input += layer->inputs;
        state += layer->units * layer->rank * layer->memory;
        output += layer->units;
    }
}
