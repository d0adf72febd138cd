#include "edgegen/nn/mve/matmul_blocks.h"

EG_DEFINE_SHORT(eg_multiply_short_relu_mve, EG_REQUANTIZE_RELU)
