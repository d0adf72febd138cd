/* The inner loops of convolutions and fully connected layers. */
#ifndef EDGEGEN_NN_DOT_PRODUCT_H
#define EDGEGEN_NN_DOT_PRODUCT_H

#include <stdint.h>

#include "edgegen/nn/output_s8.h"

#ifdef __cplusplus
extern "C" {
#endif

/* sums[lane] += x[0] * w[0] + ... + x[length - 1] * w[length - 1], modulo 2^32, where the w of a
 * lane begins at weights[lane_offset[lane]]. */
static inline void eg_dot_products_s8(const int8_t *x, const int8_t *weights,
                                      const int32_t lane_offset[EG_LANES], int32_t length,
                                      uint32_t sums[EG_LANES])
{
    const int8_t *w0 = weights + lane_offset[0];
    const int8_t *w1 = weights + lane_offset[1];
    const int8_t *w2 = weights + lane_offset[2];
    const int8_t *w3 = weights + lane_offset[3];
    uint32_t sum0 = sums[0];
    uint32_t sum1 = sums[1];
    uint32_t sum2 = sums[2];
    uint32_t sum3 = sums[3];

    for (int32_t i = 0; i < length; ++i) {
        const int32_t value = x[i];

        sum0 += (uint32_t)(value * w0[i]);
        sum1 += (uint32_t)(value * w1[i]);
        sum2 += (uint32_t)(value * w2[i]);
        sum3 += (uint32_t)(value * w3[i]);
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

/* Where the weights of channels channel, channel + 1, ... begin, `filter_size` elements each. Lanes
 * past the last channel repeat it, so that they may be computed and ignored. */
static inline void eg_lane_offsets(int32_t channel, int32_t channels, int32_t filter_size,
                                   int32_t lane_offset[EG_LANES])
{
    for (int32_t lane = 0; lane < EG_LANES; ++lane) {
        const int32_t c = channel + lane < channels ? channel + lane : channels - 1;

        lane_offset[lane] = c * filter_size;
    }
}

/* sum + a[0] * b[0] + ... + a[length - 1] * b[length - 1], added strictly in order. */
static inline float eg_dot_product_f32(const float *a, const float *b, int32_t length, float sum)
{
    for (; length > 0; --length) {
        sum += *a++ * *b++;
    }
    return sum;
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_DOT_PRODUCT_H */
