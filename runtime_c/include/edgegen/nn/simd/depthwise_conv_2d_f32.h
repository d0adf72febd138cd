/* Float depthwise convolutions with vectors and one filter per channel, of which there is a vector
 * at least; what they compute is in nn/depthwise_conv_2d.h. A sum takes the filter's rows, its
 * columns, then the bias: the results are those of the portable kernel, bit for bit.
 */
#ifndef EDGEGEN_NN_SIMD_DEPTHWISE_CONV_2D_F32_H
#define EDGEGEN_NN_SIMD_DEPTHWISE_CONV_2D_F32_H

#include <stdint.h>

#include "edgegen/nn/simd/isa/f32_names.h"
#include "edgegen/nn/window_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_depthwise_conv_2d_f32_simd {
    eg_window_2d window;
    const float *weights; /* [filter_height][filter_width][channels] */
    const float *bias;    /* [channels] */
    float activation_min; /* -FLT_MAX for none */
    float activation_max;
} eg_depthwise_conv_2d_f32_simd;

/* The output may lie over rows of the input that neither its own row nor a later one takes. */
#define EG_DEPTHWISE_CONV_2D_F32(NAME)                                                             \
    void eg_run_depthwise_conv_2d_f32_##NAME(const eg_depthwise_conv_2d_f32_simd *layer,           \
                                             const float *input, float *output)
EG_SIMD_F32_FUNCTIONS(EG_DEPTHWISE_CONV_2D_F32);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_DEPTHWISE_CONV_2D_F32_H */
