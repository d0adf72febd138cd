#include "edgegen/nn/simd/isa/avx2.h"

#include "edgegen/nn/simd/kernels/add_linear_s8.h"
