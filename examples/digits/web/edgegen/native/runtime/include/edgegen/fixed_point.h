/* The fixed-point arithmetic of quantised networks, bit for bit as TensorFlow Lite Micro does it.
 *
 * A real multiplier is held as m * 2^(shift - 31) with m in [2^30, 2^31): a Q31 significand and
 * an exponent. Multiplying rounds twice, first in the doubling high multiply, then in the right
 * shift; TFLM's default build does the same, and a single rounding would differ by one step.
 *
 * Sums wrap modulo 2^32 where TFLM's contract rules an overflow out, so that no input, however
 * hostile, makes the behaviour undefined.
 */
#ifndef EDGEGEN_FIXED_POINT_H
#define EDGEGEN_FIXED_POINT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether 32 x 32 -> 64 bits is an instruction. Armv6-M and Armv8-M Baseline call a function for
 * it, which four products of halfwords outrun. */
#ifndef EG_HAS_LONG_MULTIPLY
#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)
#define EG_HAS_LONG_MULTIPLY 0
#else
#define EG_HAS_LONG_MULTIPLY 1
#endif
#endif

/* floor((a * b + 2^(bits - 1)) / 2^bits) for bits = 31 or 32, modulo 2^32.
 *
 * By halfwords, x = 2^16 * x_high + x_low with x_low unsigned: a * b is high * 2^32 + low * 2^16
 * and a halfword that decides nothing. No sum is beyond 65535 * 32768 in magnitude. */
static inline int32_t eg_rounded_product(int32_t a, int32_t b, int32_t bits)
{
#if EG_HAS_LONG_MULTIPLY
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << (bits - 1))) >> bits);
#else
    const int32_t a_high = a >> 16;
    const int32_t b_high = b >> 16;
    const uint32_t a_low = (uint16_t)a;
    const uint32_t b_low = (uint16_t)b;
    const int32_t middle = a_high * (int32_t)b_low + (int32_t)((a_low * b_low) >> 16);
    const int32_t low = (int32_t)a_low * b_high + (uint16_t)middle;
    const int32_t high = a_high * b_high + (middle >> 16);
    const int32_t rounded = ((low >> (bits - 18)) + 2) >> 2;

    return (int32_t)(((uint32_t)high << (32 - bits)) + (uint32_t)rounded);
#endif
}

/* round(a * b / 2^31), ties upwards; the one case that overflows, both -2^31, gives 2^31 - 1.
 *
 * The reference truncates (a*b + nudge) / 2^31 towards zero with a nudge of 2^30 for a positive
 * product and 1 - 2^30 for a negative one: the same integer as floor((a*b + 2^30) / 2^31). */
static inline int32_t eg_rounding_doubling_high_mul(int32_t a, int32_t b)
{
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
    return eg_rounded_product(a, b, 31);
}

/* round(a * b / 2^32), ties upwards. */
static inline int32_t eg_rounding_high_mul(int32_t a, int32_t b)
{
    return eg_rounded_product(a, b, 32);
}

/* round(x / 2^exponent), ties away from zero; exponent in 0..31. */
static inline int32_t eg_rounding_divide_by_pot(int32_t x, int32_t exponent)
{
    const int32_t mask = (int32_t)((UINT32_C(1) << exponent) - 1U);
    const int32_t remainder = x & mask;
    const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);

    return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

/* x * multiplier * 2^(shift - 31); multiplier >= 0, shift in -31..30. */
static inline int32_t eg_multiply_by_quantized_multiplier(int32_t x, int32_t multiplier,
                                                          int32_t shift)
{
    const int32_t left = shift > 0 ? shift : 0;
    const int32_t right = shift > 0 ? 0 : -shift;
    const int32_t scaled = (int32_t)((uint32_t)x << left);

    return eg_rounding_divide_by_pot(eg_rounding_doubling_high_mul(scaled, multiplier), right);
}

static inline int32_t eg_clamp_i32(int32_t x, int32_t low, int32_t high)
{
    return x < low ? low : (x > high ? high : x);
}

static inline int32_t eg_saturate_s8(int32_t x)
{
#if defined(__ARM_FEATURE_SAT) && defined(__ARM_ARCH_ISA_THUMB) && __ARM_ARCH_ISA_THUMB >= 2
    int32_t result;

    __asm__("ssat %0, #8, %1" : "=r"(result) : "r"(x));
    return result;
#else
    return eg_clamp_i32(x, INT8_MIN, INT8_MAX);
#endif
}

/* A sum, rescaled to the output's quantisation and clamped: the last step of every layer. */
static inline int32_t eg_requantize(int32_t sum, int32_t multiplier, int32_t shift, int32_t offset,
                                    int32_t low, int32_t high)
{
    const int32_t scaled = eg_multiply_by_quantized_multiplier(sum, multiplier, shift);

    return eg_clamp_i32((int32_t)((uint32_t)scaled + (uint32_t)offset), low, high);
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_FIXED_POINT_H */
