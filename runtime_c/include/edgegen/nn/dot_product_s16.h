/* The inner loops of convolutions and fully connected layers with int16 activations. */
#ifndef EDGEGEN_NN_DOT_PRODUCT_S16_H
#define EDGEGEN_NN_DOT_PRODUCT_S16_H

#include <stdint.h>

#include "edgegen/nn/output_s16.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sums of EG_LANES channels: the products since the last carry in 32 bits, all others in 64. */
typedef struct eg_sums_s16 {
    int64_t carried[EG_LANES];
    int32_t recent[EG_LANES];
    int32_t room; /* how many more products fit into `recent` */
} eg_sums_s16;

static inline eg_sums_s16 eg_no_sums_s16(int32_t room)
{
    const eg_sums_s16 none = {{0, 0, 0, 0}, {0, 0, 0, 0}, room};

    return none;
}

static inline void eg_carry_s16(eg_sums_s16 *sums, int32_t room)
{
    for (int32_t lane = 0; lane < EG_LANES; ++lane) {
        sums->carried[lane] += sums->recent[lane];
        sums->recent[lane] = 0;
    }
    sums->room = room;
}

/* recent[lane] += x[0] * w[0] + ... + x[length - 1] * w[length - 1], where the w of a lane begins
 * at weights[lane_offset[lane]]. */
static inline void eg_dot_products_s16(const int16_t *x, const int8_t *weights,
                                       const int32_t lane_offset[EG_LANES], int32_t length,
                                       int32_t recent[EG_LANES])
{
    const int8_t *w0 = weights + lane_offset[0];
    const int8_t *w1 = weights + lane_offset[1];
    const int8_t *w2 = weights + lane_offset[2];
    const int8_t *w3 = weights + lane_offset[3];
    int32_t sum0 = recent[0];
    int32_t sum1 = recent[1];
    int32_t sum2 = recent[2];
    int32_t sum3 = recent[3];

    for (int32_t i = 0; i < length; ++i) {
        const int32_t value = x[i];

        sum0 += value * w0[i];
        sum1 += value * w1[i];
        sum2 += value * w2[i];
        sum3 += value * w3[i];
    }
    recent[0] = sum0;
    recent[1] = sum1;
    recent[2] = sum2;
    recent[3] = sum3;
}

/* Adds `length` products to every lane, and carries whenever `most` of them have come together. */
static inline void eg_add_products_s16(const int16_t *x, const int8_t *weights,
                                       const int32_t lane_offset[EG_LANES], int32_t length,
                                       int32_t most, eg_sums_s16 *sums)
{
    while (length > sums->room) {
        const int32_t count = sums->room;

        eg_dot_products_s16(x, weights, lane_offset, count, sums->recent);
        eg_carry_s16(sums, most);
        x += count;
        weights += count;
        length -= count;
    }
    eg_dot_products_s16(x, weights, lane_offset, length, sums->recent);
    sums->room -= length;
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_DOT_PRODUCT_S16_H */
