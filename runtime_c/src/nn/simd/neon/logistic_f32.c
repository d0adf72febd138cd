#include "edgegen/nn/simd/isa/f32_neon.h"

#include "edgegen/nn/simd/kernels/logistic_f32.h"
