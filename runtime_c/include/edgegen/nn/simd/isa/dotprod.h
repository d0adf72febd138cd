/* The dot product instructions of Armv8.2 (-march=armv8.2-a+dotprod): a lane multiplies four int8
 * and adds them at once. isa/c.h is the manual. */
#ifndef EDGEGEN_NN_SIMD_ISA_DOTPROD_H
#define EDGEGEN_NN_SIMD_ISA_DOTPROD_H

#if defined(__ARM_FEATURE_DOTPROD)
#include "edgegen/nn/simd/isa/arm.h"
#endif

#define EG_V(function) function##_dotprod
#define EG_V_LANES 4
#define EG_V_GROUP 4
#define EG_V_POSITIONS 6
#define EG_V_INPUT EG_V_INPUT_S8

#if defined(__ARM_FEATURE_DOTPROD) && EG_HAS_NEON

#ifdef __cplusplus
extern "C" {
#endif

typedef int8x16_t eg_v_groups;

EG_V_INLINE eg_v_groups eg_v_spread(const eg_v_input *inputs)
{
    int32_t word;

    memcpy(&word, inputs, sizeof word);
    return vreinterpretq_s8_s32(vdupq_n_s32(word));
}

EG_V_INLINE eg_v_groups eg_v_load_inputs(const eg_v_input *inputs)
{
    return vld1q_s8(inputs);
}

EG_V_INLINE eg_v_groups eg_v_load_weights(const int8_t *weights)
{
    return vld1q_s8(weights);
}

EG_V_INLINE eg_v_sums eg_v_dot(eg_v_sums sums, eg_v_groups weights, eg_v_groups inputs)
{
    return vdotq_s32(sums, weights, inputs);
}

#ifdef __cplusplus
}
#endif

#else
#include "edgegen/nn/simd/isa/c.h"
#endif

#endif /* EDGEGEN_NN_SIMD_ISA_DOTPROD_H */
