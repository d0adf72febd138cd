/* Any function of one int8 value: output[i] = table[input[i] + 128].
 *
 * edgegen fills the table when it generates the code, with TFLM's own fixed-point steps, so that
 * RELU, LOGISTIC, TANH and the like all cost one load per element. Output may be the input's own
 * memory.
 */
#ifndef EDGEGEN_NN_LOOKUP_H
#define EDGEGEN_NN_LOOKUP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_lookup_s8 {
    int32_t elements;
    const int8_t *table; /* [256] */
} eg_lookup_s8;

void eg_run_lookup_s8(const eg_lookup_s8 *layer, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_LOOKUP_H */
