#include "edgegen/nn/simd/isa/f32_avx2.h"

#include "edgegen/nn/simd/kernels/hard_swish_f32.h"
