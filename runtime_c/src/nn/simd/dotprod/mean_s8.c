#include "edgegen/nn/simd/isa/dotprod.h"

#include "edgegen/nn/simd/kernels/mean_s8.h"
