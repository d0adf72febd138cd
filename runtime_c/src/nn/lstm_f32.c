#include <string.h>

#include "edgegen/nn/activation_f32.h"
#include "edgegen/nn/dot_product.h"
#include "edgegen/nn/lstm.h"

/* One unit's gates, in their order. */
enum { INPUT, FORGET, OUTPUT, CELL };

/* Updates a unit's cell state; its new hidden state. */
static float run_unit(const eg_lstm_f32 *layer, int32_t unit, const float *input,
                      const float *hidden, float *cell)
{
    const eg_activation_f32 sigmoids = {3};
    const eg_activation_f32 one = {1};
    const eg_lstm_shape *const shape = &layer->shape;
    float gates[EG_LSTM_GATES];
    float squashed;

    for (int32_t gate = 0; gate < EG_LSTM_GATES; ++gate) {
        const int32_t row = gate * shape->units + unit;
        const float of_input = eg_dot_product_f32(input, layer->input_weights + row * shape->inputs,
                                                  shape->inputs, 0.0f);
        const float of_hidden = eg_dot_product_f32(
            hidden, layer->recurrent_weights + row * shape->units, shape->units, 0.0f);

        gates[gate] = (of_input + layer->bias[row]) + of_hidden;
    }
    eg_run_logistic_f32(&sigmoids, gates, gates);
    eg_run_tanh_f32(&one, &gates[CELL], &gates[CELL]);
    *cell = gates[FORGET] * *cell + gates[INPUT] * gates[CELL];
    if (layer->cell_clip > 0.0f) {
        *cell = eg_clamp_f32(*cell, -layer->cell_clip, layer->cell_clip);
    }
    eg_run_tanh_f32(&one, cell, &squashed);
    return squashed * gates[OUTPUT];
}

void eg_run_lstm_f32(const eg_lstm_f32 *layer, const float *input, float *hidden, float *cell,
                     float *output)
{
    const eg_lstm_shape *const shape = &layer->shape;

    for (int32_t batch = 0; batch < shape->batches; ++batch) {
        for (int32_t time = 0; time < shape->times; ++time) {
            const int32_t row = batch * shape->batch_step + time * shape->time_step;
            float *const out = output + row * shape->units;

            for (int32_t unit = 0; unit < shape->units; ++unit) {
                out[unit] = run_unit(layer, unit, input + row * shape->inputs, hidden, &cell[unit]);
            }
            memcpy(hidden, out, (size_t)shape->units * sizeof *hidden);
        }
        hidden += shape->units;
        cell += shape->units;
    }
}
