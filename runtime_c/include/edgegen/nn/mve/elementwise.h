/* int8 elementwise operators with Helium. */
#ifndef EDGEGEN_NN_MVE_ELEMENTWISE_H
#define EDGEGEN_NN_MVE_ELEMENTWISE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ADD or SUB of two tensors of one shape as one linear function, which the generator has compared
 * with eg_run_add_s8 for all 65,536 pairs of inputs:
 *
 *   output = saturate((input1 * factor1 + input2 * factor2 + constant) >> shift) */
typedef struct eg_add_s8_mve {
    int32_t elements; /* at least 1 */
    int32_t factor1;
    int32_t factor2;
    int32_t constant;
    int32_t shift; /* 0..24 */
} eg_add_s8_mve;

/* The output may overwrite either input. */
void eg_run_add_s8_mve(const eg_add_s8_mve *layer, const int8_t *input1, const int8_t *input2,
                       int8_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_MVE_ELEMENTWISE_H */
