#include "edgegen/nn/simd/isa/avx2.h"

#include "edgegen/nn/simd/kernels/mean_s8.h"
