#include "edgegen/nn/simd/isa/vnni.h"

#include "edgegen/nn/simd/kernels/depthwise_conv_2d_s8.h"
