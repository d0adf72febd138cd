/* What NEON and the dot product instructions of Armv8.2 have in common: vectors of 128 bits, inputs
 * as they are. isa/c.h is the manual. */
#ifndef EDGEGEN_NN_SIMD_ISA_ARM_H
#define EDGEGEN_NN_SIMD_ISA_ARM_H

#if defined(__ARM_NEON) && defined(__OPTIMIZE__)
#define EG_HAS_NEON 1
#else
#define EG_HAS_NEON 0
#endif

#if EG_HAS_NEON

#include <arm_neon.h>
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

typedef int8_t eg_v_input;
typedef int32x4_t eg_v_sums;

typedef struct eg_v_scale {
    int32x4_t multiplier;
    int32x4_t left_shift; /* not above 0 */
    int32x4_t zero_point;
} eg_v_scale;

typedef struct eg_v_limits {
    int8x8_t low;
    int8x8_t high;
} eg_v_limits;

EG_V_INLINE eg_v_input eg_v_prepared(int32_t x)
{
    return (eg_v_input)x;
}

EG_V_INLINE void eg_v_prepare(eg_v_input *to, const int8_t *from, int32_t count)
{
    memcpy(to, from, (size_t)count);
}

EG_V_INLINE void eg_v_interleave(eg_v_input *to, const int8_t *const *rows, int32_t count)
{
    int32_t i = 0;

    for (; i + 16 <= count; i += 16) {
        const int8x16x4_t four = {{vld1q_s8(rows[0] + i), vld1q_s8(rows[1] + i),
                                   vld1q_s8(rows[2] + i), vld1q_s8(rows[3] + i)}};

        vst4q_s8(to + 4 * i, four);
    }
    for (; i + 8 <= count; i += 8) {
        const int8x8x4_t four = {{vld1_s8(rows[0] + i), vld1_s8(rows[1] + i), vld1_s8(rows[2] + i),
                                  vld1_s8(rows[3] + i)}};

        vst4_s8(to + 4 * i, four);
    }
    for (; i < count; ++i) {
        for (int32_t k = 0; k < 4; ++k) {
            to[4 * i + k] = rows[k][i];
        }
    }
}

EG_V_INLINE eg_v_sums eg_v_load(const int32_t *from)
{
    return vld1q_s32(from);
}

EG_V_INLINE void eg_v_save(int32_t *to, eg_v_sums sums)
{
    vst1q_s32(to, sums);
}

EG_V_INLINE eg_v_sums eg_v_fill(int32_t value)
{
    return vdupq_n_s32(value);
}

EG_V_INLINE eg_v_sums eg_v_widen(const int8_t *from)
{
    uint32_t word;

    memcpy(&word, from, sizeof word);
    const int8x8_t bytes = vreinterpret_s8_u32(vdup_n_u32(word));

    return vmovl_s16(vget_low_s16(vmovl_s8(bytes)));
}

EG_V_INLINE eg_v_sums eg_v_add(eg_v_sums a, eg_v_sums b)
{
    return vaddq_s32(a, b);
}

EG_V_INLINE eg_v_sums eg_v_max(eg_v_sums a, eg_v_sums b)
{
    return vmaxq_s32(a, b);
}

EG_V_INLINE eg_v_sums eg_v_multiply(eg_v_sums a, eg_v_sums b)
{
    return vmulq_s32(a, b);
}

EG_V_INLINE eg_v_sums eg_v_shift_right(eg_v_sums a, int32_t shift)
{
    return vshlq_s32(a, vdupq_n_s32(-shift));
}

EG_V_INLINE eg_v_scale eg_v_load_scale(const int32_t *multiplier, const int32_t *shift,
                                       int32_t zero_point)
{
    eg_v_scale scale;

    scale.multiplier = vld1q_s32(multiplier);
    scale.left_shift = vnegq_s32(vld1q_s32(shift));
    scale.zero_point = vdupq_n_s32(zero_point);
    return scale;
}

/* VRSHL rounds ties upwards: 1 less of a negative number, where something is divided, and they go
 * away from zero. */
EG_V_INLINE eg_v_sums eg_v_rescale(eg_v_sums sums, const eg_v_scale *scale)
{
    const int32x4_t product = vqrdmulhq_s32(sums, scale->multiplier);
    const int32x4_t sign = vshrq_n_s32(vandq_s32(product, scale->left_shift), 31);
    const int32x4_t nudged = vaddq_s32(product, sign);

    return vaddq_s32(vrshlq_s32(nudged, scale->left_shift), scale->zero_point);
}

EG_V_INLINE eg_v_sums eg_v_rescale_upwards(eg_v_sums sums, const eg_v_scale *scale)
{
    const int32x4_t product = vqrdmulhq_s32(sums, scale->multiplier);

    return vaddq_s32(vrshlq_s32(product, scale->left_shift), scale->zero_point);
}

EG_V_INLINE eg_v_limits eg_v_load_limits(int32_t low, int32_t high)
{
    eg_v_limits limits;

    limits.low = vdup_n_s8((int8_t)low);
    limits.high = vdup_n_s8((int8_t)high);
    return limits;
}

EG_V_INLINE int8x8_t eg_v_outputs(eg_v_sums first, eg_v_sums second, const eg_v_limits *limits)
{
    const int16x8_t halves = vcombine_s16(vqmovn_s32(first), vqmovn_s32(second));

    return vmin_s8(vmax_s8(vqmovn_s16(halves), limits->low), limits->high);
}

EG_V_INLINE void eg_v_store(int8_t *to, eg_v_sums sums, const eg_v_limits *limits)
{
    const uint32_t word = vget_lane_u32(vreinterpret_u32_s8(eg_v_outputs(sums, sums, limits)), 0);

    memcpy(to, &word, sizeof word);
}

EG_V_INLINE void eg_v_store_two(int8_t *to, eg_v_sums first, eg_v_sums second,
                                const eg_v_limits *limits)
{
    vst1_s8(to, eg_v_outputs(first, second, limits));
}

#ifdef __cplusplus
}
#endif

#endif

#endif /* EDGEGEN_NN_SIMD_ISA_ARM_H */
