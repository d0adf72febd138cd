/* The DSP instructions of Armv7E-M and Armv8-M that the fast int8 kernels are written with.
 *
 * On a core that has them (__ARM_FEATURE_DSP) each function is one instruction; elsewhere it is
 * C that computes the same, so that every kernel built on them can be tested on any machine. A
 * word holds two halfwords: `low` in bits 0..15, `high` in bits 16..31. Sums wrap modulo 2^32.
 */
#ifndef EDGEGEN_ISA_DSP_H
#define EDGEGEN_ISA_DSP_H

#include <stdint.h>
#include <string.h>

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP
#define EG_HAS_DSP 1
#else
#define EG_HAS_DSP 0
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Four bytes from any address (LDR takes unaligned ones; LDRD and LDM do not). */
static inline uint32_t eg_load_word(const void *from)
{
    uint32_t word;

    memcpy(&word, from, sizeof word);
    return word;
}

/* Two words to a multiple of 4, by one instruction. Returns the end. */
static inline uint32_t *eg_store_two(uint32_t *to, uint32_t first, uint32_t second)
{
#if EG_HAS_DSP
    __asm__ volatile("strd %1, %2, [%0], #8" : "+r"(to) : "r"(first), "r"(second) : "memory");
    return to;
#else
    to[0] = first;
    to[1] = second;
    return to + 2;
#endif
}

/* x, of which the compiler knows nothing: a constant that is to stay in a register. */
static inline int32_t eg_opaque(int32_t x)
{
#if EG_HAS_DSP
    __asm__("" : "+r"(x));
#endif
    return x;
}

#if EG_HAS_DSP

