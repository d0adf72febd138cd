/* The Helium (MVE) instructions of Armv8.1-M that the fast int8 kernels are written with.
 *
 * On a core that has them (__ARM_FEATURE_MVE) a function is one or two instructions; elsewhere it
 * is C that computes the same, so that every kernel built on them can be tested on any machine.
 * A vector has four lanes of int32. Sums wrap modulo 2^32.
 */
#ifndef EDGEGEN_ISA_MVE_H
#define EDGEGEN_ISA_MVE_H

#include <stdint.h>
#include <string.h>

#include "edgegen/fixed_point.h"

#if defined(__ARM_FEATURE_MVE) && __ARM_FEATURE_MVE
#define EG_HAS_MVE 1
#include <arm_mve.h>
#else
#define EG_HAS_MVE 0
#endif

/* At -O0 GCC keeps a frame pointer and has too few registers left for the inner loops. */
#if EG_HAS_MVE && !defined(__OPTIMIZE__) && !defined(__clang__)
#pragma GCC optimize("O1")
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if EG_HAS_MVE

typedef int32x4_t eg_s32x4;

/* Not vcreateq, whose halves GCC 12 swaps. */
static inline eg_s32x4 eg_vector(int32_t a, int32_t b, int32_t c, int32_t d)
{
    eg_s32x4 result;

    __asm__("vmov %e0, %1, %2\n\t"
            "vmov %f0, %3, %4"
            : "=&w"(result)
            : "r"(a), "r"(b), "r"(c), "r"(d));
    return result;
}

static inline eg_s32x4 eg_vdup(int32_t x)
{
    return vdupq_n_s32(x);
}

static inline eg_s32x4 eg_vldrw(const int32_t *from)
{
    return vldrwq_s32(from);
}

/* Four bytes, sign-extended. */
static inline eg_s32x4 eg_vldrb(const int8_t *from)
{
    return vldrbq_s32(from);
}

/* The low byte of every lane. */
static inline void eg_vstrb(int8_t *to, eg_s32x4 x)
{
    vstrbq_s32(to, x);
}

/* The low bytes of the first `count` lanes of x to *a and of y to *b, all four where count is more;
 * both pointers move on by 4. count is positive. */
static inline void eg_vstrb_two(int8_t **a, eg_s32x4 x, int8_t **b, eg_s32x4 y, int32_t count)
{
    __asm__ volatile("vctp.32 %[count]\n\t"
                     "vpstt\n\t"
                     "vstrbt.32 %q[x], [%[a]], #4\n\t"
                     "vstrbt.32 %q[y], [%[b]], #4"
                     : [a] "+l"(*a), [b] "+l"(*b)
                     : [x] "w"(x), [y] "w"(y), [count] "r"(count)
                     : "memory", "cc");
}

/* The low byte of every lane, to + offsets[lane]. */
static inline void eg_vstrb_scatter(int8_t *to, eg_s32x4 offsets, eg_s32x4 x)
{
    vstrbq_scatter_offset_s32(to, vreinterpretq_u32_s32(offsets), x);
}

static inline eg_s32x4 eg_vadd(eg_s32x4 a, eg_s32x4 b)
{
    return vaddq_s32(a, b);
}

static inline eg_s32x4 eg_vadd_n(eg_s32x4 a, int32_t b)
{
    return vaddq_n_s32(a, b);
}

/* sum + a * b */
static inline eg_s32x4 eg_vmla_n(eg_s32x4 sum, eg_s32x4 a, int32_t b)
{
    return vmlaq_n_s32(sum, a, b);
}

/* a * b + c */
static inline eg_s32x4 eg_vmlas_n(eg_s32x4 a, eg_s32x4 b, int32_t c)
{
    return vmlasq_n_s32(a, b, c);
}

/* eg_rounding_doubling_high_mul */
static inline eg_s32x4 eg_vqrdmulh(eg_s32x4 a, eg_s32x4 b)
{
    return vqrdmulhq_s32(a, b);
}

/* round(x * 2^shift), ties upwards; shift in -31..0. */
static inline eg_s32x4 eg_vrshl(eg_s32x4 x, eg_s32x4 shift)
{
    return vrshlq_s32(x, shift);
}

/* floor(x * 2^shift); shift in -31..0. */
static inline eg_s32x4 eg_vshl_n(eg_s32x4 x, int32_t shift)
{
    return vshlq_r_s32(x, shift);
}

/* -1 in negative lanes, 0 in the others. */
static inline eg_s32x4 eg_vsign(eg_s32x4 x)
{
    return vshrq_n_s32(x, 31);
}

