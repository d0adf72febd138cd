/* Sums, differences and products of two arrays of int16 with zero points 0, with broadcasting.
 *
 * Output may be the memory of an input that is not repeated.
 */
#ifndef EDGEGEN_NN_ELEMENTWISE_S16_H
#define EDGEGEN_NN_ELEMENTWISE_S16_H

#include <stdint.h>

#include "edgegen/nn/broadcast.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ADD and SUB. Both inputs are taken to 2^15 times half the larger input scale, added there, and
 * brought back:
 *   output = clamp(scale(scale1(input1 * 2^15) + sign * scale2(input2 * 2^15)))
 * where scale, scale1 and scale2 are eg_multiply_by_quantized_multiplier with their factors. */
typedef struct eg_add_s16 {
    eg_broadcast shape;
    int32_t input1_multiplier;
    int32_t input1_shift;
    int32_t input2_multiplier;
    int32_t input2_shift;
    int32_t input2_sign; /* 1 for ADD, -1 for SUB */
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t activation_min;
    int32_t activation_max;
} eg_add_s16;

void eg_run_add_s16(const eg_add_s16 *layer, const int16_t *input1, const int16_t *input2,
                    int16_t *output);

/* output = clamp(scale(input1 * input2)) */
typedef struct eg_mul_s16 {
    eg_broadcast shape;
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t activation_min;
    int32_t activation_max;
} eg_mul_s16;

void eg_run_mul_s16(const eg_mul_s16 *layer, const int16_t *input1, const int16_t *input2,
                    int16_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_ELEMENTWISE_S16_H */
