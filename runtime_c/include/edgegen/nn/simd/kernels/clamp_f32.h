/* eg_run_clamp_f32 for the instruction set that was included before. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_CLAMP_F32_H
#define EDGEGEN_NN_SIMD_KERNELS_CLAMP_F32_H

#include "edgegen/nn/simd/elementwise_f32.h"
#include "edgegen/nn/simd/kernels/vector_f32.h"

#ifdef __cplusplus
extern "C" {
#endif

void EG_F(eg_run_clamp_f32)(const eg_clamp_layer_f32 *layer, const float *input, float *output)
{
    const eg_f_limits limits = eg_f_load_limits(layer->low, layer->high);
    int32_t i = 0;

    for (; i + EG_F_LANES <= layer->elements; i += EG_F_LANES) {
        eg_f_save(output + i, eg_f_clamp(eg_f_load(input + i), &limits));
    }
    for (; i < layer->elements; ++i) {
        output[i] = eg_clamp_f32(input[i], layer->low, layer->high);
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_CLAMP_F32_H */
