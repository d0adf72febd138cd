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

/* round(a * b / 2^31), ties upwards; the one case that overflows, both -2^31, gives 2^31 - 1.
 *
 * The reference truncates (a*b + nudge) / 2^31 towards zero with a nudge of 2^30 for a positive
 * product and 1 - 2^30 for a negative one: the same integer as floor((a*b + 2^30) / 2^31). */
static inline int32_t eg_rounding_doubling_high_mul(int32_t a, int32_t b)
{
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 30)) >> 31);
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
