/* Floats with NEON of AArch64. isa/f32_c.h is the manual.
 *
 * Armv7-A's NEON takes denormal numbers for zeros, and does not divide: there the twin stands for
 * it, whose sums fit the 32 registers of its scalar unit. */
#ifndef EDGEGEN_NN_SIMD_ISA_F32_NEON_H
#define EDGEGEN_NN_SIMD_ISA_F32_NEON_H

#include "edgegen/exact_float.h"

#define EG_F(function) function##_neon
#define EG_F_LANES 4
#if defined(__aarch64__)
#define EG_F_POSITIONS 6
#else
#define EG_F_POSITIONS 2
#endif

#if defined(__aarch64__) && defined(__ARM_NEON)

#include <arm_neon.h>
#include <stdint.h>

#define EG_F_INLINE static inline __attribute__((always_inline))
#define EG_F_ALONE static __attribute__((noinline))

#ifdef __cplusplus
extern "C" {
#endif

typedef float32x4_t eg_f_vector;

EG_F_INLINE eg_f_vector eg_f_load(const float *from)
{
    return vld1q_f32(from);
}

EG_F_INLINE void eg_f_save(float *to, eg_f_vector x)
{
    vst1q_f32(to, x);
}

EG_F_INLINE eg_f_vector eg_f_fill(float value)
{
    return vdupq_n_f32(value);
}

EG_F_INLINE eg_f_vector eg_f_spread(const float *from)
{
    return vld1q_dup_f32(from);
}

EG_F_INLINE eg_f_vector eg_f_add(eg_f_vector a, eg_f_vector b)
{
    return vaddq_f32(a, b);
}

EG_F_INLINE eg_f_vector eg_f_subtract(eg_f_vector a, eg_f_vector b)
{
    return vsubq_f32(a, b);
}

EG_F_INLINE eg_f_vector eg_f_multiply(eg_f_vector a, eg_f_vector b)
{
    return vmulq_f32(a, b);
}

EG_F_INLINE eg_f_vector eg_f_divide(eg_f_vector a, eg_f_vector b)
{
    return vdivq_f32(a, b);
}

EG_F_INLINE eg_f_vector eg_f_max(eg_f_vector a, eg_f_vector b)
{
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}

EG_F_INLINE eg_f_vector eg_f_min(eg_f_vector a, eg_f_vector b)
{
    return vbslq_f32(vcltq_f32(a, b), a, b);
}

EG_F_INLINE eg_f_vector eg_f_if_positive(eg_f_vector a, eg_f_vector b)
{
    return vbslq_f32(vcgtq_f32(a, vdupq_n_f32(0.0f)), a, b);
}

EG_F_INLINE eg_f_vector eg_f_shifted(eg_f_vector x)
{
    return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(x), 23));
}

#ifdef __cplusplus
}
#endif

#else
#include "edgegen/nn/simd/isa/f32_c.h"
#endif

#endif /* EDGEGEN_NN_SIMD_ISA_F32_NEON_H */
