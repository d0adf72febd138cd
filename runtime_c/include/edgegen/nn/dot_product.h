/* The inner loops of convolutions and fully connected layers. */
#ifndef EDGEGEN_NN_DOT_PRODUCT_H
#define EDGEGEN_NN_DOT_PRODUCT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* sum + a[0] * b[0] + ... + a[length - 1] * b[length - 1], modulo 2^32. */
static inline uint32_t eg_dot_product_s8(const int8_t *a, const int8_t *b, int32_t length,
                                         uint32_t sum)
{
    for (; length >= 4; length -= 4) {
        sum += (uint32_t)(a[0] * b[0]);
        sum += (uint32_t)(a[1] * b[1]);
        sum += (uint32_t)(a[2] * b[2]);
        sum += (uint32_t)(a[3] * b[3]);
        a += 4;
        b += 4;
    }
    for (; length > 0; --length) {
        sum += (uint32_t)(*a++ * *b++);
    }
    return sum;
}

/* The same in float32, added strictly in order. */
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
