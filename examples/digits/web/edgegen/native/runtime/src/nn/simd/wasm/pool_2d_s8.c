#include "edgegen/nn/simd/isa/wasm.h"

#include "edgegen/nn/simd/kernels/pool_2d_s8.h"
