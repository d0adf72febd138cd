/* Softmax over rows:
 *
 *   output[r][i] = exp(beta * input[r][i]) / sum over j of exp(beta * input[r][j])
 *
 * The output may be the input itself; otherwise they must not overlap.
 */
#ifndef EDGEGEN_NN_SOFTMAX_H
#define EDGEGEN_NN_SOFTMAX_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* int8 to int8 with output scale 1/256 and zero point -128.
 *
 * Beta and the input's scale live in the table: exp_table[d] = exp(-d * scale * beta) in Q0.31 for
 * an input d steps below the row's largest. The table ends where exp() gets so small that it shows
 * neither in the sum nor in an output. At most 8191 columns, so that the sum of exponentials, in
 * Q12.19, fits into 32 bits. */
typedef struct eg_softmax_s8 {
    int32_t rows;
    int32_t columns;
    const int32_t *exp_table;
    int32_t exp_table_size; /* 1..256 */
} eg_softmax_s8;

void eg_run_softmax_s8(const eg_softmax_s8 *layer, const int8_t *input, int8_t *output);

typedef struct eg_softmax_f32 {
    int32_t rows;
    int32_t columns;
    float beta;
} eg_softmax_f32;

void eg_run_softmax_f32(const eg_softmax_f32 *layer, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SOFTMAX_H */
