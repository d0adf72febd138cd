/* The fixed-point arithmetic of 64-bit sums, bit for bit as TensorFlow Lite Micro does it. */
#ifndef EDGEGEN_FIXED_POINT_WIDE_H
#define EDGEGEN_FIXED_POINT_WIDE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* round(x * multiplier * 2^(shift - 15)), ties upwards: how the reference rescales sums of 64 bits,
 * with a multiplier of 15 bits and one rounding. |x| < 2^47, multiplier in 0..32767, shift in
 * -31..7. What does not fit into 32 bits wraps. */
static inline int32_t eg_multiply_wide(int64_t x, int32_t multiplier, int32_t shift)
{
    const int32_t right = 15 - shift;

    return (int32_t)((x * multiplier + (INT64_C(1) << (right - 1))) >> right);
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_FIXED_POINT_WIDE_H */
