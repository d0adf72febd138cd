/* The inner loops of convolutions and fully connected layers with int16 activations. */
#ifndef EDGEGEN_NN_DOT_PRODUCT_S16_H
#define EDGEGEN_NN_DOT_PRODUCT_S16_H

#include <stdint.h>

#include "edgegen/nn/output_s8.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How many products of an int16 and an int8 always add up within int32: 511 * 2^22 < 2^31. */
enum { EG_PRODUCTS_S16 = 511 };

/* sums[lane] += x[0] * w[0] + ... + x[length - 1] * w[length - 1], where the w of a lane begins at
 * weights[lane_offset[lane]]. Adds up in 32 bits as long as that is exact. */
static inline void eg_dot_products_s16(const int16_t *x, const int8_t *weights,
                                       const int32_t lane_offset[EG_LANES], int32_t length,
                                       int64_t sums[EG_LANES])
{
    for (int32_t i = 0; i < length;) {
        const int32_t end = length - i > EG_PRODUCTS_S16 ? i + EG_PRODUCTS_S16 : length;
        const int8_t *w0 = weights + lane_offset[0];
        const int8_t *w1 = weights + lane_offset[1];
        const int8_t *w2 = weights + lane_offset[2];
        const int8_t *w3 = weights + lane_offset[3];
        int32_t sum0 = 0;
        int32_t sum1 = 0;
        int32_t sum2 = 0;
        int32_t sum3 = 0;

        for (; i < end; ++i) {
            const int32_t value = x[i];

            sum0 += value * w0[i];
            sum1 += value * w1[i];
            sum2 += value * w2[i];
            sum3 += value * w3[i];
        }
        sums[0] += sum0;
        sums[1] += sum1;
        sums[2] += sum2;
        sums[3] += sum3;
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_DOT_PRODUCT_S16_H */
