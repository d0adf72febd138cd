/* REDUCE_MAX and REDUCE_MIN: the largest or smallest element over some dimensions.
 *
 * Input and output must not overlap.
 */
#ifndef EDGEGEN_NN_REDUCE_EXTREMUM_H
#define EDGEGEN_NN_REDUCE_EXTREMUM_H

#include <stdint.h>

#include "edgegen/nn/mean.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_reduce_extremum {
    eg_mean_shape shape;
    int32_t takes_larger; /* 1 for REDUCE_MAX, 0 for REDUCE_MIN */
} eg_reduce_extremum;

void eg_run_reduce_extremum_s8(const eg_reduce_extremum *layer, const int8_t *input,
                               int8_t *output);
void eg_run_reduce_extremum_f32(const eg_reduce_extremum *layer, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_REDUCE_EXTREMUM_H */
