/* Floats with AVX2, and without FMA. isa/f32_c.h is the manual. */
#ifndef EDGEGEN_NN_SIMD_ISA_F32_AVX2_H
#define EDGEGEN_NN_SIMD_ISA_F32_AVX2_H

#include "edgegen/exact_float.h"

#define EG_F(function) function##_avx2
#define EG_F_LANES 8
#define EG_F_POSITIONS 6

#if defined(__AVX2__)

#include <immintrin.h>
#include <stdint.h>

#define EG_F_INLINE static inline __attribute__((always_inline))
#define EG_F_ALONE static __attribute__((noinline))

#ifdef __cplusplus
extern "C" {
#endif

typedef __m256 eg_f_vector;

EG_F_INLINE eg_f_vector eg_f_load(const float *from)
{
    return _mm256_loadu_ps(from);
}

EG_F_INLINE void eg_f_save(float *to, eg_f_vector x)
{
    _mm256_storeu_ps(to, x);
}

EG_F_INLINE eg_f_vector eg_f_fill(float value)
{
    return _mm256_set1_ps(value);
}

EG_F_INLINE eg_f_vector eg_f_spread(const float *from)
{
    return _mm256_broadcast_ss(from);
}

EG_F_INLINE eg_f_vector eg_f_add(eg_f_vector a, eg_f_vector b)
{
    return _mm256_add_ps(a, b);
}

EG_F_INLINE eg_f_vector eg_f_subtract(eg_f_vector a, eg_f_vector b)
{
    return _mm256_sub_ps(a, b);
}

EG_F_INLINE eg_f_vector eg_f_multiply(eg_f_vector a, eg_f_vector b)
{
    return _mm256_mul_ps(a, b);
}

EG_F_INLINE eg_f_vector eg_f_divide(eg_f_vector a, eg_f_vector b)
{
    return _mm256_div_ps(a, b);
}

EG_F_INLINE eg_f_vector eg_f_max(eg_f_vector a, eg_f_vector b)
{
    return _mm256_max_ps(a, b);
}

EG_F_INLINE eg_f_vector eg_f_min(eg_f_vector a, eg_f_vector b)
{
    return _mm256_min_ps(a, b);
}

EG_F_INLINE eg_f_vector eg_f_if_positive(eg_f_vector a, eg_f_vector b)
{
    return _mm256_blendv_ps(b, a, _mm256_cmp_ps(a, _mm256_setzero_ps(), _CMP_GT_OQ));
}

EG_F_INLINE eg_f_vector eg_f_shifted(eg_f_vector x)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(x), 23));
}

#ifdef __cplusplus
}
#endif

#else
#include "edgegen/nn/simd/isa/f32_c.h"
#endif

#endif /* EDGEGEN_NN_SIMD_ISA_F32_AVX2_H */
