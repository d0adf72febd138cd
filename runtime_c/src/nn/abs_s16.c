#include "edgegen/fixed_point.h"
#include "edgegen/nn/activation_s16.h"

void eg_run_abs_s16(const eg_abs_s16 *layer, const int16_t *input, int16_t *output)
{
    for (int32_t i = 0; i < layer->elements; ++i) {
        const int32_t x = input[i];

        output[i] = (int16_t)eg_requantize(x < 0 ? -x : x, layer->multiplier, layer->shift, 0,
                                           INT16_MIN, INT16_MAX);
    }
}
