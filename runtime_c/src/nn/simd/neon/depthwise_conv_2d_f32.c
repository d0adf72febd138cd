#include "edgegen/nn/simd/isa/f32_neon.h"

#include "edgegen/nn/simd/kernels/depthwise_conv_2d_f32.h"
