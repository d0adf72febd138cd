#include "edgegen/nn/simd/isa/wasm.h"

#include "edgegen/nn/simd/kernels/mean_s8.h"
