#include "edgegen/nn/simd/isa/dotprod.h"

#include "edgegen/nn/simd/kernels/pool_2d_s8.h"
