#include "edgegen/nn/mve/matmul_blocks.h"

EG_DEFINE_LONG(eg_multiply_long_mve, EG_REQUANTIZE)
