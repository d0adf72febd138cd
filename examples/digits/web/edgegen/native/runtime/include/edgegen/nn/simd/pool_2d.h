/* int8 pools and means over pixels with vectors of channels: at least EG_V_LANES of them. */
#ifndef EDGEGEN_NN_SIMD_POOL_2D_H
#define EDGEGEN_NN_SIMD_POOL_2D_H

#include <stdint.h>

#include "edgegen/nn/mean.h"
#include "edgegen/nn/pool_2d.h"
#include "edgegen/nn/simd/isa/names.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What eg_run_average_pool_2d_s8 and eg_run_max_pool_2d_s8 compute, pixel by pixel. The output may
 * lie over inputs that neither its own pixel nor a later one takes. */
#define EG_POOL_2D_S8(NAME)                                                                        \
    void eg_run_average_pool_2d_s8_##NAME(const eg_pool_2d_s8 *layer, const int8_t *input,         \
                                          int8_t *output);                                         \
    void eg_run_max_pool_2d_s8_##NAME(const eg_pool_2d_s8 *layer, const int8_t *input,             \
                                      int8_t *output)
EG_SIMD_FUNCTIONS(EG_POOL_2D_S8);

/* What eg_run_mean_s8 computes, where the innermost dimension stays: kept_stride[2] is 1. Input and
 * output must not overlap. */
#define EG_MEAN_S8(NAME)                                                                           \
    void eg_run_mean_s8_##NAME(const eg_mean_s8 *layer, const int8_t *input, int8_t *output)
EG_SIMD_FUNCTIONS(EG_MEAN_S8);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_POOL_2D_H */
