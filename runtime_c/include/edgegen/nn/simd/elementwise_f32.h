/* Float elementwise operators with vectors: bit for bit what the portable kernels compute. */
#ifndef EDGEGEN_NN_SIMD_ELEMENTWISE_F32_H
#define EDGEGEN_NN_SIMD_ELEMENTWISE_F32_H

#include "edgegen/nn/activation_f32.h"
#include "edgegen/nn/elementwise.h"
#include "edgegen/nn/simd/isa/f32_names.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Those of nn/elementwise.h. */
#define EG_BINARY_F32(NAME)                                                                        \
    void eg_run_add_f32_##NAME(const eg_binary_f32 *layer, const float *input1,                    \
                               const float *input2, float *output);                                \
    void eg_run_sub_f32_##NAME(const eg_binary_f32 *layer, const float *input1,                    \
                               const float *input2, float *output);                                \
    void eg_run_mul_f32_##NAME(const eg_binary_f32 *layer, const float *input1,                    \
                               const float *input2, float *output)
EG_SIMD_F32_FUNCTIONS(EG_BINARY_F32);

/* Those of nn/activation_f32.h. */
#define EG_CLAMP_F32(NAME)                                                                         \
    void eg_run_clamp_f32_##NAME(const eg_clamp_layer_f32 *layer, const float *input, float *output)
EG_SIMD_F32_FUNCTIONS(EG_CLAMP_F32);

#define EG_LEAKY_RELU_F32(NAME)                                                                    \
    void eg_run_leaky_relu_f32_##NAME(const eg_leaky_relu_f32 *layer, const float *input,          \
                                      float *output)
EG_SIMD_F32_FUNCTIONS(EG_LEAKY_RELU_F32);

/* output = input * min(max(input + 3, 0), 6) / 6, as eg_hard_swish_f32 of nn/map_f32.h. The output
 * may be the input itself. */
#define EG_HARD_SWISH_F32(NAME)                                                                    \
    void eg_run_hard_swish_f32_##NAME(const eg_activation_f32 *layer, const float *input,          \
                                      float *output)
EG_SIMD_F32_FUNCTIONS(EG_HARD_SWISH_F32);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_ELEMENTWISE_F32_H */
