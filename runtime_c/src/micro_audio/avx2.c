/* AVX2: eight complex numbers at once, the stages and roundings of transform.c. */
#include "edgegen/micro_audio/kernels.h"

#if EG_MICRO_AUDIO_HAS_AVX2

#include <immintrin.h>
#include <string.h>

/* The instructions of one function, so that no flag is needed. */
#define AVX2 __attribute__((target("avx2"))) static inline

enum { PAIR = 2 /* halfwords of a complex number */, LANES = 8, LEAST_FFT_SIZE = 64 };

typedef struct numbers {
    __m256i a, b, c, d;
} numbers;

AVX2 __m256i load(const int16_t *from)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)from);
}

AVX2 void store(int16_t *to, __m256i x)
{
    _mm256_storeu_si256((__m256i *)(void *)to, x);
}

/* round(part * factor / 2^15) */
AVX2 __m256i scale(__m256i x, int32_t factor)
{
    return _mm256_mulhrs_epi16(x, _mm256_set1_epi16((int16_t)factor));
}

/* Real and imaginary parts change places. */
AVX2 __m256i exchange(__m256i x)
{
    return _mm256_or_si256(_mm256_slli_epi32(x, 16), _mm256_srli_epi32(x, 16));
}

AVX2 __m256i conjugate(__m256i x)
{
    return _mm256_sign_epi16(x, _mm256_set1_epi32((int32_t)0xFFFF0001));
}

/* i x */
AVX2 __m256i turn(__m256i x)
{
    return _mm256_sign_epi16(exchange(x), _mm256_set1_epi32(0x0001FFFF));
}

AVX2 __m256i multiply(__m256i x, __m256i factors)
{
    const __m256i half = _mm256_set1_epi32(0x4000);
    const __m256i re = _mm256_add_epi32(_mm256_madd_epi16(x, conjugate(factors)), half);
    const __m256i im = _mm256_add_epi32(_mm256_madd_epi16(x, exchange(factors)), half);

    return _mm256_blend_epi16(_mm256_srli_epi32(re, 15), _mm256_slli_epi32(im, 1), 0xAA);
}

/* As store_butterfly in transform.c. */
AVX2 numbers butterfly(numbers x)
{
    const __m256i even = _mm256_add_epi16(x.a, x.c);
    const __m256i odd = _mm256_add_epi16(x.b, x.d);
    const __m256i even_turned = _mm256_sub_epi16(x.a, x.c);
    const __m256i odd_turned = turn(_mm256_sub_epi16(x.b, x.d));
    const numbers y = {_mm256_add_epi16(even, odd), _mm256_sub_epi16(even_turned, odd_turned),
                       _mm256_sub_epi16(even, odd), _mm256_add_epi16(even_turned, odd_turned)};

    return y;
}

/* The groups of consecutive inputs; what they make lies where `order`, its own inverse, says. */
AVX2 void first_stage_of_2(const eg_micro_audio_plan *plan, uint32_t size, const int16_t *frame,
                           __m128i shift, int16_t *spectrum)
{
    const uint32_t half = size / 2;

    for (uint32_t at = 0; at < half; at += LANES) {
        const __m256i a = scale(_mm256_sll_epi16(load(frame + PAIR * at), shift), 32767 / 2);
        const __m256i b =
            scale(_mm256_sll_epi16(load(frame + PAIR * (at + half)), shift), 32767 / 2);
        const __m256i sum = _mm256_add_epi16(a, b);
        const __m256i difference = _mm256_sub_epi16(a, b);
        int16_t groups[LANES][2 * PAIR];

        for (uint32_t i = 0; i < 2; ++i) {
            const __m256i both = i == 0 ? _mm256_unpacklo_epi32(sum, difference)
                                        : _mm256_unpackhi_epi32(sum, difference);

            _mm_storeu_si128((__m128i *)(void *)groups[2 * i], _mm256_castsi256_si128(both));
            _mm_storeu_si128((__m128i *)(void *)groups[2 * i + 4],
                             _mm256_extracti128_si256(both, 1));
        }
        for (uint32_t i = 0; i < LANES; ++i) {
            memcpy(spectrum + PAIR * 2 * plan->order[at + i], groups[i], sizeof groups[i]);
        }
    }
}

AVX2 void store_groups(int16_t *spectrum, const uint16_t *order, __m256i groups)
{
    int16_t *const low = spectrum + PAIR * 4 * order[0];
    int16_t *const high = spectrum + PAIR * 4 * order[4];

    _mm_storeu_si128((__m128i *)(void *)low, _mm256_castsi256_si128(groups));
    _mm_storeu_si128((__m128i *)(void *)high, _mm256_extracti128_si256(groups, 1));
}