static inline eg_s32x4 eg_vmin(eg_s32x4 a, eg_s32x4 b)
{
    return vminq_s32(a, b);
}

static inline eg_s32x4 eg_vmax(eg_s32x4 a, eg_s32x4 b)
{
    return vmaxq_s32(a, b);
}

/* floor(a * b / 2^32) */
static inline eg_s32x4 eg_vmulh(eg_s32x4 a, eg_s32x4 b)
{
    return vmulhq_s32(a, b);
}

/* round(x / 2^10), ties upwards, saturated to int8. Not VQSHRNB, which would round down: the
 * assembler of binutils 2.40 makes VQRSHRNB of it. */
static inline eg_s32x4 eg_vqrshrn10(eg_s32x4 x)
{
    __asm__("vqrshrnb.s32 %q0, %q0, #10\n\t"
            "vqmovnb.s16 %q0, %q0"
            : "+w"(x));
    return x;
}

/* Copies bytes that lie `step` apart, eight in 4 instructions; 7 * step < 2^16. */
static inline void eg_gather(int8_t *to, const int8_t *from, int32_t step, int32_t count)
{
    const uint16x8_t offsets = vmulq_n_u16(vidupq_n_u16(0, 1), (uint16_t)step);

    __asm__ volatile("wlstp.16 lr, %[count], 2f\n"
                     "1:\n\t"
                     "vldrb.u16 q0, [%[from], %q[offsets]]\n\t"
                     "add %[from], %[from], %[step]\n\t"
                     "vstrb.16 q0, [%[to]], #8\n\t"
                     "letp lr, 1b\n"
                     "2:"
                     : [to] "+l"(to), [from] "+r"(from)
                     : [count] "r"(count), [step] "r"(8 * step), [offsets] "w"(offsets)
                     : "q0", "lr", "memory", "cc");
}

/* memcpy, 16 bytes in 3 instructions. */
static inline void eg_copy(int8_t *to, const int8_t *from, int32_t bytes)
{
    __asm__ volatile("wlstp.8 lr, %[bytes], 2f\n"
                     "1:\n\t"
                     "vldrb.u8 q0, [%[from]], #16\n\t"
                     "vstrb.8 q0, [%[to]], #16\n\t"
                     "letp lr, 1b\n"
                     "2:"
                     : [to] "+r"(to), [from] "+r"(from)
                     : [bytes] "r"(bytes)
                     : "q0", "lr", "memory", "cc");
}

/* memset, 16 bytes in 2 instructions. */
static inline void eg_fill(int8_t *to, int32_t value, int32_t bytes)
{
    __asm__ volatile("vdup.8 q0, %[value]\n\t"
                     "wlstp.8 lr, %[bytes], 2f\n"
                     "1:\n\t"
                     "vstrb.8 q0, [%[to]], #16\n\t"
                     "letp lr, 1b\n"
                     "2:"
                     : [to] "+r"(to)
                     : [bytes] "r"(bytes), [value] "r"(value)
                     : "q0", "lr", "memory", "cc");
}

/* The low bytes of the first `count` lanes, all four where it is more; count is positive. */
static inline void eg_vstrb_some(int8_t *to, eg_s32x4 x, int32_t count)
{
    __asm__ volatile("vctp.32 %[count]\n\t"
                     "vpst\n\t"
                     "vstrbt.32 %q[x], [%[to]]"
                     :
                     : [to] "l"(to), [x] "w"(x), [count] "r"(count)
                     : "memory", "cc");
}

#else

typedef struct eg_s32x4 {
    int32_t lane[4];
} eg_s32x4;

#define EG_LANE_BY_LANE(expression)                                                                \
    eg_s32x4 result;                                                                               \
                                                                                                   \
    for (int i = 0; i < 4; ++i) {                                                                  \
        result.lane[i] = (expression);                                                             \
    }                                                                                              \
    return result

static inline eg_s32x4 eg_vector(int32_t a, int32_t b, int32_t c, int32_t d)
{
    const eg_s32x4 result = {{a, b, c, d}};

    return result;
}

static inline eg_s32x4 eg_vdup(int32_t x)
{
    EG_LANE_BY_LANE(x);
}

static inline eg_s32x4 eg_vldrw(const int32_t *from)
{
    EG_LANE_BY_LANE(from[i]);
}

static inline eg_s32x4 eg_vldrb(const int8_t *from)
{
    EG_LANE_BY_LANE(from[i]);
}

static inline int8_t eg_low_byte(int32_t x)
{
    const uint8_t byte = (uint8_t)((uint32_t)x & 0xFFU);
    int8_t result;

    memcpy(&result, &byte, 1);
    return result;
}

