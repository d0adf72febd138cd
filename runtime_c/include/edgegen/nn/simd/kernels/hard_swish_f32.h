/* eg_run_hard_swish_f32 for the instruction set that was included before. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_HARD_SWISH_F32_H
#define EDGEGEN_NN_SIMD_KERNELS_HARD_SWISH_F32_H

#include "edgegen/nn/simd/elementwise_f32.h"
#include "edgegen/nn/simd/kernels/vector_f32.h"

#ifdef __cplusplus
extern "C" {
#endif

EG_F_INLINE eg_f_vector eg_f_hard_swish(eg_f_vector x)
{
    const eg_f_limits limits = eg_f_load_limits(0.0f, 6.0f);
    const eg_f_vector gate = eg_f_clamp(eg_f_add(x, eg_f_fill(3.0f)), &limits);

    return eg_f_divide(eg_f_multiply(x, gate), eg_f_fill(6.0f));
}

void EG_F(eg_run_hard_swish_f32)(const eg_activation_f32 *layer, const float *input, float *output)
{
    int32_t i = 0;

    for (; i + EG_F_LANES <= layer->elements; i += EG_F_LANES) {
        eg_f_save(output + i, eg_f_hard_swish(eg_f_load(input + i)));
    }
    if (i < layer->elements) {
        const int32_t count = layer->elements - i;

        eg_f_save_some(output + i, eg_f_hard_swish(eg_f_load_some(input + i, count)), count);
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_HARD_SWISH_F32_H */
