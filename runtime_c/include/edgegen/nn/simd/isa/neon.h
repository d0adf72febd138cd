/* NEON, of AArch64 and of Armv7-A: a lane multiplies four int8 by two instructions, whose products
 * it adds in 16 bits two by two, and a third one adds both. isa/c.h is the manual.
 *
 * Two products fit 16 bits as no weight is -128: 2 * 127 * 128 = 32512. The first two inputs of all
 * lanes lie in one vector of 64 bits, the other two in another one. */
#ifndef EDGEGEN_NN_SIMD_ISA_NEON_H
#define EDGEGEN_NN_SIMD_ISA_NEON_H

#include "edgegen/nn/simd/isa/arm.h"

#define EG_V(function) function##_neon
#define EG_V_LANES 4
#define EG_V_GROUP 4
#if defined(__aarch64__)
#define EG_V_POSITIONS 6
#else
#define EG_V_POSITIONS 4 /* of 16 registers: 8 sums, 2 of weights, 1 of inputs, 1 of products */
#endif
#define EG_V_INPUT EG_V_INPUT_S8

#if EG_HAS_NEON

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_v_groups {
    int8x8_t first;
    int8x8_t second;
} eg_v_groups;

EG_V_INLINE eg_v_groups eg_v_two_by_two(int16x4x2_t pairs)
{
    eg_v_groups groups;

    groups.first = vreinterpret_s8_s16(pairs.val[0]);
    groups.second = vreinterpret_s8_s16(pairs.val[1]);
    return groups;
}

EG_V_INLINE eg_v_groups eg_v_spread(const eg_v_input *inputs)
{
    return eg_v_two_by_two(vld2_dup_s16((const int16_t *)(const void *)inputs));
}

EG_V_INLINE eg_v_groups eg_v_load_inputs(const eg_v_input *inputs)
{
    return eg_v_two_by_two(vld2_s16((const int16_t *)(const void *)inputs));
}

EG_V_INLINE eg_v_groups eg_v_load_weights(const int8_t *weights)
{
    return eg_v_two_by_two(vld2_s16((const int16_t *)(const void *)weights));
}

EG_V_INLINE eg_v_sums eg_v_dot(eg_v_sums sums, eg_v_groups weights, eg_v_groups inputs)
{
    const int16x8_t products = vmull_s8(weights.first, inputs.first);

    return vpadalq_s16(sums, vmlal_s8(products, weights.second, inputs.second));
}

#ifdef __cplusplus
}
#endif

#else
#include "edgegen/nn/simd/isa/c.h"
#endif

#endif /* EDGEGEN_NN_SIMD_ISA_NEON_H */
