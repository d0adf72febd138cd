/* Integers on another scale, or of another width: QUANTIZE between integer types, RELU and RELU6.
 *
 *   output = clamp(scale(input - input_zero_point) + output_zero_point, low, high)
 *
 * with scale = eg_multiply_by_quantized_multiplier. Output may be the input's own memory where both
 * have the same type.
 */
#ifndef EDGEGEN_NN_RESCALE_H
#define EDGEGEN_NN_RESCALE_H

#include <stdint.h>

#include "edgegen/fixed_point.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_rescale {
    int32_t elements;
    int32_t input_zero_point;
    int32_t multiplier;
    int32_t shift;
    int32_t output_zero_point;
    int32_t low; /* within the output's type, as is high */
    int32_t high;
} eg_rescale;

static inline int32_t eg_rescale_one(const eg_rescale *layer, int32_t x)
{
    const int32_t above_zero = (int32_t)((uint32_t)x - (uint32_t)layer->input_zero_point);

    return eg_requantize(above_zero, layer->multiplier, layer->shift, layer->output_zero_point,
                         layer->low, layer->high);
}

void eg_run_rescale_s8_s16(const eg_rescale *layer, const int8_t *input, int16_t *output);
void eg_run_rescale_s8_s32(const eg_rescale *layer, const int8_t *input, int32_t *output);
void eg_run_rescale_s16_s8(const eg_rescale *layer, const int16_t *input, int8_t *output);
void eg_run_rescale_s16_s16(const eg_rescale *layer, const int16_t *input, int16_t *output);
void eg_run_rescale_s16_s32(const eg_rescale *layer, const int16_t *input, int32_t *output);
void eg_run_rescale_s32_s8(const eg_rescale *layer, const int32_t *input, int8_t *output);
void eg_run_rescale_s32_s16(const eg_rescale *layer, const int32_t *input, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_RESCALE_H */
