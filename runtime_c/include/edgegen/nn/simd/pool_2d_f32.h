/* Float pools and means over pixels with vectors of channels: at least EG_F_LANES of them. Bit for
 * bit what the portable kernels compute. */
#ifndef EDGEGEN_NN_SIMD_POOL_2D_F32_H
#define EDGEGEN_NN_SIMD_POOL_2D_F32_H

#include "edgegen/nn/mean.h"
#include "edgegen/nn/pool_2d.h"
#include "edgegen/nn/simd/isa/f32_names.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Those of nn/pool_2d.h, pixel by pixel. The output may lie over inputs that neither its own pixel
 * nor a later one takes. */
#define EG_POOL_2D_F32(NAME)                                                                       \
    void eg_run_average_pool_2d_f32_##NAME(const eg_pool_2d_f32 *layer, const float *input,        \
                                           float *output);                                         \
    void eg_run_max_pool_2d_f32_##NAME(const eg_pool_2d_f32 *layer, const float *input,            \
                                       float *output)
EG_SIMD_F32_FUNCTIONS(EG_POOL_2D_F32);

/* That of nn/mean.h, where the innermost dimension stays: kept_stride[2] is 1. */
#define EG_MEAN_F32(NAME)                                                                          \
    void eg_run_mean_f32_##NAME(const eg_mean_f32 *layer, const float *input, float *output)
EG_SIMD_F32_FUNCTIONS(EG_MEAN_F32);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_POOL_2D_F32_H */
