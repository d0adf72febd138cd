/* eg_run_add_linear_s8 for the instruction set that was included before. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_ADD_LINEAR_S8_H
#define EDGEGEN_NN_SIMD_KERNELS_ADD_LINEAR_S8_H

#ifndef EG_V
#include "edgegen/nn/simd/isa/c.h"
#endif
#include "edgegen/nn/simd/elementwise.h"

#ifdef __cplusplus
extern "C" {
#endif

EG_V_INLINE eg_v_sums eg_v_add_linear(const eg_add_linear_s8 *layer, const int8_t *input1,
                                      const int8_t *input2)
{
    const eg_v_sums one = eg_v_multiply(eg_v_widen(input1), eg_v_fill(layer->factor1));
    const eg_v_sums two = eg_v_multiply(eg_v_widen(input2), eg_v_fill(layer->factor2));
    const eg_v_sums sums = eg_v_add(eg_v_add(one, two), eg_v_fill(layer->constant));

    return eg_v_shift_right(sums, layer->shift);
}

void EG_V(eg_run_add_linear_s8)(const eg_add_linear_s8 *layer, const int8_t *input1,
                                const int8_t *input2, int8_t *output)
{
    const eg_add_linear_s8 constants = *layer;
    const eg_v_limits limits = eg_v_load_limits(INT8_MIN, INT8_MAX);
    int32_t i = 0;

    for (; i + 2 * EG_V_LANES <= constants.elements; i += 2 * EG_V_LANES) {
        const eg_v_sums first = eg_v_add_linear(&constants, input1 + i, input2 + i);
        const eg_v_sums second =
            eg_v_add_linear(&constants, input1 + i + EG_V_LANES, input2 + i + EG_V_LANES);

        eg_v_store_two(output + i, first, second, &limits);
    }
    for (; i < constants.elements; ++i) {
        const int32_t sum =
            input1[i] * constants.factor1 + input2[i] * constants.factor2 + constants.constant;

        output[i] = (int8_t)eg_clamp_i32(sum >> constants.shift, INT8_MIN, INT8_MAX);
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_ADD_LINEAR_S8_H */
