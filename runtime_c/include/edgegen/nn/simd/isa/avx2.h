/* AVX2: inputs as int16, of which VPMADDWD multiplies two at once. isa/c.h is the manual.
 *
 * VPMADDUBSW would do four, but saturates at 16 bits: 255 * 127 twice does not fit. */
#ifndef EDGEGEN_NN_SIMD_ISA_AVX2_H
#define EDGEGEN_NN_SIMD_ISA_AVX2_H

#include "edgegen/nn/simd/isa/x86.h"

#define EG_V(function) function##_avx2
#define EG_V_LANES 8
#define EG_V_GROUP 2
#define EG_V_POSITIONS 6
#define EG_V_INPUT EG_V_INPUT_S16

#if EG_HAS_AVX2

#ifdef __cplusplus
extern "C" {
#endif

typedef int16_t eg_v_input;

EG_V_INLINE eg_v_input eg_v_prepared(int32_t x)
{
    return (eg_v_input)x;
}

EG_V_INLINE void eg_v_prepare(eg_v_input *to, const int8_t *from, int32_t count)
{
    int32_t i = 0;

    for (; i + 16 <= count; i += 16) {
        _mm256_storeu_si256((__m256i *)(to + i), _mm256_cvtepi8_epi16(eg_v_load_128(from + i)));
    }
    for (; i + 8 <= count; i += 8) {
        _mm_storeu_si128((__m128i *)(to + i), _mm_cvtepi8_epi16(eg_v_load_64(from + i)));
    }
    for (; i < count; ++i) {
        to[i] = from[i];
    }
}

EG_V_INLINE void eg_v_interleave(eg_v_input *to, const int8_t *const *rows, int32_t count)
{
    const int8_t *const first = rows[0];
    const int8_t *const second = rows[1];
    int32_t i = 0;

    for (; i + 16 <= count; i += 16) {
        const __m128i a = eg_v_load_128(first + i);
        const __m128i b = eg_v_load_128(second + i);
        const __m256i low = _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(a, b));
        const __m256i high = _mm256_cvtepi8_epi16(_mm_unpackhi_epi8(a, b));

        _mm256_storeu_si256((__m256i *)(to + 2 * i), low);
        _mm256_storeu_si256((__m256i *)(to + 2 * i + 16), high);
    }
    for (; i < count; ++i) {
        to[2 * i] = first[i];
        to[2 * i + 1] = second[i];
    }
}

EG_V_INLINE eg_v_groups eg_v_pair(const int8_t *first, const int8_t *second)
{
    return _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(eg_v_load_64(first), eg_v_load_64(second)));
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
    return _mm256_cvtepi8_epi16(eg_v_load_128(weights));
}

EG_V_INLINE eg_v_sums eg_v_dot(eg_v_sums sums, eg_v_groups weights, eg_v_groups inputs)
{
    return _mm256_add_epi32(sums, _mm256_madd_epi16(weights, inputs));
}

#ifdef __cplusplus
}
#endif

#else
#include "edgegen/nn/simd/isa/c.h"
#endif

#endif /* EDGEGEN_NN_SIMD_ISA_AVX2_H */
