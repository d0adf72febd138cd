/* L2_NORMALIZATION and LOG_SOFTMAX: every row relative to a sum over that row.
 *
 * Output may be the input's own memory.
 */
#ifndef EDGEGEN_NN_ROW_NORM_H
#define EDGEGEN_NN_ROW_NORM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_row_norm {
    int32_t rows;
    int32_t depth;        /* elements of a row */
    int32_t input_offset; /* minus its zero point; unused for floats */
} eg_row_norm;

/* output = 128 * x / sqrt(sum of x^2) with x = input + input_offset, by TFLM's five Newton steps
 * in fixed point. */
void eg_run_l2_normalization_s8(const eg_row_norm *layer, const int8_t *input, int8_t *output);

/* output = x / max(sqrt(sum of x^2), 1e-6) */
void eg_run_l2_normalization_f32(const eg_row_norm *layer, const float *input, float *output);

/* output = x - max - log(sum of exp(x - max)) */
void eg_run_log_softmax_f32(const eg_row_norm *layer, const float *input, float *output);

/* The same on int8, with output scale 1/16 and zero point 127.
 *
 * exp_table[d] = exp(-d * scale) in Q12.19 for an input d steps below the row's largest; what is
 * not in it rounds to 0. Rows have 4095 elements at most, so that the sum fits into 32 bits. */
typedef struct eg_log_softmax_s8 {
    int32_t rows;
    int32_t depth;
    const int32_t *exp_table;
    int32_t exp_table_size; /* 1..256 */
    int32_t multiplier;     /* of a distance in steps, to Q5.26 */
    int32_t shift;
    int32_t steps_multiplier; /* of a number in Q5.26, back to steps */
    int32_t steps_shift;
    int32_t furthest; /* a distance of which nothing is left, negative */
} eg_log_softmax_s8;

void eg_run_log_softmax_s8(const eg_log_softmax_s8 *layer, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_ROW_NORM_H */
