/* The mean or sum over some dimensions of int16, laid out as mean.h says.
 *
 * Input and output must not overlap.
 */
#ifndef EDGEGEN_NN_MEAN_S16_H
#define EDGEGEN_NN_MEAN_S16_H

#include <stdint.h>

#include "edgegen/nn/mean.h"

#ifdef __cplusplus
extern "C" {
#endif

/* output = sum * multiplier * 2^(shift - 31), clamped to int16; zero points are 0.
 *
 * At most 32767 elements are added. Their number is part of multiplier and shift. */
typedef struct eg_mean_s16 {
    eg_mean_shape shape;
    int32_t multiplier;
    int32_t shift;
} eg_mean_s16;

void eg_run_mean_s16(const eg_mean_s16 *layer, const int16_t *input, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_MEAN_S16_H */
