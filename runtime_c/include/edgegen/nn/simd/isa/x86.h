/* What AVX2 and VNNI have in common: vectors of 256 bits. isa/c.h is the manual. */
#ifndef EDGEGEN_NN_SIMD_ISA_X86_H
#define EDGEGEN_NN_SIMD_ISA_X86_H

#if defined(__AVX2__)
#define EG_HAS_AVX2 1
#else
#define EG_HAS_AVX2 0
#endif

#if EG_HAS_AVX2

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "edgegen/fixed_point.h"

#define EG_V_INPUT_S16 1
#define EG_V_INPUT_S8 2
#define EG_V_INPUT_U8 3

#define EG_V_INLINE static inline __attribute__((always_inline))
#define EG_V_ALONE static __attribute__((noinline, unused))

#ifdef __cplusplus
extern "C" {
#endif

typedef __m256i eg_v_sums;
typedef __m256i eg_v_groups;

typedef struct eg_v_scale {
    __m256i multiplier;
    __m256i odd_multiplier;
    __m256i even_constant; /* 2^30 + 2^(n+30) + zero_point * 2^(n+31) */
    __m256i odd_constant;
    __m256i half; /* 2^(n-1), of 0 0 */
    __m256i sign_shift;
    __m256i shift;
    __m256i zero_point;
} eg_v_scale;

typedef struct eg_v_limits {
    __m128i low;
    __m128i high;
} eg_v_limits;

EG_V_INLINE __m256i eg_v_load_256(const void *from)
{
    return _mm256_loadu_si256((const __m256i *)from);
}

EG_V_INLINE __m128i eg_v_load_128(const void *from)
{
    return _mm_loadu_si128((const __m128i *)from);
}

EG_V_INLINE __m128i eg_v_load_64(const void *from)
{
    return _mm_loadl_epi64((const __m128i *)from);
}

EG_V_INLINE __m256i eg_v_spread_32(const void *from)
{
    int32_t word;

    memcpy(&word, from, sizeof word);
    return _mm256_set1_epi32(word);
}

EG_V_INLINE eg_v_sums eg_v_load(const int32_t *from)
{
    return eg_v_load_256(from);
}

EG_V_INLINE void eg_v_save(int32_t *to, eg_v_sums sums)
{
    _mm256_storeu_si256((__m256i *)to, sums);
}

EG_V_INLINE eg_v_sums eg_v_fill(int32_t value)
{
    return _mm256_set1_epi32(value);
}

EG_V_INLINE eg_v_sums eg_v_widen(const int8_t *from)
{
    return _mm256_cvtepi8_epi32(eg_v_load_64(from));
}

EG_V_INLINE eg_v_sums eg_v_add(eg_v_sums a, eg_v_sums b)
{
    return _mm256_add_epi32(a, b);
}

EG_V_INLINE eg_v_sums eg_v_max(eg_v_sums a, eg_v_sums b)
{
    return _mm256_max_epi32(a, b);
}

EG_V_INLINE eg_v_sums eg_v_multiply(eg_v_sums a, eg_v_sums b)
{
    return _mm256_mullo_epi32(a, b);
}

EG_V_INLINE eg_v_sums eg_v_shift_left(eg_v_sums a, int32_t shift)
{
    return _mm256_sll_epi32(a, _mm_cvtsi32_si128(shift));
}

EG_V_INLINE eg_v_sums eg_v_shift_right(eg_v_sums a, int32_t shift)
{
    return _mm256_sra_epi32(a, _mm_cvtsi32_si128(shift));
}

/* Of four lanes: shifts as numbers of 64 bits. */
EG_V_INLINE __m256i eg_v_constant(__m256i shift, int32_t zero_point)
{
    const __m256i halves = _mm256_set1_epi64x(2 * (int64_t)zero_point + 1);
    const __m256i more = _mm256_add_epi64(shift, _mm256_set1_epi64x(30));

    return _mm256_add_epi64(_mm256_sllv_epi64(halves, more), _mm256_set1_epi64x(INT64_C(1) << 30));
}

EG_V_INLINE eg_v_scale eg_v_load_scale(const int32_t *multiplier, const int32_t *shift,
                                       int32_t zero_point)
{
    const __m256i n = eg_v_load_256(shift);
    const __m256i even = _mm256_and_si256(n, _mm256_set1_epi64x(UINT32_MAX));
    const __m256i is_zero = _mm256_cmpeq_epi32(n, _mm256_setzero_si256());
    eg_v_scale scale;

    scale.multiplier = eg_v_load_256(multiplier);
    scale.odd_multiplier = _mm256_srli_epi64(scale.multiplier, 32);
    scale.even_constant = eg_v_constant(even, zero_point);
    scale.odd_constant = eg_v_constant(_mm256_srli_epi64(n, 32), zero_point);
    scale.half = _mm256_srli_epi32(_mm256_sllv_epi32(_mm256_set1_epi32(1), n), 1);
    /* A shift of 32 gives 0: where nothing is divided there are no ties. */
    scale.sign_shift = _mm256_sub_epi32(_mm256_set1_epi32(31), is_zero);
    scale.shift = n;
    scale.zero_point = _mm256_set1_epi32(zero_point);
    return scale;
}

/* Every second product from the first on, then from the second on; their lower and upper halves
 * are put together. */
EG_V_INLINE eg_v_sums eg_v_rescale(eg_v_sums sums, const eg_v_scale *scale)
{
    const __m256i round = _mm256_set1_epi64x(INT64_C(1) << 30);
    const __m256i even = _mm256_mul_epi32(sums, scale->multiplier);
    const __m256i odd = _mm256_mul_epi32(_mm256_srli_epi64(sums, 32), scale->odd_multiplier);
    const __m256i low = _mm256_srli_epi64(_mm256_add_epi64(even, round), 31);
    const __m256i high = _mm256_slli_epi64(_mm256_add_epi64(odd, round), 1);
    const __m256i product = _mm256_blend_epi32(low, high, 0xAA);
    /* Ties go away from zero. */
    const __m256i sign = _mm256_srlv_epi32(product, scale->sign_shift);
    const __m256i nudged = _mm256_sub_epi32(_mm256_add_epi32(product, scale->half), sign);

    return _mm256_add_epi32(_mm256_srav_epi32(nudged, scale->shift), scale->zero_point);
}

EG_V_INLINE eg_v_sums eg_v_rescale_upwards(eg_v_sums sums, const eg_v_scale *scale)
{
    const __m256i even = _mm256_mul_epi32(sums, scale->multiplier);
    const __m256i odd = _mm256_mul_epi32(_mm256_srli_epi64(sums, 32), scale->odd_multiplier);
    const __m256i low = _mm256_srli_epi64(_mm256_add_epi64(even, scale->even_constant), 32);
    const __m256i high = _mm256_add_epi64(odd, scale->odd_constant);
    const __m256i product = _mm256_blend_epi32(low, high, 0xAA);

    return _mm256_srav_epi32(product, _mm256_sub_epi32(scale->shift, _mm256_set1_epi32(1)));
}

EG_V_INLINE eg_v_limits eg_v_load_limits(int32_t low, int32_t high)
{
    eg_v_limits limits;

    limits.low = _mm_set1_epi8((char)low);
    limits.high = _mm_set1_epi8((char)high);
    return limits;
}

EG_V_INLINE __m128i eg_v_clamp(__m128i outputs, const eg_v_limits *limits)
{
    return _mm_min_epi8(_mm_max_epi8(outputs, limits->low), limits->high);
}

EG_V_INLINE void eg_v_store(int8_t *to, eg_v_sums sums, const eg_v_limits *limits)
{
    const __m128i halves =
        _mm_packs_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));

    _mm_storel_epi64((__m128i *)to, eg_v_clamp(_mm_packs_epi16(halves, halves), limits));
}

EG_V_INLINE void eg_v_store_two(int8_t *to, eg_v_sums first, eg_v_sums second,
                                const eg_v_limits *limits)
{
    const __m256i halves = _mm256_packs_epi32(first, second); /* 0-3 8-11 | 4-7 12-15 */
    const __m128i bytes =
        _mm_packs_epi16(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));

    _mm_storeu_si128((__m128i *)to,
                     eg_v_clamp(_mm_shuffle_epi32(bytes, _MM_SHUFFLE(3, 1, 2, 0)), limits));
}

#ifdef __cplusplus
}
#endif

#endif

#endif /* EDGEGEN_NN_SIMD_ISA_X86_H */
