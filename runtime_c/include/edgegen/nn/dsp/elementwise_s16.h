/* Sums of two arrays of int16 with the DSP instructions. */
#ifndef EDGEGEN_NN_DSP_ELEMENTWISE_S16_H
#define EDGEGEN_NN_DSP_ELEMENTWISE_S16_H

#include <stdint.h>

#include "edgegen/nn/elementwise_s16.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As eg_run_add_s16, with the same description; no shift is above 0. */
void eg_run_add_s16_dsp(const eg_add_s16 *layer, const int16_t *input1, const int16_t *input2,
                        int16_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_DSP_ELEMENTWISE_S16_H */
