/* int8 matrix products with the DSP instructions: the core of the fast convolutions and fully
 * connected layers.
 *
 * The weights of two channels a and b share a halfword, 256 * a[k] + b[k]. One SMLAD over two of
 * them adds 256 * A + B to a sum; SXTB16 leaves the b alone, and another SMLAD adds B. In the end
 * A = (256 * A + B - B) / 256: four weights cost one unpacking instead of two, and no more flash
 * than bytes do. Exact modulo 2^32 while |A| < 2^23 and while every halfword is an int16, which
 * the generator proves.
 *
 * Inputs are widened to halfwords once, and then serve all channels. A group is four of them, in
 * the order 0, 2, 1, 3 in which SXTB16 finds them.
 */
#ifndef EDGEGEN_NN_DSP_MATMUL_H
#define EDGEGEN_NN_DSP_MATMUL_H

#include <stdint.h>

#include "edgegen/isa_dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    EG_GROUP = 4, /* inputs */
    EG_CHANNELS_PER_BLOCK = 4,
    EG_PAIR_GROUP_WORDS = 4 /* of widened inputs, for two positions */
};

/* A matrix. For every block of four channels the stream holds the weights, groups * 4 words:
 *
 *   for each group, for its inputs (0, 2), then (1, 3):
 *     a word of channels 0 and 1, a word of channels 2 and 3 (an even channel is the a)
 *
 * and what requantises them, before and behind the weights as `multiply` wants it. Missing
 * channels have weights of 0. */
typedef struct eg_matmul_dsp {
    const int32_t *stream;
    int32_t groups;
    int32_t blocks; /* at least 1 */
    void (*multiply)(const struct eg_matmul_dsp *matrix, const uint32_t *words, int8_t *output_a,
                     int8_t *output_b); /* one of those below */
} eg_matmul_dsp;

/* Widens a group of two positions. Returns the end. */
static inline uint32_t *eg_widen_group(const int8_t *a, const int8_t *b, uint32_t *words)
{
    const uint32_t of_a = eg_load_word(a);
    const uint32_t of_b = eg_load_word(b);

    words = eg_store_two(words, eg_sxtb16(of_a), eg_sxtb16(of_b));
    return eg_store_two(words, eg_sxtb16_odd(of_a), eg_sxtb16_odd(of_b));
}

/* Widens the inputs of two positions: words (input pair of a, the same of b). Returns the end. */
uint32_t *eg_widen_pair(const int8_t *a, const int8_t *b, int32_t groups, uint32_t *words);

/* Every channel at the two positions that eg_widen_pair has prepared; the missing ones too, so
 * that 4 * blocks bytes are written to each output. The two may be the same. */
static inline void eg_multiply_pair(const eg_matmul_dsp *matrix, const uint32_t *words,
                                    int8_t *output_a, int8_t *output_b)
{
    matrix->multiply(matrix, words, output_a, output_b);
}

/* Behind the weights comes an eg_requantize_dsp for each channel (nn/dsp/requantize.h). */
void eg_multiply_pair_rounded(const eg_matmul_dsp *matrix, const uint32_t *words, int8_t *output_a,
                              int8_t *output_b);

/* With fitted constants (nn/dsp/requantize.h), which cost fewer instructions. Before the weights
 * come the biases of channels 0 and 2, behind them those of 1 and 3, and then multiplier and
 * constant of each. */
void eg_multiply_pair_fitted(const eg_matmul_dsp *matrix, const uint32_t *words, int8_t *output_a,
                             int8_t *output_b);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_DSP_MATMUL_H */
