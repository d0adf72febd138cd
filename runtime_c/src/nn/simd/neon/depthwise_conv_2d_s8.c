#include "edgegen/nn/simd/isa/neon.h"

#include "edgegen/nn/simd/kernels/depthwise_conv_2d_s8.h"
