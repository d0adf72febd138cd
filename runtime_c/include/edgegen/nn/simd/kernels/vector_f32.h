/* What float kernels have in common. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_VECTOR_F32_H
#define EDGEGEN_NN_SIMD_KERNELS_VECTOR_F32_H

#ifndef EG_F
#include "edgegen/nn/simd/isa/f32_c.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What outputs are clamped to. */
typedef struct eg_f_limits {
    eg_f_vector low;
    eg_f_vector high;
} eg_f_limits;

EG_F_INLINE eg_f_limits eg_f_load_limits(float low, float high)
{
    eg_f_limits limits;

    limits.low = eg_f_fill(low);
    limits.high = eg_f_fill(high);
    return limits;
}

/* eg_clamp_f32 of every lane. */
EG_F_INLINE eg_f_vector eg_f_clamp(eg_f_vector x, const eg_f_limits *limits)
{
    return eg_f_min(limits->high, eg_f_max(limits->low, x));
}

/* Where the vector of channels at `channel` begins: the last one ends with the last channel. */
static inline int32_t eg_f_begin(int32_t channel, int32_t channels)
{
    return channel < channels - EG_F_LANES ? channel : channels - EG_F_LANES;
}

/* The first `count` lanes, less than all; the others are 0. */
static inline eg_f_vector eg_f_load_some(const float *from, int32_t count)
{
    float all[EG_F_LANES] = {0.0f};

    for (int32_t i = 0; i < count; ++i) {
        all[i] = from[i];
    }
    return eg_f_load(all);
}

static inline void eg_f_save_some(float *to, eg_f_vector x, int32_t count)
{
    float all[EG_F_LANES];

    eg_f_save(all, x);
    for (int32_t i = 0; i < count; ++i) {
        to[i] = all[i];
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_VECTOR_F32_H */
