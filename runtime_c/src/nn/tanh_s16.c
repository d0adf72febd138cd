#include "edgegen/nn/sigmoid_s16.h"

static int32_t tanh_of(const eg_sigmoid_s16 *layer, int32_t x)
{
    const int32_t steps = eg_sigmoid_steps(layer, x);
    const int32_t magnitude =
        eg_sigmoid_at(layer->table, steps < 0 ? -steps : steps, 8, 32767 * (1 << 8));

    return (steps >= 0 ? magnitude + 128 : 127 - magnitude) >> 8;
}

void eg_run_tanh_s16(const eg_sigmoid_s16 *layer, const int16_t *input, int16_t *output)
{
    for (int32_t i = 0; i < layer->elements; ++i) {
        output[i] = (int16_t)tanh_of(layer, input[i]);
    }
}
