#include "edgegen/nn/simd/isa/f32_neon.h"

#include "edgegen/nn/simd/kernels/leaky_relu_f32.h"
