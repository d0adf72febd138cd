/* MAXIMUM and MINIMUM, element by element with broadcasting. */
#ifndef EDGEGEN_NN_EXTREMUM_H
#define EDGEGEN_NN_EXTREMUM_H

#include <stdint.h>

#include "edgegen/nn/broadcast.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_extremum {
    eg_broadcast shape;
    int32_t takes_larger; /* 1 for MAXIMUM, 0 for MINIMUM */
} eg_extremum;

void eg_run_extremum_s8(const eg_extremum *layer, const int8_t *input1, const int8_t *input2,
                        int8_t *output);

void eg_run_extremum_s16(const eg_extremum *layer, const int16_t *input1, const int16_t *input2,
                         int16_t *output);

/* Of equals, and where one is NaN, input 2. */
void eg_run_extremum_f32(const eg_extremum *layer, const float *input1, const float *input2,
                         float *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_EXTREMUM_H */
