/* int8 matrix products with Helium: the core of the fast convolutions and fully connected layers.
 *
 * A chunk is 16 inputs, one vector. Inputs are read as they are, the last chunk by as many bytes
 * as it has; weights are filled up with 0.
 *
 * Outputs are bit for bit those of eg_requantize (fixed_point.h). That is exact where the
 * generator has proved, for every input that can come:
 *   - the sum with the bias in it is an int32;
 *   - the real multiplier is below 1/2: n = -shift is in 1..31.
 *
 * Why: VQRDMULH is the doubling high multiply. The division by 2^n rounds ties away from zero,
 * VRSHL rounds them upwards. Where the zero point and the least output are -128 a negative number
 * becomes -128 either way (the _relu kernels); elsewhere it is made smaller by 1 first. The sum's
 * sign serves for that; a product of 0 rounds to 0 either way as n >= 1.
 */
#ifndef EDGEGEN_NN_MVE_MATMUL_H
#define EDGEGEN_NN_MVE_MATMUL_H

#include <stdbool.h>
#include <stdint.h>

#include "edgegen/fixed_point.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    EG_CHUNK = 16 /* inputs */
};

/* What the channels of a layer share. */
typedef struct eg_output_mve {
    int32_t zero_point;
    int32_t activation_min;
    int32_t activation_max;
} eg_output_mve;

/* Whether ties of negative numbers do not show, nor is anything of int8 cut off. */
static inline bool eg_is_relu_mve(const eg_output_mve *output)
{
    return output->zero_point == -128 && output->activation_min == -128 &&
           output->activation_max == 127;
}

static inline int8_t eg_requantize_mve(const eg_output_mve *output, int32_t sum, int32_t multiplier,
                                       int32_t shift)
{
    return (int8_t)eg_requantize(sum, multiplier, shift, output->zero_point, output->activation_min,
                                 output->activation_max);
}

/* A matrix. The stream holds for every block of channels int32 biases, then the weights, int8,
 *
 *   for each chunk, for each channel of the block: 16 weights
 *
 * and then int32 multipliers and (negative) shifts, one of each for every channel of the block.
 * Missing channels have weights of 0.
 *
 * For convolutions a block is four channels, each bias comes twice: four channels for one
 * position, and the same for another. For fully connected layers it is eight channels, those with
 * even numbers before those with odd ones. */
typedef struct eg_matmul_mve {
    const int32_t *stream;
    int32_t inputs;   /* at least 1 */
    int32_t channels; /* at least 1 */
    eg_output_mve output;
} eg_matmul_mve;

/* Every channel at `count` positions, at least 1. */
typedef struct eg_positions_mve {
    int32_t count;
    int32_t input_step;  /* bytes from one to the next */
    int32_t output_step; /* less than 2^16 - 3 */
} eg_positions_mve;

typedef void eg_multiply_mve(const eg_matmul_mve *matrix, const eg_positions_mve *positions,
                             const int8_t *input, int8_t *output);

/* Up to 8 chunks, or any number of them; any output, or one with a zero point and minimum of -128
 * and a maximum of 127. */
eg_multiply_mve eg_multiply_short_mve;
eg_multiply_mve eg_multiply_short_relu_mve;
eg_multiply_mve eg_multiply_long_mve;
eg_multiply_mve eg_multiply_long_relu_mve;

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_MVE_MATMUL_H */
