#include "edgegen/nn/simd/isa/neon.h"

#include "edgegen/nn/simd/kernels/add_linear_s8.h"
