/* Whether float inputs are numbers: what functions with a memory ask before they take any. */
#ifndef EDGEGEN_FINITE_H
#define EDGEGEN_FINITE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

static inline bool eg_all_finite(const float *values, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        if (!isfinite(values[i])) {
            return false;
        }
    }
    return true;
}

#endif /* EDGEGEN_FINITE_H */
