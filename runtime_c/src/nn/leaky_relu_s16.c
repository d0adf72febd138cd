#include "edgegen/fixed_point.h"
#include "edgegen/nn/activation_s16.h"

void eg_run_leaky_relu_s16(const eg_leaky_relu_s16 *layer, const int16_t *input, int16_t *output)
{
    for (int32_t i = 0; i < layer->elements; ++i) {
        const int32_t x = input[i];
        const int32_t scaled =
            x >= 0
                ? eg_multiply_by_quantized_multiplier(x, layer->multiplier, layer->shift)
                : layer->negative_sign * eg_multiply_by_quantized_multiplier(
                                             x, layer->negative_multiplier, layer->negative_shift);

        output[i] = (int16_t)eg_clamp_i32(scaled, INT16_MIN, INT16_MAX);
    }
}
