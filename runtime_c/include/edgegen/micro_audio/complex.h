/* Complex numbers of two signed halfwords, real part first: what the fixed-point transform of
 * micro_audio.h computes with. Parts wrap modulo 2^16.
 */
#ifndef EDGEGEN_MICRO_AUDIO_COMPLEX_H
#define EDGEGEN_MICRO_AUDIO_COMPLEX_H

#include <stdint.h>
#include <string.h>

#include "edgegen/isa_dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

#if EG_HAS_DSP

typedef uint32_t eg_c16; /* the real part in bits 0..15 */

static inline eg_c16 eg_c16_load(const int16_t *from)
{
    return eg_load_word(from);
}

static inline void eg_c16_store(int16_t *to, eg_c16 x)
{
    memcpy(to, &x, sizeof x);
}

static inline eg_c16 eg_c16_add(eg_c16 a, eg_c16 b)
{
    return eg_sadd16(a, b);
}

static inline eg_c16 eg_c16_sub(eg_c16 a, eg_c16 b)
{
    return eg_ssub16(a, b);
}

/* a + i b */
static inline eg_c16 eg_c16_add_turned(eg_c16 a, eg_c16 b)
{
    return eg_sasx(a, b);
}

/* a - i b */
static inline eg_c16 eg_c16_sub_turned(eg_c16 a, eg_c16 b)
{
    return eg_ssax(a, b);
}

static inline eg_c16 eg_c16_conjugate(eg_c16 x)
{
    return eg_pkhtb_0(eg_ssub16(0, x), x);
}

/* round(part * floor(32767 / radix) / 2^15), by twice the factor: the result's halfword is then
 * the upper one of the sum. */
static inline eg_c16 eg_c16_divide(eg_c16 x, uint32_t radix)
{
    const uint32_t factor = 2U * (32767U / radix);
    const uint32_t re = (uint32_t)eg_smlabb(x, factor, 0x8000);
    const uint32_t im = (uint32_t)eg_smlatb(x, factor, 0x8000);

    return eg_pkhtb(im, re);
}

static inline eg_c16 eg_c16_multiply(eg_c16 a, eg_c16 b)
{
    const uint32_t re = (uint32_t)eg_smlsd(a, b, 0x4000);
    const uint32_t im = (uint32_t)eg_smladx(a, b, 0x4000);

    return eg_pkhtb_15(im << 1, re);
}

/* Parts times `unit`, a power of 2 of 16 bits. */
static inline eg_c16 eg_c16_scale(eg_c16 x, uint32_t unit)
{
    return eg_pkhbt((uint32_t)eg_smulbb(x, unit), (uint32_t)eg_smultb(x, unit));
}

/* floor((a + b) / 2) */
static inline eg_c16 eg_c16_mean(eg_c16 a, eg_c16 b)
{
    return eg_shadd16(a, b);
}

/* floor(conj(a - b) / 2), the imaginary part from b - a. */
static inline eg_c16 eg_c16_half_difference(eg_c16 a, eg_c16 b)
{
    return eg_pkhtb_0(eg_shsub16(b, a), eg_shsub16(a, b));
}

/* |x|^2, which must be below 2^31 */
static inline uint32_t eg_c16_energy(eg_c16 x)
{
    return (uint32_t)eg_smuad(x, x);
}

#else

typedef struct eg_c16 {
    int16_t re;
    int16_t im;
} eg_c16;

static inline eg_c16 eg_c16_load(const int16_t *from)
{
    const eg_c16 x = {from[0], from[1]};

    return x;
}

static inline void eg_c16_store(int16_t *to, eg_c16 x)
{
    to[0] = x.re;
    to[1] = x.im;
}

static inline eg_c16 eg_c16_of(int32_t re, int32_t im)
{
    const eg_c16 x = {(int16_t)re, (int16_t)im};

    return x;
}

static inline eg_c16 eg_c16_add(eg_c16 a, eg_c16 b)
{
    return eg_c16_of(a.re + b.re, a.im + b.im);
}

static inline eg_c16 eg_c16_sub(eg_c16 a, eg_c16 b)
{
    return eg_c16_of(a.re - b.re, a.im - b.im);
}

/* a + i b */
static inline eg_c16 eg_c16_add_turned(eg_c16 a, eg_c16 b)
{
    return eg_c16_of(a.re - b.im, a.im + b.re);
}

/* a - i b */
static inline eg_c16 eg_c16_sub_turned(eg_c16 a, eg_c16 b)
{
    return eg_c16_of(a.re + b.im, a.im - b.re);
}

static inline eg_c16 eg_c16_conjugate(eg_c16 x)
{
    return eg_c16_of(x.re, -x.im);
}

static inline int32_t eg_c16_round(int32_t x)
{
    return (x + 0x4000) >> 15;
}

/* round(part * floor(32767 / radix) / 2^15) */
static inline eg_c16 eg_c16_divide(eg_c16 x, int32_t radix)
{
    const int32_t factor = 32767 / radix;

    return eg_c16_of(eg_c16_round(x.re * factor), eg_c16_round(x.im * factor));
}

static inline eg_c16 eg_c16_multiply(eg_c16 a, eg_c16 b)
{
    return eg_c16_of(eg_c16_round(a.re * b.re - a.im * b.im),
                     eg_c16_round(a.re * b.im + a.im * b.re));
}

/* Parts times `unit`, a power of 2 of 16 bits. */
static inline eg_c16 eg_c16_scale(eg_c16 x, uint32_t unit)
{
    return eg_c16_of(x.re * (int32_t)unit, x.im * (int32_t)unit);
}

/* floor((a + b) / 2) */
static inline eg_c16 eg_c16_mean(eg_c16 a, eg_c16 b)
{
    return eg_c16_of((a.re + b.re) >> 1, (a.im + b.im) >> 1);
}

/* floor(conj(a - b) / 2), the imaginary part from b - a. */
static inline eg_c16 eg_c16_half_difference(eg_c16 a, eg_c16 b)
{
    return eg_c16_of((a.re - b.re) >> 1, (b.im - a.im) >> 1);
}

/* |x|^2, which must be below 2^31 */
static inline uint32_t eg_c16_energy(eg_c16 x)
{
    return (uint32_t)(x.re * x.re + x.im * x.im);
}

#endif

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_MICRO_AUDIO_COMPLEX_H */
