#include "edgegen/nn/output_s16.h"

#include "edgegen/fixed_point.h"
#include "edgegen/fixed_point_wide.h"

void eg_write_outputs_s16(const eg_output_s16 *layer, const int64_t sums[EG_LANES],
                          int32_t channel, int32_t end, int16_t *output)
{
    for (int32_t c = channel; c < end; ++c) {
        const int32_t p = c * layer->multiplier_step;
        const int32_t multiplier = layer->multiplier[p];
        const int32_t shift = layer->shift[p];
        const int64_t sum = sums[c - channel] + layer->bias[c];
        const int32_t scaled =
            layer->is_narrow
                ? eg_multiply_by_quantized_multiplier((int32_t)sum, multiplier, shift)
                : eg_multiply_wide(sum, multiplier, shift);

        output[c] = (int16_t)eg_clamp_i32(scaled, layer->activation_min, layer->activation_max);
    }
}
