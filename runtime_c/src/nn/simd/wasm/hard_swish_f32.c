#include "edgegen/nn/simd/isa/f32_wasm.h"

#include "edgegen/nn/simd/kernels/hard_swish_f32.h"
