#include "edgegen/nn/simd/isa/f32_avx2.h"

#include "edgegen/nn/simd/kernels/depthwise_conv_2d_f32.h"
