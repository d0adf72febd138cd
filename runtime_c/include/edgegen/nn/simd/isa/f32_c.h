/* What the float kernels of nn/simd/kernels ask of an instruction set, written in plain C: the
 * manual of the other headers f32_NAME.h, and their twin on machines that lack the instructions.
 *
 * An operation on vectors is the operation on each of their lanes, none are fused, and a kernel
 * takes every output's operands in one order, whatever the vectors and tiles are: so all
 * instruction sets, and this twin, give the same bits. They are those of the portable kernels, too,
 * except where a kernel's header says otherwise.
 *
 * To add an instruction set NAME: isa/f32_NAME.h, and the rest as isa/c.h says of integers;
 * EG_SIMD_F32_FUNCTIONS is in isa/f32_names.h, the line about packing in simd_f32.py.
 *
 * The macros, which a header may set before it includes this one:
 *   EG_F(function)   the function's name for this instruction set
 *   EG_F_LANES       floats in a vector
 *   EG_F_POSITIONS   positions that convolutions compute together at most, 1..6: twice as many
 *                    vectors hold sums, and four more are needed
 *
 *   EG_F_INLINE      of functions that are inlined always, and EG_F_ALONE of those that never are,
 *                    where a vector is a register
 *
 * No pointer needs to be aligned. Nothing is read or written beyond what is said.
 */
#ifndef EDGEGEN_NN_SIMD_ISA_F32_C_H
#define EDGEGEN_NN_SIMD_ISA_F32_C_H

#include "edgegen/exact_float.h"

#include <stdint.h>
#include <string.h>

#ifndef EG_F
#define EG_F(function) function##_c
#define EG_F_LANES 4
#define EG_F_POSITIONS 4
#endif

#define EG_F_INLINE static inline
#define EG_F_ALONE static

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_f_vector {
    float lane[EG_F_LANES];
} eg_f_vector;

EG_F_INLINE eg_f_vector eg_f_load(const float *from)
{
    eg_f_vector x;

    memcpy(x.lane, from, sizeof x.lane);
    return x;
}

EG_F_INLINE void eg_f_save(float *to, eg_f_vector x)
{
    memcpy(to, x.lane, sizeof x.lane);
}

/* The same in every lane. */
EG_F_INLINE eg_f_vector eg_f_fill(float value)
{
    eg_f_vector x;

    for (int32_t i = 0; i < EG_F_LANES; ++i) {
        x.lane[i] = value;
    }
    return x;
}

/* What lies there, in every lane. */
EG_F_INLINE eg_f_vector eg_f_spread(const float *from)
{
    return eg_f_fill(*from);
}

EG_F_INLINE eg_f_vector eg_f_add(eg_f_vector a, eg_f_vector b)
{
    for (int32_t i = 0; i < EG_F_LANES; ++i) {
        a.lane[i] += b.lane[i];
    }
    return a;
}

EG_F_INLINE eg_f_vector eg_f_subtract(eg_f_vector a, eg_f_vector b)
{
    for (int32_t i = 0; i < EG_F_LANES; ++i) {
        a.lane[i] -= b.lane[i];
    }
    return a;
}

EG_F_INLINE eg_f_vector eg_f_multiply(eg_f_vector a, eg_f_vector b)
{
    for (int32_t i = 0; i < EG_F_LANES; ++i) {
        a.lane[i] *= b.lane[i];
    }
    return a;
}

EG_F_INLINE eg_f_vector eg_f_divide(eg_f_vector a, eg_f_vector b)
{
    for (int32_t i = 0; i < EG_F_LANES; ++i) {
        a.lane[i] /= b.lane[i];
    }
    return a;
}

/* a > b ? a : b, so b where one of them is a NaN or both are zeros. */
EG_F_INLINE eg_f_vector eg_f_max(eg_f_vector a, eg_f_vector b)
{
    for (int32_t i = 0; i < EG_F_LANES; ++i) {
        a.lane[i] = a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i];
    }
    return a;
}

/* a < b ? a : b, so b where one of them is a NaN or both are zeros. */
EG_F_INLINE eg_f_vector eg_f_min(eg_f_vector a, eg_f_vector b)
{
    for (int32_t i = 0; i < EG_F_LANES; ++i) {
        a.lane[i] = a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i];
    }
    return a;
}

/* a > 0 ? a : b */
EG_F_INLINE eg_f_vector eg_f_if_positive(eg_f_vector a, eg_f_vector b)
{
    for (int32_t i = 0; i < EG_F_LANES; ++i) {
        a.lane[i] = a.lane[i] > 0.0f ? a.lane[i] : b.lane[i];
    }
    return a;
}

/* Every lane's bits, 23 to the left: the last of the fraction become the exponent. */
EG_F_INLINE eg_f_vector eg_f_shifted(eg_f_vector x)
{
    for (int32_t i = 0; i < EG_F_LANES; ++i) {
        uint32_t bits;

        memcpy(&bits, &x.lane[i], sizeof bits);
        bits <<= 23;
        memcpy(&x.lane[i], &bits, sizeof bits);
    }
    return x;
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_ISA_F32_C_H */
