/* VNNI in vectors of 256 bits: VPDPBUSD multiplies four inputs at once, as uint8 with 128 added,
 * and adds them without saturation. isa/c.h is the manual.
 *
 * 256 bits serve both kinds of processors, those with AVX-VNNI (-mavxvnni) and those with AVX-512
 * (-mavx512vnni -mavx512vl), by one packing of the weights; blocks of 16 channels are what small
 * models have, where half a vector of 512 bits would often be idle.
 *
 * With AVX2 alone seven instructions stand for VPDPBUSD: slow, but the same. */
#ifndef EDGEGEN_NN_SIMD_ISA_VNNI_H
#define EDGEGEN_NN_SIMD_ISA_VNNI_H

#include "edgegen/nn/simd/isa/x86.h"

#define EG_V(function) function##_vnni
#define EG_V_LANES 8
#define EG_V_GROUP 4
#define EG_V_POSITIONS 6
#define EG_V_INPUT EG_V_INPUT_U8

#if EG_HAS_AVX2

#ifdef __cplusplus
extern "C" {
#endif

typedef uint8_t eg_v_input;

EG_V_INLINE eg_v_input eg_v_prepared(int32_t x)
{
    return (eg_v_input)(x + 128);
}

EG_V_INLINE void eg_v_prepare(eg_v_input *to, const int8_t *from, int32_t count)
{
    const __m256i sign = _mm256_set1_epi8(INT8_MIN);
    int32_t i = 0;

    for (; i + 32 <= count; i += 32) {
        _mm256_storeu_si256((__m256i *)(to + i), _mm256_xor_si256(eg_v_load_256(from + i), sign));
    }
    for (; i + 8 <= count; i += 8) {
        _mm_storel_epi64((__m128i *)(to + i),
                         _mm_xor_si128(eg_v_load_64(from + i), _mm256_castsi256_si128(sign)));
    }
    for (; i < count; ++i) {
        to[i] = eg_v_prepared(from[i]);
    }
}

EG_V_INLINE void eg_v_interleave(eg_v_input *to, const int8_t *const *rows, int32_t count)
{
    const __m128i sign = _mm_set1_epi8(INT8_MIN);
    int32_t i = 0;

    for (; i + 8 <= count; i += 8) {
        const __m128i a = _mm_unpacklo_epi8(eg_v_load_64(rows[0] + i), eg_v_load_64(rows[1] + i));
        const __m128i b = _mm_unpacklo_epi8(eg_v_load_64(rows[2] + i), eg_v_load_64(rows[3] + i));
        const __m128i low = _mm_xor_si128(_mm_unpacklo_epi16(a, b), sign);
        const __m128i high = _mm_xor_si128(_mm_unpackhi_epi16(a, b), sign);

        _mm_storeu_si128((__m128i *)(to + 4 * i), low);
        _mm_storeu_si128((__m128i *)(to + 4 * i + 16), high);
    }
    for (; i < count; ++i) {
        for (int32_t k = 0; k < EG_V_GROUP; ++k) {
            to[EG_V_GROUP * i + k] = eg_v_prepared(rows[k][i]);
        }
    }
}

EG_V_INLINE eg_v_groups eg_v_spread(const eg_v_input *inputs)
{
    return eg_v_spread_32(inputs);
}

EG_V_INLINE eg_v_groups eg_v_load_inputs(const eg_v_input *inputs)
{
    return eg_v_load_256(inputs);
}

EG_V_INLINE eg_v_groups eg_v_load_weights(const int8_t *weights)
{
    return eg_v_load_256(weights);
}

/* GCC 12 copies the sums in every round when it is asked by an intrinsic, Clang 14 stores the
 * weights when it is asked in assembly. */
EG_V_INLINE eg_v_sums eg_v_dot(eg_v_sums sums, eg_v_groups weights, eg_v_groups inputs)
{
#if defined(__AVXVNNI__) && defined(__clang__)
    return _mm256_dpbusd_avx_epi32(sums, inputs, weights);
#elif defined(__AVXVNNI__)
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sums) : "x"(inputs), "x"(weights));
    return sums;
#elif defined(__AVX512VNNI__) && defined(__AVX512VL__) && defined(__clang__)
    return _mm256_dpbusd_epi32(sums, inputs, weights);
#elif defined(__AVX512VNNI__) && defined(__AVX512VL__)
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(inputs), "v"(weights));
    return sums;
#else
    const __m256i even_inputs = _mm256_and_si256(inputs, _mm256_set1_epi16(0xFF));
    const __m256i odd_inputs = _mm256_srli_epi16(inputs, 8);
    const __m256i even_weights = _mm256_srai_epi16(_mm256_slli_epi16(weights, 8), 8);
    const __m256i odd_weights = _mm256_srai_epi16(weights, 8);
    const __m256i even = _mm256_madd_epi16(even_inputs, even_weights);
    const __m256i odd = _mm256_madd_epi16(odd_inputs, odd_weights);

    return _mm256_add_epi32(sums, _mm256_add_epi32(even, odd));
#endif
}

#ifdef __cplusplus
}
#endif

#else
#include "edgegen/nn/simd/isa/c.h"
#endif

#endif /* EDGEGEN_NN_SIMD_ISA_VNNI_H */
