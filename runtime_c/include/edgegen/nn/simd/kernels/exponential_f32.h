/* exp(x) of every lane. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_EXPONENTIAL_F32_H
#define EDGEGEN_NN_SIMD_KERNELS_EXPONENTIAL_F32_H

#include "edgegen/nn/simd/kernels/vector_f32.h"

#ifdef __cplusplus
extern "C" {
#endif

EG_F_INLINE eg_f_vector eg_f_multiply_add(eg_f_vector a, eg_f_vector b, float c)
{
    return eg_f_add(eg_f_multiply(a, b), eg_f_fill(c));
}

/* exp(x) = 2^n * exp(r) with n whole and |r| <= ln(2) / 2, exp(r) by the polynomial of Cephes'
 * expf. Adding 1.5 * 2^23 to n rounds it, and with 127 more the last bits are 2^n's exponent. */
EG_F_INLINE eg_f_vector eg_f_exp(eg_f_vector x)
{
    const eg_f_limits limits = eg_f_load_limits(-87.3f, 88.3f);
    const float rounding = 12582912.0f + 127.0f;

    x = eg_f_clamp(x, &limits);
    const eg_f_vector biased = eg_f_multiply_add(x, eg_f_fill(1.44269504f), rounding);
    const eg_f_vector n = eg_f_subtract(biased, eg_f_fill(rounding));
    /* ln(2) in two parts; n times the first one is exact. */
    const eg_f_vector rough = eg_f_subtract(x, eg_f_multiply(n, eg_f_fill(0.693359375f)));
    const eg_f_vector r = eg_f_subtract(rough, eg_f_multiply(n, eg_f_fill(-2.12194440e-4f)));
    eg_f_vector p = eg_f_fill(1.9875691500e-4f);

    p = eg_f_multiply_add(p, r, 1.3981999507e-3f);
    p = eg_f_multiply_add(p, r, 8.3334519073e-3f);
    p = eg_f_multiply_add(p, r, 4.1665795894e-2f);
    p = eg_f_multiply_add(p, r, 1.6666665459e-1f);
    p = eg_f_multiply_add(p, r, 5.0000001201e-1f);
    p = eg_f_add(eg_f_multiply(p, eg_f_multiply(r, r)), r);
    return eg_f_multiply(eg_f_add(p, eg_f_fill(1.0f)), eg_f_shifted(biased));
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_EXPONENTIAL_F32_H */
