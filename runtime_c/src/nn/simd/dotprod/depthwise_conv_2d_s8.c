#include "edgegen/nn/simd/isa/dotprod.h"

#include "edgegen/nn/simd/kernels/depthwise_conv_2d_s8.h"
