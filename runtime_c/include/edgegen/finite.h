/* Whether float inputs are numbers: what functions with a memory ask before they take any. */
#ifndef EDGEGEN_FINITE_H
#define EDGEGEN_FINITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The exponent of NaN and infinity is all ones: one more carries into the sign's place. Looks at
 * all values at once rather than up to the first that isn't finite, as compilers make vectors of
 * this. */
static inline bool eg_all_finite(const float *values, size_t count)
{
    uint32_t carries = 0;

    for (size_t i = 0; i < count; ++i) {
        uint32_t bits;

        memcpy(&bits, values + i, sizeof bits);
        carries |= (bits & UINT32_C(0x7FFFFFFF)) + UINT32_C(0x00800000);
    }
    return carries >> 31 == 0;
}

#endif /* EDGEGEN_FINITE_H */
