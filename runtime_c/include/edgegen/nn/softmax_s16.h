/* SOFTMAX over the last dimension of int16, as softmax.h says.
 *
 * Output may be the input's own memory.
 */
#ifndef EDGEGEN_NN_SOFTMAX_S16_H
#define EDGEGEN_NN_SOFTMAX_S16_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* int16 to int16 with output scale 1/32768; zero points are 0. At most 65536 columns.
 *
 * The difference to the row's largest input, times multiplier * 2^(shift - 31), counts steps of
 * 10/65535, in which exp_table holds the exponential in Q0.15. The reciprocal of their sum, brought
 * to 1 + x, comes from a table as well. Both are eg_interpolate_s16's. */
typedef struct eg_softmax_s16 {
    int32_t rows;
    int32_t columns;
    int32_t multiplier;
    int32_t shift;
    const int16_t *exp_table;        /* [513]: exp(x) for x from -10 to 0 */
    const int16_t *reciprocal_table; /* [513]: 1 / (1 + x) for x from 0 to 1 */
} eg_softmax_s16;

void eg_run_softmax_s16(const eg_softmax_s16 *layer, const int16_t *input, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SOFTMAX_S16_H */
