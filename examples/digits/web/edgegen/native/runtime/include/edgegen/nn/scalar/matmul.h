/* int8 matrix products for cores that multiply one pair of numbers at a time (Armv6-M, Armv7-M):
 * the core of their convolutions and fully connected layers.
 *
 * Two positions, two products to a multiplication: with the inputs a and b of two positions in one
 * word, x = 2^16 * a + b, a weight w makes x * w = 2^16 * (a * w) + b * w. Two such products have
 * room: |w| + |w'| <= 255, which the generator proves, keeps both halves of their sum, with 2^15
 * added to it, apart. Then
 *
 *   whole += sum       gathers 2^16 * A + B + 2^15 * the number of sums, modulo 2^32,
 *   upper += sum >> 16 gathers A,
 *
 * and in the end whole - 2^16 * upper is B. Products and sums are exact modulo 2^32.
 */
#ifndef EDGEGEN_NN_SCALAR_MATMUL_H
#define EDGEGEN_NN_SCALAR_MATMUL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EG_INPUTS_PER_TURN = 4 };

typedef struct eg_matrix_scalar {
    const int8_t *weights;   /* [channels][inputs] */
    const int32_t *channels; /* [output_depth][EG_CHANNEL_WORDS or EG_FITTED_WORDS] */
    int32_t inputs;          /* at least 4, a multiple of EG_INPUTS_PER_TURN */
    int32_t output_depth;    /* at least 1 */
    int32_t is_fitted;       /* which way its outputs are requantised: see requantize.h */
} eg_matrix_scalar;

/* Makes words of the inputs of two positions: words[i] = 2^16 * a[i] + b[i]. Returns the end. */
int32_t *eg_join_inputs(const int8_t *a, const int8_t *b, int32_t inputs, int32_t *words);

/* Every channel at the two positions of eg_join_inputs. The outputs may be the same, and then
 * have what belongs to a. */
void eg_multiply_joined(const eg_matrix_scalar *matrix, const int32_t *words, int8_t *output_a,
                        int8_t *output_b);

/* sums[i] = x[0] * w[i][0] + ... + x[inputs - 1] * w[i][inputs - 1], modulo 2^32, where w[i]
 * begins at rows[i]; inputs is at least 1. */
void eg_dot_products_scalar(const int8_t *x, const int8_t *const rows[4], int32_t inputs,
                            uint32_t sums[4]);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SCALAR_MATMUL_H */
