#include "edgegen/nn/simd/isa/f32_neon.h"

#include "edgegen/nn/simd/kernels/softmax_f32.h"
