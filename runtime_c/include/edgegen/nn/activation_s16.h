/* Activation functions of int16 layers; zero points are 0.
 *
 * Output may be the input's own memory.
 */
#ifndef EDGEGEN_NN_ACTIVATION_S16_H
#define EDGEGEN_NN_ACTIVATION_S16_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* LOGISTIC and TANH with output scale 1/32768, from one table of
 * 65536 * (1 / (1 + exp(-i / 24)) - 1/2), as tanh(x) = 2 / (1 + exp(-2 * x)) - 1.
 *
 * round(input * multiplier / 2^shift) counts steps of 1/512 of an entry for LOGISTIC, of 1/256 for
 * TANH. |input * multiplier| < 2^30, shift in 0..31. */
typedef struct eg_sigmoid_s16 {
    int32_t elements;
    int32_t multiplier;
    int32_t shift;
    const int16_t *table; /* [256] */
} eg_sigmoid_s16;

void eg_run_logistic_s16(const eg_sigmoid_s16 *layer, const int16_t *input, int16_t *output);

void eg_run_tanh_s16(const eg_sigmoid_s16 *layer, const int16_t *input, int16_t *output);

/* output = clamp(scale(input)) for input >= 0, clamp(sign * scale(input)) with multiplier and shift
 * of its own below; scale is eg_multiply_by_quantized_multiplier. */
typedef struct eg_leaky_relu_s16 {
    int32_t elements;
    int32_t multiplier;
    int32_t shift;
    int32_t negative_multiplier;
    int32_t negative_shift;
    int32_t negative_sign; /* 1 or -1, since multipliers have none */
} eg_leaky_relu_s16;

void eg_run_leaky_relu_s16(const eg_leaky_relu_s16 *layer, const int16_t *input, int16_t *output);

/* output = clamp(scale(|input|)) */
typedef struct eg_abs_s16 {
    int32_t elements;
    int32_t multiplier;
    int32_t shift;
} eg_abs_s16;

void eg_run_abs_s16(const eg_abs_s16 *layer, const int16_t *input, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_ACTIVATION_S16_H */
