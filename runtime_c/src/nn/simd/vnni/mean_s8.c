#include "edgegen/nn/simd/isa/vnni.h"

#include "edgegen/nn/simd/kernels/mean_s8.h"
