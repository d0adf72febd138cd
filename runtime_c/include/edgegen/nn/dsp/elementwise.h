/* ADD and SUB of int8 arrays of one shape, for cores with the DSP instructions. */
#ifndef EDGEGEN_NN_DSP_ELEMENTWISE_H
#define EDGEGEN_NN_DSP_ELEMENTWISE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*   output = saturate((input1 * factor1 + input2 * factor2 + constant) >> shift)
 *
 * The generator has proved for all 65,536 pairs of inputs that this is what eg_add_s8 describes,
 * and that no sum overflows. */
typedef struct eg_add_dsp_s8 {
    int32_t elements;
    int32_t factor1;
    int32_t factor2;
    int32_t constant;
    int32_t shift;
} eg_add_dsp_s8;

/* The output may be one of the inputs; otherwise it must not overlap them. */
void eg_run_add_dsp_s8(const eg_add_dsp_s8 *layer, const int8_t *input1, const int8_t *input2,
                       int8_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_DSP_ELEMENTWISE_H */