AVX2 void first_stage_of_4(const eg_micro_audio_plan *plan, uint32_t size, const int16_t *frame,
                           __m128i shift, int16_t *spectrum)
{
    const uint32_t step = PAIR * size / 4;
    const int32_t quarter = 32767 / 4;

    for (uint32_t at = 0; at < size / 4; at += LANES) {
        const int16_t *const from = frame + PAIR * at;
        const numbers x = {scale(_mm256_sll_epi16(load(from), shift), quarter),
                           scale(_mm256_sll_epi16(load(from + step), shift), quarter),
                           scale(_mm256_sll_epi16(load(from + 2 * step), shift), quarter),
                           scale(_mm256_sll_epi16(load(from + 3 * step), shift), quarter)};
        const numbers y = butterfly(x);
        const __m256i ab_low = _mm256_unpacklo_epi32(y.a, y.b);
        const __m256i ab_high = _mm256_unpackhi_epi32(y.a, y.b);
        const __m256i cd_low = _mm256_unpacklo_epi32(y.c, y.d);
        const __m256i cd_high = _mm256_unpackhi_epi32(y.c, y.d);
        const uint16_t *const order = plan->order + at;

        store_groups(spectrum, order, _mm256_unpacklo_epi64(ab_low, cd_low));
        store_groups(spectrum, order + 1, _mm256_unpackhi_epi64(ab_low, cd_low));
        store_groups(spectrum, order + 2, _mm256_unpacklo_epi64(ab_high, cd_high));
        store_groups(spectrum, order + 3, _mm256_unpackhi_epi64(ab_high, cd_high));
    }
}

AVX2 numbers join(numbers x, __m256i first, __m256i second, __m256i third)
{
    const int32_t quarter = 32767 / 4;
    const numbers y = {scale(x.a, quarter), multiply(scale(x.b, quarter), first),
                       multiply(scale(x.c, quarter), second), multiply(scale(x.d, quarter), third)};

    return butterfly(y);
}

AVX2 __m256i twice(const int16_t *from)
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)from));
}

AVX2 __m256i low_halves(__m256i x, __m256i y)
{
    return _mm256_permute2x128_si256(x, y, 0x20);
}

AVX2 __m256i high_halves(__m256i x, __m256i y)
{
    return _mm256_permute2x128_si256(x, y, 0x31);
}

/* Four parts at once, each of four transforms of length 2. */
AVX2 void join_2(int16_t *spectrum, uint32_t size, const int16_t *factors)
{
    const __m256i f = load(factors); /* two of each kind, and what comes after them */
    const __m256i first = _mm256_permute4x64_epi64(f, 0x00);
    const __m256i second = _mm256_permute4x64_epi64(f, 0x55);
    const __m256i third = _mm256_permute4x64_epi64(f, 0xAA);

    for (uint32_t at = 0; at < size; at += 4 * LANES) {
        int16_t *const part = spectrum + PAIR * at;
        const __m256i p = load(part);
        const __m256i q = load(part + PAIR * LANES);
        const __m256i r = load(part + PAIR * 2 * LANES);
        const __m256i s = load(part + PAIR * 3 * LANES);
        const __m256i ac_pq = _mm256_unpacklo_epi64(p, q);
        const __m256i bd_pq = _mm256_unpackhi_epi64(p, q);
        const __m256i ac_rs = _mm256_unpacklo_epi64(r, s);
        const __m256i bd_rs = _mm256_unpackhi_epi64(r, s);
        const numbers x = {low_halves(ac_pq, ac_rs), low_halves(bd_pq, bd_rs),
                           high_halves(ac_pq, ac_rs), high_halves(bd_pq, bd_rs)};
        const numbers y = join(x, first, second, third);
        const __m256i ab_even = _mm256_unpacklo_epi64(y.a, y.b); /* of p and r */
        const __m256i ab_odd = _mm256_unpackhi_epi64(y.a, y.b);
        const __m256i cd_even = _mm256_unpacklo_epi64(y.c, y.d);
        const __m256i cd_odd = _mm256_unpackhi_epi64(y.c, y.d);

        store(part, low_halves(ab_even, cd_even));
        store(part + PAIR * LANES, low_halves(ab_odd, cd_odd));
        store(part + PAIR * 2 * LANES, high_halves(ab_even, cd_even));
        store(part + PAIR * 3 * LANES, high_halves(ab_odd, cd_odd));
    }
}

