#include "edgegen/nn/simd/isa/vnni.h"

#include "edgegen/nn/simd/kernels/add_linear_s8.h"
