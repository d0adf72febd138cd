/* Functions of int16 values from tables, with straight lines between their entries. */
#ifndef EDGEGEN_NN_INTERPOLATE_H
#define EDGEGEN_NN_INTERPOLATE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `table` has 513 entries, for x = -32768, -32640, ..., 32640, 32768; neighbours differ by less
 * than 32768. */
static inline int32_t eg_interpolate_s16(const int16_t *table, int32_t x)
{
    const int16_t *const entry = table + 256 + (x >> 7);

    return entry[0] + (((entry[1] - entry[0]) * (x & 127) + 64) >> 7);
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_INTERPOLATE_H */
