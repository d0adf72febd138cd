/* Comparisons of two arrays, and logic on two arrays of truth values, with broadcasting.
 *
 * The output holds 0 or 1 in a byte each. It may be the memory of an int8 or uint8 input that is
 * not repeated.
 */
#ifndef EDGEGEN_NN_COMPARISON_H
#define EDGEGEN_NN_COMPARISON_H

#include <stdint.h>

#include "edgegen/nn/broadcast.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How a pair can be ordered; NOT_EQUAL, for one, accepts EG_LESS | EG_GREATER | EG_UNORDERED. */
enum {
    EG_LESS = 1,
    EG_EQUAL = 2,
    EG_GREATER = 4,
    EG_UNORDERED = 8 /* one of both is NaN */
};

/* output = 1 where the order of scale1((input1 + offset1) * 2^8) and scale2((input2 + offset2) *
 * 2^8) is accepted; scale1 and scale2 are eg_multiply_by_quantized_multiplier with their factors,
 * which are the inputs' own scales. */
typedef struct eg_comparison_s8 {
    eg_broadcast shape;
    int32_t accepts;       /* EG_LESS and so on, or'ed */
    int32_t input1_offset; /* minus its zero point */
    int32_t input1_multiplier;
    int32_t input1_shift;
    int32_t input2_offset;
    int32_t input2_multiplier;
    int32_t input2_shift;
} eg_comparison_s8;

void eg_run_comparison_s8(const eg_comparison_s8 *layer, const int8_t *input1, const int8_t *input2,
                          uint8_t *output);

/* output = 1 where the order of both is accepted. */
typedef struct eg_comparison {
    eg_broadcast shape;
    int32_t accepts; /* EG_LESS and so on, or'ed */
} eg_comparison;

void eg_run_comparison_f32(const eg_comparison *layer, const float *input1, const float *input2,
                           uint8_t *output);
void eg_run_comparison_s32(const eg_comparison *layer, const int32_t *input1, const int32_t *input2,
                           uint8_t *output);

/* output = bit 2 * input1 + input2 of the truth table, where any byte but 0 counts as 1: 8 is AND,
 * 14 is OR, 9 is EQUAL, 6 is NOT_EQUAL, and 1 with the same array twice is NOT. */
typedef struct eg_logic {
    eg_broadcast shape;
    int32_t truth_table;
} eg_logic;

void eg_run_logic(const eg_logic *layer, const uint8_t *input1, const uint8_t *input2,
                  uint8_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_COMPARISON_H */
