/* The mean over all pixels of an image, for cores with the DSP instructions. */
#ifndef EDGEGEN_NN_DSP_AVERAGE_POOL_H
#define EDGEGEN_NN_DSP_AVERAGE_POOL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_average_pool_dsp_s8 {
    int32_t pixels;   /* 1..256, so that a sum fits into 16 bits */
    int32_t channels; /* at least 4 */
    int32_t activation_min;
    int32_t activation_max;
} eg_average_pool_dsp_s8;

/* input[pixel][channel] -> output[channel], rounded to nearest, ties away from zero. Input and
 * output must not overlap. */
void eg_run_average_pool_dsp_s8(const eg_average_pool_dsp_s8 *layer, const int8_t *input,
                                int8_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_DSP_AVERAGE_POOL_H */
