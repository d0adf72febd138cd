/* Sums, differences and products for the instruction set that was included before. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_BINARY_F32_H
#define EDGEGEN_NN_SIMD_KERNELS_BINARY_F32_H

#include "edgegen/nn/simd/elementwise_f32.h"
#include "edgegen/nn/simd/kernels/vector_f32.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A vector of an input, which is one value if its step is 0. */
EG_F_INLINE eg_f_vector eg_f_next(const float *x, int32_t step, int32_t i)
{
    return step == 0 ? eg_f_spread(x) : eg_f_load(x + i);
}

/* An operator on rows: of vectors by FUNCTION, and what is left over by SIGN. */
#define EG_F_BINARY(OPERATOR, FUNCTION, SIGN)                                                      \
    static void OPERATOR##_row(const void *description, const void *input1, int32_t step1,         \
                               const void *input2, int32_t step2, void *output, int32_t length)    \
    {                                                                                              \
        const eg_binary_f32 *const layer = (const eg_binary_f32 *)description;                     \
        const eg_f_limits limits = eg_f_load_limits(layer->activation_min, layer->activation_max); \
        const float *const in1 = (const float *)input1;                                            \
        const float *const in2 = (const float *)input2;                                            \
        float *const out = (float *)output;                                                        \
        int32_t i = 0;                                                                             \
                                                                                                   \
        for (; i + EG_F_LANES <= length; i += EG_F_LANES) {                                        \
            const eg_f_vector x1 = eg_f_next(in1, step1, i);                                       \
            const eg_f_vector x2 = eg_f_next(in2, step2, i);                                       \
                                                                                                   \
            eg_f_save(out + i, eg_f_clamp(FUNCTION(x1, x2), &limits));                             \
        }                                                                                          \
        for (; i < length; ++i) {                                                                  \
            out[i] = eg_clamp_f32(in1[i * step1] SIGN in2[i * step2], layer->activation_min,       \
                                  layer->activation_max);                                          \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    void EG_F(eg_run_##OPERATOR##_f32)(const eg_binary_f32 *layer, const float *input1,            \
                                       const float *input2, float *output)                         \
    {                                                                                              \
        eg_for_each_row(&layer->shape, sizeof *output, OPERATOR##_row, layer, input1, input2,      \
                        output);                                                                   \
    }

EG_F_BINARY(add, eg_f_add, +)
EG_F_BINARY(sub, eg_f_subtract, -)
EG_F_BINARY(mul, eg_f_multiply, *)
#undef EG_F_BINARY

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_BINARY_F32_H */
