/* eg_run_logistic_f32 for the instruction set that was included before. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_LOGISTIC_F32_H
#define EDGEGEN_NN_SIMD_KERNELS_LOGISTIC_F32_H

#include "edgegen/nn/simd/exponential_f32.h"
#include "edgegen/nn/simd/kernels/exponential_f32.h"

#ifdef __cplusplus
extern "C" {
#endif

EG_F_INLINE eg_f_vector eg_f_logistic(eg_f_vector x)
{
    const eg_f_vector one = eg_f_fill(1.0f);
    const eg_f_vector minus_x = eg_f_subtract(eg_f_fill(0.0f), x);

    return eg_f_divide(one, eg_f_add(one, eg_f_exp(minus_x)));
}

void EG_F(eg_run_logistic_f32)(const eg_activation_f32 *layer, const float *input, float *output)
{
    int32_t i = 0;

    for (; i + EG_F_LANES <= layer->elements; i += EG_F_LANES) {
        eg_f_save(output + i, eg_f_logistic(eg_f_load(input + i)));
    }
    if (i < layer->elements) {
        const int32_t count = layer->elements - i;

        eg_f_save_some(output + i, eg_f_logistic(eg_f_load_some(input + i, count)), count);
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_LOGISTIC_F32_H */