static inline void eg_vstrb(int8_t *to, eg_s32x4 x)
{
    for (int i = 0; i < 4; ++i) {
        to[i] = eg_low_byte(x.lane[i]);
    }
}

static inline void eg_vstrb_two(int8_t **a, eg_s32x4 x, int8_t **b, eg_s32x4 y, int32_t count)
{
    for (int i = 0; i < 4 && i < count; ++i) {
        (*a)[i] = eg_low_byte(x.lane[i]);
        (*b)[i] = eg_low_byte(y.lane[i]);
    }
    *a += 4;
    *b += 4;
}

static inline void eg_vstrb_some(int8_t *to, eg_s32x4 x, int32_t count)
{
    for (int i = 0; i < 4 && i < count; ++i) {
        to[i] = eg_low_byte(x.lane[i]);
    }
}

static inline void eg_fill(int8_t *to, int32_t value, int32_t bytes)
{
    memset(to, value, (size_t)bytes);
}

static inline void eg_vstrb_scatter(int8_t *to, eg_s32x4 offsets, eg_s32x4 x)
{
    for (int i = 0; i < 4; ++i) {
        to[offsets.lane[i]] = eg_low_byte(x.lane[i]);
    }
}

static inline int32_t eg_wrapped_add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline int32_t eg_wrapped_mul(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a * (uint32_t)b);
}

static inline eg_s32x4 eg_vadd(eg_s32x4 a, eg_s32x4 b)
{
    EG_LANE_BY_LANE(eg_wrapped_add(a.lane[i], b.lane[i]));
}

static inline eg_s32x4 eg_vadd_n(eg_s32x4 a, int32_t b)
{
    EG_LANE_BY_LANE(eg_wrapped_add(a.lane[i], b));
}

static inline eg_s32x4 eg_vmla_n(eg_s32x4 sum, eg_s32x4 a, int32_t b)
{
    EG_LANE_BY_LANE(eg_wrapped_add(sum.lane[i], eg_wrapped_mul(a.lane[i], b)));
}

static inline eg_s32x4 eg_vmlas_n(eg_s32x4 a, eg_s32x4 b, int32_t c)
{
    EG_LANE_BY_LANE(eg_wrapped_add(c, eg_wrapped_mul(a.lane[i], b.lane[i])));
}

static inline eg_s32x4 eg_vqrdmulh(eg_s32x4 a, eg_s32x4 b)
{
    EG_LANE_BY_LANE(eg_rounding_doubling_high_mul(a.lane[i], b.lane[i]));
}

static inline int32_t eg_rounding_shift(int32_t x, int32_t shift)
{
    return (int32_t)(((int64_t)x * 2 + (INT64_C(1) << -shift)) >> (1 - shift));
}

static inline eg_s32x4 eg_vrshl(eg_s32x4 x, eg_s32x4 shift)
{
    EG_LANE_BY_LANE(eg_rounding_shift(x.lane[i], shift.lane[i]));
}

static inline eg_s32x4 eg_vshl_n(eg_s32x4 x, int32_t shift)
{
    EG_LANE_BY_LANE(x.lane[i] >> -shift);
}

static inline eg_s32x4 eg_vsign(eg_s32x4 x)
{
    EG_LANE_BY_LANE(x.lane[i] >> 31);
}

static inline eg_s32x4 eg_vmin(eg_s32x4 a, eg_s32x4 b)
{
    EG_LANE_BY_LANE(a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]);
}

static inline eg_s32x4 eg_vmax(eg_s32x4 a, eg_s32x4 b)
{
    EG_LANE_BY_LANE(a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]);
}

static inline eg_s32x4 eg_vmulh(eg_s32x4 a, eg_s32x4 b)
{
    EG_LANE_BY_LANE((int32_t)(((int64_t)a.lane[i] * b.lane[i]) >> 32));
}

static inline eg_s32x4 eg_vqrshrn10(eg_s32x4 x)
{
    EG_LANE_BY_LANE(eg_clamp_i32((int32_t)(((int64_t)x.lane[i] + 512) >> 10), -128, 127));
}

static inline void eg_gather(int8_t *to, const int8_t *from, int32_t step, int32_t count)
{
    for (int32_t i = 0; i < count; ++i) {
        to[i] = from[i * step];
    }
}

static inline void eg_copy(int8_t *to, const int8_t *from, int32_t bytes)
{
    memcpy(to, from, (size_t)bytes);
}

#endif

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_ISA_MVE_H */