/* Two parts at once, each of four transforms of length 4. */
AVX2 void join_4(int16_t *spectrum, uint32_t size, const int16_t *factors)
{
    const __m256i first = twice(factors);
    const __m256i second = twice(factors + PAIR * 4);
    const __m256i third = twice(factors + PAIR * 8);

    for (uint32_t at = 0; at < size; at += 4 * LANES) {
        int16_t *const part = spectrum + PAIR * at;
        const __m256i p = load(part);
        const __m256i q = load(part + PAIR * LANES);
        const __m256i r = load(part + PAIR * 2 * LANES);
        const __m256i s = load(part + PAIR * 3 * LANES);
        const numbers x = {low_halves(p, r), high_halves(p, r), low_halves(q, s),
                           high_halves(q, s)};
        const numbers y = join(x, first, second, third);

        store(part, low_halves(y.a, y.b));
        store(part + PAIR * LANES, low_halves(y.c, y.d));
        store(part + PAIR * 2 * LANES, high_halves(y.a, y.b));
        store(part + PAIR * 3 * LANES, high_halves(y.c, y.d));
    }
}

/* m is a multiple of LANES. */
AVX2 void join_m(int16_t *spectrum, uint32_t size, const int16_t *factors, uint32_t m)
{
    for (uint32_t at = 0; at < size; at += 4 * m) {
        for (uint32_t j = 0; j < m; j += LANES) {
            int16_t *const part = spectrum + PAIR * (at + j);
            const int16_t *const factor = factors + PAIR * j;
            const numbers x = {load(part), load(part + PAIR * m), load(part + PAIR * 2 * m),
                               load(part + PAIR * 3 * m)};
            const numbers y =
                join(x, load(factor), load(factor + PAIR * m), load(factor + PAIR * 2 * m));

            store(part, y.a);
            store(part + PAIR * m, y.b);
            store(part + PAIR * 2 * m, y.c);
            store(part + PAIR * 3 * m, y.d);
        }
    }
}

AVX2 __m256i reverse(__m256i x)
{
    return _mm256_permutevar8x32_epi32(x, _mm256_set_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* floor((x + y) / 2) */
AVX2 __m256i mean(__m256i x, __m256i y)
{
    return _mm256_add_epi16(_mm256_and_si256(x, y), _mm256_srai_epi16(_mm256_xor_si256(x, y), 1));
}

/* floor((x - y) / 2) */
AVX2 __m256i half_difference(__m256i x, __m256i y)
{
    const __m256i borrow = _mm256_and_si256(_mm256_andnot_si256(x, y), _mm256_set1_epi16(1));
    const __m256i halves = _mm256_sub_epi16(_mm256_srai_epi16(x, 1), _mm256_srai_epi16(y, 1));

    return _mm256_sub_epi16(halves, borrow);
}

AVX2 void store_energies(uint32_t *to, __m256i x)
{
    _mm256_storeu_si256((__m256i *)(void *)to, x);
}

/* As in transform.c. */
AVX2 void split(const eg_micro_audio_plan *plan, uint32_t size, const int16_t *spectrum,
                uint32_t *energies)
{
    for (uint32_t k = 1; k <= size / 2; k += LANES) {
        const uint32_t mirrored = size - k - (LANES - 1);
        const __m256i low = scale(load(spectrum + PAIR * k), 32767 / 2);
        const __m256i high = scale(conjugate(reverse(load(spectrum + PAIR * mirrored))), 32767 / 2);
        const __m256i sum = _mm256_add_epi16(low, high);
        const __m256i turned =
            multiply(_mm256_sub_epi16(low, high), load(plan->split_factors + PAIR * (k - 1)));
        const __m256i first = mean(sum, turned);
        const __m256i second = half_difference(_mm256_blend_epi16(sum, turned, 0xAA),
                                               _mm256_blend_epi16(turned, sum, 0xAA));

        store_energies(energies + k, _mm256_madd_epi16(first, first));
        store_energies(energies + mirrored, reverse(_mm256_madd_epi16(second, second)));
    }
}

__attribute__((target("avx2"))) void
eg_micro_audio_transform_avx2(const eg_micro_audio_plan *plan, const int16_t *frame, uint32_t shift,
                              int16_t *spectrum, uint32_t *energies)
{
    const uint32_t size = plan->fft_size / 2;
    const int16_t *factors = plan->factors;
    const __m128i count = _mm_cvtsi32_si128((int)shift);
    uint32_t m = 4;

    if (plan->fft_size < LEAST_FFT_SIZE) {
        eg_micro_audio_transform_any(plan, frame, shift, spectrum, energies);
        return;
    }
    if ((size & 0x55555555U) != 0) { /* a power of 4 */
        first_stage_of_4(plan, size, frame, count, spectrum);
        join_4(spectrum, size, factors);
    } else {
        first_stage_of_2(plan, size, frame, count, spectrum);
        join_2(spectrum, size, factors);
        m = 2;
    }
    for (factors += PAIR * 3 * m, m *= 4; m < size; m *= 4) {
        join_m(spectrum, size, factors, m);
        factors += PAIR * 3 * m;
    }
    split(plan, size, spectrum, energies);
}

#endif
