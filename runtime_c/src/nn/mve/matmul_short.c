#include "edgegen/nn/mve/matmul_blocks.h"

EG_DEFINE_SHORT(eg_multiply_short_mve, EG_REQUANTIZE)
