/* The range that a fused activation leaves to a float output. */
#ifndef EDGEGEN_NN_ACTIVATION_F32_H
#define EDGEGEN_NN_ACTIVATION_F32_H

#ifdef __cplusplus
extern "C" {
#endif

/* min(max(x, low), high). A NaN gives `low`, as the comparisons below are false for it. */
static inline float eg_clamp_f32(float x, float low, float high)
{
    const float bounded = x > low ? x : low;

    return bounded < high ? bounded : high;
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_ACTIVATION_F32_H */
