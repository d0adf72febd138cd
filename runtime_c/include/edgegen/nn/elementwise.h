/* Sums, differences and products of two arrays, with broadcasting.
 *
 * Output may be the memory of an input that is not repeated.
 */
#ifndef EDGEGEN_NN_ELEMENTWISE_H
#define EDGEGEN_NN_ELEMENTWISE_H

#include <stdint.h>

#include "edgegen/nn/broadcast.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ADD and SUB. Both inputs are taken to 2^20 times half the larger input scale, added there, and
 * brought back:
 *   sum = scale1((input1 + offset1) * 2^20) + sign * scale2((input2 + offset2) * 2^20)
 *   output = clamp(scale(sum) + output_offset)
 * where scale, scale1 and scale2 are eg_multiply_by_quantized_multiplier with their factors. */
typedef struct eg_add_s8 {
    eg_broadcast shape;
    int32_t input1_offset; /* minus its zero point */
    int32_t input1_multiplier;
    int32_t input1_shift;
    int32_t input2_offset;
    int32_t input2_multiplier;
    int32_t input2_shift;
    int32_t input2_sign; /* 1 for ADD, -1 for SUB */
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t output_offset; /* its zero point */
    int32_t activation_min;
    int32_t activation_max;
} eg_add_s8;

void eg_run_add_s8(const eg_add_s8 *layer, const int8_t *input1, const int8_t *input2,
                   int8_t *output);

/* ADD and SUB of arrays of one shape, by factors that suit:
 *
 *   output = saturate((input1 * factor1 + input2 * factor2 + constant) >> shift)
 *
 * The generator has proved for all 65,536 pairs of inputs that this is what eg_add_s8 describes,
 * and that no sum overflows. */
typedef struct eg_add_linear_s8 {
    int32_t elements;
    int32_t factor1;
    int32_t factor2;
    int32_t constant;
    int32_t shift;
} eg_add_linear_s8;

/* The output may be one of the inputs; otherwise it must not overlap them. */
void eg_run_add_linear_s8(const eg_add_linear_s8 *layer, const int8_t *input1, const int8_t *input2,
                          int8_t *output);

/* output = clamp(scale((input1 + offset1) * (input2 + offset2)) + output_offset) */
typedef struct eg_mul_s8 {
    eg_broadcast shape;
    int32_t input1_offset; /* minus its zero point */
    int32_t input2_offset;
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t output_offset; /* its zero point */
    int32_t activation_min;
    int32_t activation_max;
} eg_mul_s8;

void eg_run_mul_s8(const eg_mul_s8 *layer, const int8_t *input1, const int8_t *input2,
                   int8_t *output);

typedef struct eg_binary_f32 {
    eg_broadcast shape;
    float activation_min;
    float activation_max;
} eg_binary_f32;

void eg_run_add_f32(const eg_binary_f32 *layer, const float *input1, const float *input2,
                    float *output);
void eg_run_sub_f32(const eg_binary_f32 *layer, const float *input1, const float *input2,
                    float *output);
void eg_run_mul_f32(const eg_binary_f32 *layer, const float *input1, const float *input2,
                    float *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_ELEMENTWISE_H */
