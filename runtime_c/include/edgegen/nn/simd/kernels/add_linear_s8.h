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

#if EG_V_GROUP == 2

/* Factors are multiplied as two numbers of 16 bits, factor = upper * 2^15 + lower, with those of
 * both inputs at once. They are below 2^24 in magnitude: the outputs' 8 bits and 2^-shift have room
 * beside them. */
typedef struct eg_v_linear {
    eg_v_groups lower;
    eg_v_groups upper;
    eg_v_sums constant;
    int32_t shift;
} eg_v_linear;

EG_V_INLINE eg_v_linear eg_v_linear_of(const eg_add_linear_s8 *layer)
{
    const eg_v_input lower[2] = {(eg_v_input)(layer->factor1 & 0x7FFF),
                                 (eg_v_input)(layer->factor2 & 0x7FFF)};
    const eg_v_input upper[2] = {(eg_v_input)(layer->factor1 >> 15),
                                 (eg_v_input)(layer->factor2 >> 15)};
    eg_v_linear linear;

    linear.lower = eg_v_spread(lower);
    linear.upper = eg_v_spread(upper);
    linear.constant = eg_v_fill(layer->constant);
    linear.shift = layer->shift;
    return linear;
}

EG_V_INLINE eg_v_sums eg_v_add_linear(const eg_v_linear *linear, const int8_t *input1,
                                      const int8_t *input2)
{
    const eg_v_groups pairs = eg_v_pair(input1, input2);
    const eg_v_sums upper = eg_v_shift_left(eg_v_dot(eg_v_fill(0), pairs, linear->upper), 15);
    const eg_v_sums lower = eg_v_dot(linear->constant, pairs, linear->lower);

    return eg_v_shift_right(eg_v_add(upper, lower), linear->shift);
}

#else

typedef eg_add_linear_s8 eg_v_linear;

EG_V_INLINE eg_v_linear eg_v_linear_of(const eg_add_linear_s8 *layer)
{
    return *layer;
}

EG_V_INLINE eg_v_sums eg_v_add_linear(const eg_v_linear *linear, const int8_t *input1,
                                      const int8_t *input2)
{
    const eg_v_sums one = eg_v_multiply(eg_v_widen(input1), eg_v_fill(linear->factor1));
    const eg_v_sums two = eg_v_multiply(eg_v_widen(input2), eg_v_fill(linear->factor2));
    const eg_v_sums sums = eg_v_add(eg_v_add(one, two), eg_v_fill(linear->constant));

    return eg_v_shift_right(sums, linear->shift);
}

#endif

void EG_V(eg_run_add_linear_s8)(const eg_add_linear_s8 *layer, const int8_t *input1,
                                const int8_t *input2, int8_t *output)
{
    const eg_add_linear_s8 constants = *layer;
    const eg_v_linear linear = eg_v_linear_of(layer);
    const eg_v_limits limits = eg_v_load_limits(INT8_MIN, INT8_MAX);
    int32_t i = 0;

    for (; i + 2 * EG_V_LANES <= constants.elements; i += 2 * EG_V_LANES) {
        const eg_v_sums first = eg_v_add_linear(&linear, input1 + i, input2 + i);
        const eg_v_sums second =
            eg_v_add_linear(&linear, input1 + i + EG_V_LANES, input2 + i + EG_V_LANES);

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
