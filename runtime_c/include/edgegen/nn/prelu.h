/* PRELU: a rectifier whose slope below 0 is an input of its own, which may broadcast. */
#ifndef EDGEGEN_NN_PRELU_H
#define EDGEGEN_NN_PRELU_H

#include <stdint.h>

#include "edgegen/nn/broadcast.h"

#ifdef __cplusplus
extern "C" {
#endif

/* With x = input + input_offset: positive(x) where x >= 0, else
 * negative(x * (slope + slope_offset)), each eg_multiply_by_quantized_multiplier with its factor,
 * plus output_offset. */
typedef struct eg_prelu_s8 {
    eg_broadcast shape;
    int32_t input_offset; /* minus its zero point */
    int32_t slope_offset; /* minus its zero point */
    int32_t positive_multiplier;
    int32_t positive_shift;
    int32_t negative_multiplier;
    int32_t negative_shift;
    int32_t output_offset; /* its zero point */
} eg_prelu_s8;

void eg_run_prelu_s8(const eg_prelu_s8 *layer, const int8_t *input, const int8_t *slope,
                     int8_t *output);

/* output = input >= 0 ? input : input * slope */
typedef struct eg_prelu_f32 {
    eg_broadcast shape;
} eg_prelu_f32;

void eg_run_prelu_f32(const eg_prelu_f32 *layer, const float *input, const float *slope,
                      float *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_PRELU_H */
