#include <string.h>

#include "edgegen/fixed_point.h"
#include "edgegen/nn/dot_product.h"
#include "edgegen/nn/lstm.h"

/* One unit's gates, in their order. */
enum { INPUT, FORGET, OUTPUT, CELL };

static int32_t scaled(int32_t x, eg_lstm_factor factor)
{
    return eg_multiply_by_quantized_multiplier(x, factor.multiplier, factor.shift);
}

static int32_t saturated(int32_t x)
{
    return eg_clamp_i32(x, INT16_MIN, INT16_MAX);
}

/* For every gate of a unit, the sum of one row of its weights times x, in Q3.12. */
static void add_products(const int8_t *weights, const int32_t *bias, const eg_lstm_factor *factors,
                         const eg_lstm_shape *shape, int32_t unit, const int8_t *x, int32_t length,
                         int16_t gates[EG_LSTM_GATES])
{
    uint32_t sums[EG_LANES] = {0};
    int32_t offsets[EG_LANES];

    for (int32_t gate = 0; gate < EG_LSTM_GATES; ++gate) {
        offsets[gate] = (gate * shape->units + unit) * length;
    }
    eg_dot_products_s8(x, weights, offsets, length, sums);
    for (int32_t gate = 0; gate < EG_LSTM_GATES; ++gate) {
        const uint32_t sum = sums[gate] + (uint32_t)bias[gate * shape->units + unit];
        const int32_t own = saturated(scaled((int32_t)sum, factors[gate]));

        gates[gate] = (int16_t)saturated(gates[gate] + own);
    }
}

static int32_t clipped(const eg_lstm_s8 *layer, int32_t cell)
{
    const int32_t clip = layer->cell_clip;

    return clip >= 0 ? eg_clamp_i32(cell, -clip, clip) : cell;
}

/* Updates a unit's cell state; its new hidden state. */
static int8_t run_unit(const eg_lstm_s8 *layer, int32_t unit, const int8_t *input,
                       const int8_t *hidden, int16_t *cell)
{
    const eg_lstm_shape *const shape = &layer->shape;
    int16_t gates[EG_LSTM_GATES] = {0};
    int16_t squashed;

    add_products(layer->input_weights, layer->input_bias, layer->input_factor, shape, unit, input,
                 shape->inputs, gates);
    add_products(layer->recurrent_weights, layer->recurrent_bias, layer->recurrent_factor, shape,
                 unit, hidden, shape->units, gates);
    eg_run_logistic_s16(&layer->logistic, gates, gates);
    eg_run_tanh_s16(&layer->tanh, &gates[CELL], &gates[CELL]);

    const int32_t kept = saturated(scaled(gates[FORGET] * *cell, layer->forget_factor));
    const int32_t added = saturated(scaled(gates[INPUT] * gates[CELL], layer->update_factor));

    *cell = (int16_t)clipped(layer, saturated(kept + added));
    eg_run_tanh_s16(&layer->cell_tanh, cell, &squashed);
    return (int8_t)eg_clamp_i32(scaled(squashed * gates[OUTPUT], layer->hidden_factor) +
                                    layer->hidden_offset,
                                INT8_MIN, INT8_MAX);
}

void eg_run_lstm_s8(const eg_lstm_s8 *layer, const int8_t *input, int8_t *hidden, int16_t *cell,
                    int8_t *output)
{
    const eg_lstm_shape *const shape = &layer->shape;

    for (int32_t batch = 0; batch < shape->batches; ++batch) {
        for (int32_t time = 0; time < shape->times; ++time) {
            const int32_t row = batch * shape->batch_step + time * shape->time_step;
            int8_t *const out = output + row * shape->units;

            for (int32_t unit = 0; unit < shape->units; ++unit) {
                out[unit] = run_unit(layer, unit, input + row * shape->inputs, hidden, &cell[unit]);
            }
            memcpy(hidden, out, (size_t)shape->units);
        }
        hidden += shape->units;
        cell += shape->units;
    }
}
