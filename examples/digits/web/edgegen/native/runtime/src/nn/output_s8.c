#include "edgegen/nn/output_s8.h"

#include "edgegen/fixed_point.h"

void eg_write_outputs_s8(const eg_output_s8 *layer, const uint32_t sums[EG_LANES], int32_t channel,
                         int32_t end, int8_t *output)
{
    for (int32_t c = channel; c < end; ++c) {
        const int32_t p = c * layer->multiplier_step;
        const int32_t sum = (int32_t)(*sums++ + (uint32_t)layer->bias[c]);

        output[c] =
            (int8_t)eg_requantize(sum, layer->multiplier[p], layer->shift[p], layer->zero_point,
                                  layer->activation_min, layer->activation_max);
    }
}
