/* int8 pools with Helium; what they compute, and where the output may lie, is in nn/pool_2d.h. */
#ifndef EDGEGEN_NN_MVE_POOL_2D_H
#define EDGEGEN_NN_MVE_POOL_2D_H

#include "edgegen/nn/pool_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of windows of at most 256 taps, whose sum is an int16. */
void eg_run_average_pool_2d_s8_mve(const eg_pool_2d_s8 *layer, const int8_t *input, int8_t *output);

void eg_run_max_pool_2d_s8_mve(const eg_pool_2d_s8 *layer, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_MVE_POOL_2D_H */
