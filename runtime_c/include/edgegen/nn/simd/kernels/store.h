/* What is stored where channels do not fill a vector. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_STORE_H
#define EDGEGEN_NN_SIMD_KERNELS_STORE_H

#ifndef EG_V
#include "edgegen/nn/simd/isa/c.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The first `count` outputs of a vector. */
EG_V_INLINE void eg_v_store_some(int8_t *to, eg_v_sums sums, const eg_v_limits *limits,
                                 int32_t count)
{
    int8_t all[EG_V_LANES];

    eg_v_store(all, sums, limits);
    memcpy(to, all, (size_t)count);
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_STORE_H */
