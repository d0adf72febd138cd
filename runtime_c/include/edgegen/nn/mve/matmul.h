/* int8 matrix products with Helium: the core of the fast convolutions and fully connected layers.
 *
 * A chunk is 16 inputs, one vector. Inputs are read as they are, the last chunk by as many bytes
 * as it has; weights are filled up with 0.
 */
#ifndef EDGEGEN_NN_MVE_MATMUL_H
#define EDGEGEN_NN_MVE_MATMUL_H

#include <stdint.h>

#include "edgegen/nn/mve/requantize.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    EG_CHUNK = 16 /* inputs */
};

/* A matrix. The stream holds for every block of channels the weights, int8:
 *
 *   for each chunk, for each channel of the block: 16 weights
 *
 * and then int32 biases, multipliers and (negative) shifts, one of each for every channel of the
 * block. Missing channels have weights of 0. A block is 4 channels for eg_multiply_pair_mve and 8
 * for a fully connected layer. */
typedef struct eg_matmul_mve {
    const int32_t *stream;
    int32_t inputs;   /* at least 1 */
    int32_t channels; /* at least 1 */
    eg_output_mve output;
} eg_matmul_mve;

/* Every channel at two positions, a and b; the outputs may be the same. */
void eg_multiply_pair_mve(const eg_matmul_mve *matrix, const int8_t *input_a, const int8_t *input_b,
                          int8_t *output_a, int8_t *output_b);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_MVE_MATMUL_H */
