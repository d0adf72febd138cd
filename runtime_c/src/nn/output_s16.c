#include "edgegen/nn/output_s16.h"

#include "edgegen/fixed_point.h"
#include "edgegen/fixed_point_wide.h"

/* round(a * b / 2^32), ties upwards */
static int32_t upper_word(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 31)) >> 32);
}

static int32_t rounded(const eg_output_s16 *layer, int64_t sum, int32_t p)
{
    const int32_t multiplier = layer->multiplier[p];

    if (layer->rounding == EG_ROUND_WIDE) {
        return eg_multiply_wide(sum, multiplier, layer->shift[p]);
    }
    return eg_multiply_by_quantized_multiplier((int32_t)sum, multiplier, layer->shift[p]);
}

void eg_write_outputs_s16(const eg_output_s16 *layer, const int64_t carried[EG_LANES],
                          const int32_t recent[EG_LANES], int32_t channel, int32_t end,
                          int16_t *output)
{
    const int32_t low = layer->activation_min;
    const int32_t high = layer->activation_max;

    if (layer->rounding == EG_ROUND_UPPER_WORD) {
        for (int32_t c = channel; c < end; ++c) {
            const int32_t sum = *recent++ + (int32_t)layer->bias[c];
            const int32_t scaled = upper_word(sum, layer->multiplier[c * layer->multiplier_step]);

            output[c] = (int16_t)eg_clamp_i32(scaled, low, high);
        }
        return;
    }
    for (int32_t c = channel; c < end; ++c) {
        const int64_t sum = *carried++ + *recent++ + layer->bias[c];

        output[c] =
            (int16_t)eg_clamp_i32(rounded(layer, sum, c * layer->multiplier_step), low, high);
    }
}
