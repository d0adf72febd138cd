/* 2-D pools as pool_2d.h says, of int16.
 *
 * Input and output must not overlap.
 */
#ifndef EDGEGEN_NN_POOL_2D_S16_H
#define EDGEGEN_NN_POOL_2D_S16_H

#include <stdint.h>

#include "edgegen/nn/window_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Input and output share their scale. A window has at most 32767 taps, so that their sum fits into
 * 32 bits. */
typedef struct eg_pool_2d_s16 {
    eg_window_2d window;
    int32_t activation_min;
    int32_t activation_max;
} eg_pool_2d_s16;

/* The mean is rounded to nearest, ties away from zero. */
void eg_run_average_pool_2d_s16(const eg_pool_2d_s16 *layer, const int16_t *input, int16_t *output);

void eg_run_max_pool_2d_s16(const eg_pool_2d_s16 *layer, const int16_t *input, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_POOL_2D_S16_H */
