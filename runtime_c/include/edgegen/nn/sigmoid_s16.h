/* What LOGISTIC and TANH of int16 share. */
#ifndef EDGEGEN_NN_SIGMOID_S16_H
#define EDGEGEN_NN_SIGMOID_S16_H

#include <stdint.h>

#include "edgegen/nn/activation_s16.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline int32_t eg_sigmoid_steps(const eg_sigmoid_s16 *layer, int32_t x)
{
    const int32_t half = (int32_t)((UINT32_C(1) << layer->shift) >> 1);

    return (x * layer->multiplier + half) >> layer->shift;
}

/* The table times 2^bits at `steps` steps of 1 / 2^bits of an entry; past its end `most`. */
static inline int32_t eg_sigmoid_at(const int16_t *table, int32_t steps, int32_t bits, int32_t most)
{
    const int32_t entry = steps >> bits;
    const int32_t rest = steps & ((1 << bits) - 1);

    if (entry >= 255) {
        return most;
    }
    return table[entry] * (1 << bits) + rest * (table[entry + 1] - table[entry]);
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIGMOID_S16_H */
