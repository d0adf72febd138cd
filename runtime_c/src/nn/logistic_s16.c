#include "edgegen/nn/sigmoid_s16.h"

/* Both sides of 1/2 are rounded towards the larger value, the lower one just short of a tie. */
static int32_t logistic_of(const eg_sigmoid_s16 *layer, int32_t x)
{
    const int32_t steps = eg_sigmoid_steps(layer, x);
    const int32_t half = INT32_C(1) << 24;
    const int32_t above =
        eg_sigmoid_at(layer->table, steps < 0 ? -steps : steps, 9, 32766 * (1 << 9));

    return (steps >= 0 ? half + above + 512 : half - above + 511) >> 10;
}

void eg_run_logistic_s16(const eg_sigmoid_s16 *layer, const int16_t *input, int16_t *output)
{
    for (int32_t i = 0; i < layer->elements; ++i) {
        output[i] = (int16_t)logistic_of(layer, input[i]);
    }
}
