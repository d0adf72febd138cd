#include "edgegen/nn/simd/isa/avx2.h"

#include "edgegen/nn/simd/kernels/pool_2d_s8.h"