/* sum + a.low * b.low + a.high * b.high, signed halfwords. */
static inline int32_t eg_smlad(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;

    __asm__("smlad %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* a.low * b.low + a.high * b.high */
static inline int32_t eg_smuad(uint32_t a, uint32_t b)
{
    int32_t result;

    __asm__("smuad %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* sum + a.low * b.low */
static inline int32_t eg_smlabb(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;

    __asm__("smlabb %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* sum + a.high * b.low */
static inline int32_t eg_smlatb(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;

    __asm__("smlatb %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* Bytes 0 and 2, each sign-extended to a halfword. */
static inline uint32_t eg_sxtb16(uint32_t bytes)
{
    uint32_t result;

    __asm__("sxtb16 %0, %1" : "=r"(result) : "r"(bytes));
    return result;
}

/* Bytes 1 and 3, each sign-extended to a halfword. */
static inline uint32_t eg_sxtb16_odd(uint32_t bytes)
{
    uint32_t result;

    __asm__("sxtb16 %0, %1, ror #8" : "=r"(result) : "r"(bytes));
    return result;
}

/* sum + a.low * b.high */
static inline int32_t eg_smlabt(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;

    __asm__("smlabt %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* eg_sxtb16(bytes) added to the halfwords of sums, which wrap. */
static inline uint32_t eg_sxtab16(uint32_t sums, uint32_t bytes)
{
    uint32_t result;

    __asm__("sxtab16 %0, %1, %2" : "=r"(result) : "r"(sums), "r"(bytes));
    return result;
}

/* eg_sxtb16_odd(bytes) likewise. */
static inline uint32_t eg_sxtab16_odd(uint32_t sums, uint32_t bytes)
{
    uint32_t result;

    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(result) : "r"(sums), "r"(bytes));
    return result;
}

/* The low halfword of a below the low halfword of b. */
static inline uint32_t eg_pkhbt(uint32_t a, uint32_t b)
{
    uint32_t result;

    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* The high halfword of b below the high halfword of a. */
static inline uint32_t eg_pkhtb(uint32_t a, uint32_t b)
{
    uint32_t result;

    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* sum + round(a * b / 2^32), ties upwards. */
static inline int32_t eg_smmlar(int32_t a, int32_t b, int32_t sum)
{
    int32_t result;

    __asm__("smmlar %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* sum + floor(a * b / 2^32) */
static inline int32_t eg_smmla(int32_t a, int32_t b, int32_t sum)
{
    int32_t result;

    __asm__("smmla %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* The sums of the low and of the high halfwords, which wrap. */
static inline uint32_t eg_sadd16(uint32_t a, uint32_t b)
{
    uint32_t result;

    __asm__("sadd16 %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* Their differences. */
static inline uint32_t eg_ssub16(uint32_t a, uint32_t b)
{
    uint32_t result;

    __asm__("ssub16 %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* Bytes 0 and 2, each zero-extended to a halfword. */
static inline uint32_t eg_uxtb16(uint32_t bytes)
{
    uint32_t result;

    __asm__("uxtb16 %0, %1" : "=r"(result) : "r"(bytes));
    return result;
}

/* Bytes 1 and 3, each zero-extended to a halfword. */
static inline uint32_t eg_uxtb16_odd(uint32_t bytes)
{
    uint32_t result;

    __asm__("uxtb16 %0, %1, ror #8" : "=r"(result) : "r"(bytes));
    return result;
}

/* Both halfwords, which are signed, saturated to 0..255. */
static inline uint32_t eg_usat16_8(uint32_t word)
{
    uint32_t result;

    __asm__("usat16 %0, #8, %1" : "=r"(result) : "r"(word));
    return result;
}

/* x saturated to -128..127 */
static inline int32_t eg_ssat8(int32_t x)
{
    int32_t result;

    __asm__("ssat %0, #8, %1" : "=r"(result) : "r"(x));
    return result;
}

/* x saturated to 0..255 */
static inline uint32_t eg_usat8(int32_t x)
{
    uint32_t result;

    __asm__("usat %0, #8, %1" : "=r"(result) : "r"(x));
    return result;
}

/* x >> 16, saturated likewise */
static inline uint32_t eg_usat8_high(int32_t x)
{
    uint32_t result;

    __asm__("usat %0, #8, %1, asr #16" : "=r"(result) : "r"(x));
    return result;
}

/* sum + a.low * b.low - a.high * b.high */
static inline int32_t eg_smlsd(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;

    __asm__("smlsd %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* sum + a.low * b.high + a.high * b.low */
static inline int32_t eg_smladx(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;

    __asm__("smladx %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* a.low * b.low */
static inline int32_t eg_smulbb(uint32_t a, uint32_t b)
{
    int32_t result;

    __asm__("smulbb %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* a.high * b.low */
static inline int32_t eg_smultb(uint32_t a, uint32_t b)
{
    int32_t result;

    __asm__("smultb %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* a.high * b.high */
static inline int32_t eg_smultt(uint32_t a, uint32_t b)
{
    int32_t result;

    __asm__("smultt %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* a.low - b.high below a.high + b.low, which wrap. */
static inline uint32_t eg_sasx(uint32_t a, uint32_t b)
{
    uint32_t result;

    __asm__("sasx %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* a.low + b.high below a.high - b.low, which wrap. */
static inline uint32_t eg_ssax(uint32_t a, uint32_t b)
{
    uint32_t result;

    __asm__("ssax %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* Half the sums of the low and of the high halfwords, rounded down. */
static inline uint32_t eg_shadd16(uint32_t a, uint32_t b)
{
    uint32_t result;

    __asm__("shadd16 %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* Half their differences, rounded down. */
static inline uint32_t eg_shsub16(uint32_t a, uint32_t b)
{
    uint32_t result;

    __asm__("shsub16 %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* The low halfword of a below bits 12..27 of b. */
static inline uint32_t eg_pkhbt_4(uint32_t a, uint32_t b)
{
    uint32_t result;

    __asm__("pkhbt %0, %1, %2, lsl #4" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* Bits 15..30 of b below the high halfword of a. */
static inline uint32_t eg_pkhtb_15(uint32_t a, uint32_t b)
{
    uint32_t result;

    __asm__("pkhtb %0, %1, %2, asr #15" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* The low halfword of b below the high halfword of a. */
static inline uint32_t eg_pkhtb_0(uint32_t a, uint32_t b)
{
    uint32_t result;

    __asm__("pkhtb %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* The magnitudes of both halfwords; -32768 stays what it is. Two instructions. */
static inline uint32_t eg_abs16(uint32_t word)
{
    uint32_t result;

    __asm__("ssub16 %0, %2, %1\n\tsel %0, %0, %1" : "=&r"(result) : "r"(word), "r"(0) : "cc");
    return result;
}

#else

static inline int32_t eg_halfword_low(uint32_t word)
{
    return (int16_t)(word & 0xFFFFU);
}

static inline int32_t eg_halfword_high(uint32_t word)
{
    return (int16_t)(word >> 16);
}

static inline int32_t eg_smlad(uint32_t a, uint32_t b, int32_t sum)
{
    const int32_t low = eg_halfword_low(a) * eg_halfword_low(b);
    const int32_t high = eg_halfword_high(a) * eg_halfword_high(b);

    return (int32_t)((uint32_t)sum + (uint32_t)low + (uint32_t)high);
}

static inline int32_t eg_smuad(uint32_t a, uint32_t b)
{
    return eg_smlad(a, b, 0);
}

static inline int32_t eg_smlabb(uint32_t a, uint32_t b, int32_t sum)
{
    return (int32_t)((uint32_t)sum + (uint32_t)(eg_halfword_low(a) * eg_halfword_low(b)));
}

static inline int32_t eg_smlatb(uint32_t a, uint32_t b, int32_t sum)
{
    return (int32_t)((uint32_t)sum + (uint32_t)(eg_halfword_high(a) * eg_halfword_low(b)));
}

static inline int32_t eg_smlabt(uint32_t a, uint32_t b, int32_t sum)
{
    return eg_smlabb(a, b >> 16, sum);
}

static inline uint32_t eg_sxtb16(uint32_t bytes)
{
    const uint32_t low = (uint32_t)(int32_t)(int8_t)(bytes & 0xFFU);
    const uint32_t high = (uint32_t)(int32_t)(int8_t)((bytes >> 16) & 0xFFU);

    return (low & 0xFFFFU) | (high << 16);
}

static inline uint32_t eg_sxtb16_odd(uint32_t bytes)
{
    return eg_sxtb16(bytes >> 8);
}

static inline uint32_t eg_sxtab16(uint32_t sums, uint32_t bytes)
{
    const uint32_t added = eg_sxtb16(bytes);

    return ((sums + added) & 0xFFFFU) | ((sums & 0xFFFF0000U) + (added & 0xFFFF0000U));
}

static inline uint32_t eg_sxtab16_odd(uint32_t sums, uint32_t bytes)
{
    return eg_sxtab16(sums, bytes >> 8);
}

static inline uint32_t eg_pkhbt(uint32_t a, uint32_t b)
{
    return (a & 0xFFFFU) | (b << 16);
}

static inline uint32_t eg_pkhtb(uint32_t a, uint32_t b)
{
    return (a & 0xFFFF0000U) | (b >> 16);
}

static inline int32_t eg_smmlar(int32_t a, int32_t b, int32_t sum)
{
    const uint64_t product = (uint64_t)((int64_t)a * b) + UINT64_C(0x80000000);

    return (int32_t)((uint32_t)(product >> 32) + (uint32_t)sum);
}

static inline int32_t eg_smmla(int32_t a, int32_t b, int32_t sum)
{
    return (int32_t)((uint32_t)((int64_t)a * b >> 32) + (uint32_t)sum);
}

static inline uint32_t eg_sadd16(uint32_t a, uint32_t b)
{
    return ((a + b) & 0xFFFFU) | ((a & 0xFFFF0000U) + (b & 0xFFFF0000U));
}

static inline uint32_t eg_ssub16(uint32_t a, uint32_t b)
{
    return ((a - b) & 0xFFFFU) | ((a & 0xFFFF0000U) - (b & 0xFFFF0000U));
}

static inline uint32_t eg_uxtb16(uint32_t bytes)
{
    return bytes & 0x00FF00FFU;
}

static inline uint32_t eg_uxtb16_odd(uint32_t bytes)
{
    return (bytes >> 8) & 0x00FF00FFU;
}

static inline uint32_t eg_usat8(int32_t x)
{
    return x < 0 ? 0U : (x > 255 ? 255U : (uint32_t)x);
}

static inline uint32_t eg_usat8_high(int32_t x)
{
    return eg_usat8(x >> 16);
}

static inline uint32_t eg_usat16_8(uint32_t word)
{
    return eg_usat8(eg_halfword_low(word)) | eg_usat8(eg_halfword_high(word)) << 16;
}

static inline int32_t eg_ssat8(int32_t x)
{
    return x < -128 ? -128 : (x > 127 ? 127 : x);
}

static inline int32_t eg_smlsd(uint32_t a, uint32_t b, int32_t sum)
{
    const int32_t low = eg_halfword_low(a) * eg_halfword_low(b);
    const int32_t high = eg_halfword_high(a) * eg_halfword_high(b);

    return (int32_t)((uint32_t)sum + (uint32_t)low - (uint32_t)high);
}

static inline int32_t eg_smladx(uint32_t a, uint32_t b, int32_t sum)
{
    return eg_smlad(a, (b >> 16) | (b << 16), sum);
}

static inline int32_t eg_smulbb(uint32_t a, uint32_t b)
{
    return eg_halfword_low(a) * eg_halfword_low(b);
}

static inline int32_t eg_smultb(uint32_t a, uint32_t b)
{
    return eg_halfword_high(a) * eg_halfword_low(b);
}

static inline int32_t eg_smultt(uint32_t a, uint32_t b)
{
    return eg_halfword_high(a) * eg_halfword_high(b);
}

static inline uint32_t eg_sasx(uint32_t a, uint32_t b)
{
    return ((a - (b >> 16)) & 0xFFFFU) | ((a & 0xFFFF0000U) + (b << 16));
}

static inline uint32_t eg_ssax(uint32_t a, uint32_t b)
{
    return ((a + (b >> 16)) & 0xFFFFU) | ((a & 0xFFFF0000U) - (b << 16));
}

static inline uint32_t eg_shadd16(uint32_t a, uint32_t b)
{
    const int32_t low = (eg_halfword_low(a) + eg_halfword_low(b)) >> 1;
    const int32_t high = (eg_halfword_high(a) + eg_halfword_high(b)) >> 1;

    return ((uint32_t)low & 0xFFFFU) | ((uint32_t)high << 16);
}

static inline uint32_t eg_shsub16(uint32_t a, uint32_t b)
{
    const int32_t low = (eg_halfword_low(a) - eg_halfword_low(b)) >> 1;
    const int32_t high = (eg_halfword_high(a) - eg_halfword_high(b)) >> 1;

    return ((uint32_t)low & 0xFFFFU) | ((uint32_t)high << 16);
}

static inline uint32_t eg_pkhbt_4(uint32_t a, uint32_t b)
{
    return eg_pkhbt(a, b >> 12);
}

static inline uint32_t eg_pkhtb_15(uint32_t a, uint32_t b)
{
    return (a & 0xFFFF0000U) | ((b >> 15) & 0xFFFFU);
}

static inline uint32_t eg_pkhtb_0(uint32_t a, uint32_t b)
{
    return (a & 0xFFFF0000U) | (b & 0xFFFFU);
}

static inline uint32_t eg_abs16(uint32_t word)
{
    const int32_t low = eg_halfword_low(word);
    const int32_t high = eg_halfword_high(word);

    return ((uint32_t)(low < 0 ? -low : low) & 0xFFFFU) |
           ((uint32_t)(high < 0 ? -high : high) << 16);
}

#endif

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_ISA_DSP_H */
