/* Division in fixed point, as softmax and its logarithm need it. */
#ifndef EDGEGEN_NN_RECIPROCAL_H
#define EDGEGEN_NN_RECIPROCAL_H

#include <stdint.h>

#include "edgegen/fixed_point.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 1 / d in Q0.31 for d in [1, 2) in Q1.31, by Newton's iteration x += x * (1 - h * x) with h = d/2.
 *
 * x is in Q2.29 and starts at 48/17 - 32/17 * h, the best line through 1/h on [1/2, 1): the
 * constants and the three steps are gemmlowp's, since another way of dividing rounds otherwise. */
static inline int32_t eg_reciprocal(uint32_t d)
{
    const int32_t h = (int32_t)(d >> 1);
    int32_t x = 1515870810 + eg_rounding_doubling_high_mul(h, -1010580540);

    for (int step = 0; step < 3; ++step) {
        const int32_t rest = (INT32_C(1) << 29) - eg_rounding_doubling_high_mul(h, x);

        x += 4 * eg_rounding_doubling_high_mul(x, rest);
    }
    return x < INT32_C(1) << 30 ? 2 * x : INT32_MAX; /* 1/d = x/2, and Q0.31 ends below 1 */
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_RECIPROCAL_H */
