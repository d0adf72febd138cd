#include "edgegen/nn/simd/isa/wasm.h"

#include "edgegen/nn/simd/kernels/add_linear_s8.h"
