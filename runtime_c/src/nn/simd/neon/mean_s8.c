#include "edgegen/nn/simd/isa/neon.h"

#include "edgegen/nn/simd/kernels/mean_s8.h"
