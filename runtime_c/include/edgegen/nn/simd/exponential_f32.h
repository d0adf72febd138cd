/* Float softmax and logistic function with vectors.
 *
 * Their exponentials are computed here, to 3e-7 of each, and with the same bits by every
 * instruction set; the portable kernels take the C library's. Exponents below -87.3 count as that,
 * and their exponentials are 1.2e-38; a NaN stays a NaN.
 */
#ifndef EDGEGEN_NN_SIMD_EXPONENTIAL_F32_H
#define EDGEGEN_NN_SIMD_EXPONENTIAL_F32_H

#include "edgegen/nn/activation_f32.h"
#include "edgegen/nn/simd/isa/f32_names.h"
#include "edgegen/nn/softmax.h"

#ifdef __cplusplus
extern "C" {
#endif

/* That of nn/softmax.h, with a beta of 0 or more. */
#define EG_SOFTMAX_F32(NAME)                                                                       \
    void eg_run_softmax_f32_##NAME(const eg_softmax_f32 *layer, const float *input, float *output)
EG_SIMD_F32_FUNCTIONS(EG_SOFTMAX_F32);

/* output = 1 / (1 + exp(-input)). The output may be the input itself. */
#define EG_LOGISTIC_F32(NAME)                                                                      \
    void eg_run_logistic_f32_##NAME(const eg_activation_f32 *layer, const float *input,            \
                                    float *output)
EG_SIMD_F32_FUNCTIONS(EG_LOGISTIC_F32);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_EXPONENTIAL_F32_H */
