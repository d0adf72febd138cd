/* WebAssembly's SIMD (-msimd128): vectors of 128 bits, inputs as int16, of which i32x4.dot_i16x8_s
 * multiplies two at once. isa/c.h is the manual.
 *
 * Lanes can't be shifted by numbers of their own: sums are multiplied by 2^(17 - n) where they
 * should be shifted by n, and then all of them are shifted by 17. */
#ifndef EDGEGEN_NN_SIMD_ISA_WASM_H
#define EDGEGEN_NN_SIMD_ISA_WASM_H

#define EG_V(function) function##_wasm
#define EG_V_LANES 4
#define EG_V_GROUP 2
#define EG_V_POSITIONS 4
#define EG_V_DEPTHWISE_POSITIONS 3
#define EG_V_INPUT EG_V_INPUT_S16

#if defined(__wasm_simd128__)

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wasm_simd128.h>

#include "edgegen/fixed_point.h"

#define EG_V_INPUT_S16 1
#define EG_V_INPUT_S8 2
#define EG_V_INPUT_U8 3

#define EG_V_INLINE static inline __attribute__((always_inline))
#define EG_V_ALONE static __attribute__((noinline, unused))

#ifdef __cplusplus
extern "C" {
#endif

typedef int16_t eg_v_input;
typedef v128_t eg_v_sums;
typedef v128_t eg_v_groups;

enum { EG_V_SHIFT = 17 };

typedef struct eg_v_scale {
    v128_t multiplier;
    v128_t power;    /* 2^(17 - n) */
    v128_t constant; /* of eg_v_rescale_upwards: see there */
    v128_t bound;    /* 2^(n + 12): outputs are limits beyond it, whatever the zero point is */
    v128_t divides;  /* all bits if n is above 0 */
    v128_t rounding; /* 1/2 and the zero point, shifted */
} eg_v_scale;

typedef struct eg_v_limits {
    v128_t low;
    v128_t high;
} eg_v_limits;

EG_V_INLINE eg_v_input eg_v_prepared(int32_t x)
{
    return (eg_v_input)x;
}

EG_V_INLINE void eg_v_prepare(eg_v_input *to, const int8_t *from, int32_t count)
{
    int32_t i = 0;

    for (; i + 16 <= count; i += 16) {
        const v128_t bytes = wasm_v128_load(from + i);

        wasm_v128_store(to + i, wasm_i16x8_extend_low_i8x16(bytes));
        wasm_v128_store(to + i + 8, wasm_i16x8_extend_high_i8x16(bytes));
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

    for (; i + 8 <= count; i += 8) {
        const v128_t a = wasm_v128_load64_zero(first + i);
        const v128_t b = wasm_v128_load64_zero(second + i);
        const v128_t pairs =
            wasm_i8x16_shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);

        wasm_v128_store(to + 2 * i, wasm_i16x8_extend_low_i8x16(pairs));
        wasm_v128_store(to + 2 * i + 8, wasm_i16x8_extend_high_i8x16(pairs));
    }
    for (; i < count; ++i) {
        to[2 * i] = first[i];
        to[2 * i + 1] = second[i];
    }
}

EG_V_INLINE eg_v_groups eg_v_pair(const int8_t *first, const int8_t *second)
{
    const v128_t a = wasm_v128_load32_zero(first);
    const v128_t b = wasm_v128_load32_zero(second);

    return wasm_i16x8_extend_low_i8x16(
        wasm_i8x16_shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
}

EG_V_INLINE eg_v_groups eg_v_spread(const eg_v_input *inputs)
{
    return wasm_v128_load32_splat(inputs);
}

EG_V_INLINE eg_v_groups eg_v_load_inputs(const eg_v_input *inputs)
{
    return wasm_v128_load(inputs);
}

EG_V_INLINE eg_v_groups eg_v_load_weights(const int8_t *weights)
{
    return wasm_i16x8_load8x8(weights);
}

EG_V_INLINE eg_v_sums eg_v_dot(eg_v_sums sums, eg_v_groups weights, eg_v_groups inputs)
{
    return wasm_i32x4_add(sums, wasm_i32x4_dot_i16x8(weights, inputs));
}

EG_V_INLINE eg_v_sums eg_v_load(const int32_t *from)
{
    return wasm_v128_load(from);
}

EG_V_INLINE void eg_v_save(int32_t *to, eg_v_sums sums)
{
    wasm_v128_store(to, sums);
}

EG_V_INLINE eg_v_sums eg_v_fill(int32_t value)
{
    return wasm_i32x4_splat(value);
}

EG_V_INLINE eg_v_sums eg_v_widen(const int8_t *from)
{
    const v128_t bytes = wasm_v128_load32_zero(from);

    return wasm_i32x4_extend_low_i16x8(wasm_i16x8_extend_low_i8x16(bytes));
}

EG_V_INLINE eg_v_sums eg_v_add(eg_v_sums a, eg_v_sums b)
{
    return wasm_i32x4_add(a, b);
}

EG_V_INLINE eg_v_sums eg_v_max(eg_v_sums a, eg_v_sums b)
{
    return wasm_i32x4_max(a, b);
}

EG_V_INLINE eg_v_sums eg_v_multiply(eg_v_sums a, eg_v_sums b)
{
    return wasm_i32x4_mul(a, b);
}

EG_V_INLINE eg_v_sums eg_v_shift_left(eg_v_sums a, int32_t shift)
{
    return wasm_i32x4_shl(a, (uint32_t)shift);
}

/* Hidden as the factor of eg_v_products_low is, or every lane is shifted alone. */
EG_V_INLINE eg_v_sums eg_v_shift_right(eg_v_sums a, int32_t shift)
{
    __asm__ volatile("" : "+r"(shift));
    return wasm_i32x4_shr(a, (uint32_t)shift);
}

/* 2 to such powers, as floats. */
EG_V_INLINE v128_t eg_v_powers(v128_t exponents)
{
    return wasm_i32x4_shl(wasm_i32x4_add(exponents, wasm_i32x4_splat(127)), 23);
}

EG_V_INLINE eg_v_scale eg_v_load_scale(const int32_t *multiplier, const int32_t *shift,
                                       int32_t zero_point)
{
    /* A float to which 3 * 2^22 is added has the integer that it was in its lower bits. */
    const v128_t magic = wasm_f32x4_splat(12582912.0f);
    const v128_t n = wasm_v128_load(shift);
    const v128_t power = eg_v_powers(wasm_i32x4_sub(wasm_i32x4_splat(EG_V_SHIFT), n));
    eg_v_scale scale;

    scale.multiplier = wasm_v128_load(multiplier);
    scale.power = wasm_i32x4_sub(wasm_f32x4_add(power, magic), magic);
    scale.constant =
        wasm_i32x4_add(wasm_i32x4_shr(scale.power, 2),
                       wasm_i32x4_splat((1 << (EG_V_SHIFT - 2)) + zero_point * (1 << 16)));
    scale.bound = wasm_i32x4_trunc_sat_f32x4(eg_v_powers(wasm_i32x4_add(n, wasm_i32x4_splat(12))));
    scale.divides = wasm_i32x4_gt(n, wasm_i32x4_splat(0));
    scale.rounding = wasm_i32x4_splat((1 << (EG_V_SHIFT - 1)) + zero_point * (1 << EG_V_SHIFT));
    return scale;
}

/* The products of the lower or upper two lanes, 64 bits each. LLVM would widen what stays the same
 * in a loop before it, and then it finds no instruction that multiplies and widens: so the factor
 * is hidden from it. */
EG_V_INLINE v128_t eg_v_products_low(v128_t a, v128_t factor)
{
    __asm__ volatile("" : "+r"(factor));
    return wasm_i64x2_extmul_low_i32x4(a, factor);
}

EG_V_INLINE v128_t eg_v_products_high(v128_t a, v128_t factor)
{
    __asm__ volatile("" : "+r"(factor));
    return wasm_i64x2_extmul_high_i32x4(a, factor);
}

/* The upper halves of what is in 64 bits. */
EG_V_INLINE v128_t eg_v_upper(v128_t low, v128_t high)
{
    return wasm_i32x4_shuffle(low, high, 1, 3, 5, 7);
}

/* Shifts are in 0..17. */
EG_V_INLINE eg_v_sums eg_v_rescale(eg_v_sums sums, const eg_v_scale *scale)
{
    const v128_t half = wasm_i64x2_splat(INT64_C(1) << 31);
    const v128_t twice = wasm_i32x4_add(sums, sums);
    const v128_t low = eg_v_products_low(twice, scale->multiplier);
    const v128_t high = eg_v_products_high(twice, scale->multiplier);
    const v128_t product = eg_v_upper(wasm_i64x2_add(low, half), wasm_i64x2_add(high, half));
    /* Ties go away from zero. */
    const v128_t sign = wasm_v128_and(wasm_i32x4_shr(product, 31), scale->divides);
    const v128_t nudged = wasm_i32x4_add(product, sign);
    const v128_t bounded =
        wasm_i32x4_max(wasm_i32x4_min(nudged, scale->bound), wasm_i32x4_neg(scale->bound));
    const v128_t shifted = wasm_i32x4_mul(bounded, scale->power);

    return wasm_i32x4_shr(wasm_i32x4_add(shifted, scale->rounding), EG_V_SHIFT);
}

/* The formula's numerator and denominator times 2^(17 - n); n is at most 15 and sums times that
 * below 2^31, which simd.py proves:
 *
 *   floor((a 2^(17-n) m + 2^(17-n) 2^30 + 2^47) / 2^48) + zero_point
 *
 * where what is added has nothing below 2^32. */
EG_V_INLINE eg_v_sums eg_v_rescale_upwards(eg_v_sums sums, const eg_v_scale *scale)
{
    const v128_t scaled = wasm_i32x4_mul(sums, scale->power);
    const v128_t low = eg_v_products_low(scaled, scale->multiplier);
    const v128_t high = eg_v_products_high(scaled, scale->multiplier);

    return wasm_i32x4_shr(wasm_i32x4_add(eg_v_upper(low, high), scale->constant), 16);
}

EG_V_INLINE eg_v_limits eg_v_load_limits(int32_t low, int32_t high)
{
    eg_v_limits limits;

    limits.low = wasm_i8x16_splat((int8_t)low);
    limits.high = wasm_i8x16_splat((int8_t)high);
    return limits;
}

EG_V_INLINE v128_t eg_v_outputs(eg_v_sums first, eg_v_sums second, const eg_v_limits *limits)
{
    const v128_t halves = wasm_i16x8_narrow_i32x4(first, second);
    const v128_t bytes = wasm_i8x16_narrow_i16x8(halves, halves);

    return wasm_i8x16_min(wasm_i8x16_max(bytes, limits->low), limits->high);
}

EG_V_INLINE void eg_v_store(int8_t *to, eg_v_sums sums, const eg_v_limits *limits)
{
    wasm_v128_store32_lane(to, eg_v_outputs(sums, sums, limits), 0);
}

EG_V_INLINE void eg_v_store_two(int8_t *to, eg_v_sums first, eg_v_sums second,
                                const eg_v_limits *limits)
{
    wasm_v128_store64_lane(to, eg_v_outputs(first, second, limits), 0);
}

#ifdef __cplusplus
}
#endif

#else
#include "edgegen/nn/simd/isa/c.h"
#endif

#endif /* EDGEGEN_NN_SIMD_ISA_WASM_H */
