/* eg_run_leaky_relu_f32 for the instruction set that was included before. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_LEAKY_RELU_F32_H
#define EDGEGEN_NN_SIMD_KERNELS_LEAKY_RELU_F32_H

#include "edgegen/nn/simd/elementwise_f32.h"
#include "edgegen/nn/simd/kernels/vector_f32.h"

#ifdef __cplusplus
extern "C" {
#endif

EG_F_INLINE eg_f_vector eg_f_leaky(eg_f_vector x, float alpha)
{
    return eg_f_if_positive(x, eg_f_multiply(x, eg_f_fill(alpha)));
}

void EG_F(eg_run_leaky_relu_f32)(const eg_leaky_relu_f32 *layer, const float *input, float *output)
{
    const float alpha = layer->alpha;
    int32_t i = 0;

    for (; i + EG_F_LANES <= layer->elements; i += EG_F_LANES) {
        eg_f_save(output + i, eg_f_leaky(eg_f_load(input + i), alpha));
    }
    if (i < layer->elements) {
        const int32_t count = layer->elements - i;

        eg_f_save_some(output + i, eg_f_leaky(eg_f_load_some(input + i, count), alpha), count);
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_LEAKY_RELU_F32_H */
