#include "edgegen/nn/simd/isa/f32_avx2.h"

#include "edgegen/nn/simd/kernels/leaky_relu_f32.h"
