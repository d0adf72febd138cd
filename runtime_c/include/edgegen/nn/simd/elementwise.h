/* int8 elementwise operators with vectors. */
#ifndef EDGEGEN_NN_SIMD_ELEMENTWISE_H
#define EDGEGEN_NN_SIMD_ELEMENTWISE_H

#include <stdint.h>

#include "edgegen/nn/elementwise.h"
#include "edgegen/nn/simd/isa/names.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What eg_run_add_linear_s8 computes. The output may be one of the inputs; otherwise it must not
 * overlap them. */
#define EG_ADD_LINEAR_S8(NAME)                                                                     \
    void eg_run_add_linear_s8_##NAME(const eg_add_linear_s8 *layer, const int8_t *input1,          \
                                     const int8_t *input2, int8_t *output)
EG_SIMD_FUNCTIONS(EG_ADD_LINEAR_S8);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_ELEMENTWISE_H */
