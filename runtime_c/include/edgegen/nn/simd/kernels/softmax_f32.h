/* eg_run_softmax_f32 for the instruction set that was included before. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_SOFTMAX_F32_H
#define EDGEGEN_NN_SIMD_KERNELS_SOFTMAX_F32_H

#include <float.h>

#include "edgegen/nn/simd/exponential_f32.h"
#include "edgegen/nn/simd/kernels/exponential_f32.h"

#ifdef __cplusplus
extern "C" {
#endif

static float eg_f_largest(const float *x, int32_t count)
{
    eg_f_vector found = eg_f_fill(-FLT_MAX);
    float lanes[EG_F_LANES];
    float largest = -FLT_MAX;
    int32_t i = 0;

    for (; i + EG_F_LANES <= count; i += EG_F_LANES) {
        found = eg_f_max(eg_f_load(x + i), found);
    }
    eg_f_save(lanes, found);
    for (int32_t lane = 0; lane < EG_F_LANES; ++lane) {
        largest = lanes[lane] > largest ? lanes[lane] : largest;
    }
    for (; i < count; ++i) {
        largest = x[i] > largest ? x[i] : largest;
    }
    return largest;
}

EG_F_INLINE eg_f_vector eg_f_exp_below(eg_f_vector x, eg_f_vector largest, eg_f_vector beta)
{
    return eg_f_exp(eg_f_multiply(eg_f_subtract(x, largest), beta));
}

static void eg_f_softmax_row(const eg_softmax_f32 *layer, const float *input, float *output)
{
    const int32_t columns = layer->columns;
    const eg_f_vector largest = eg_f_fill(eg_f_largest(input, columns));
    const eg_f_vector beta = eg_f_fill(layer->beta);
    float sum = 0.0f;
    int32_t i = 0;

    for (; i + EG_F_LANES <= columns; i += EG_F_LANES) {
        eg_f_save(output + i, eg_f_exp_below(eg_f_load(input + i), largest, beta));
    }
    if (i < columns) {
        const eg_f_vector rest = eg_f_load_some(input + i, columns - i);

        eg_f_save_some(output + i, eg_f_exp_below(rest, largest, beta), columns - i);
    }
    for (i = 0; i < columns; ++i) {
        sum += output[i];
    }
    for (i = 0; i + EG_F_LANES <= columns; i += EG_F_LANES) {
        eg_f_save(output + i, eg_f_divide(eg_f_load(output + i), eg_f_fill(sum)));
    }
    for (; i < columns; ++i) {
        output[i] /= sum;
    }
}

void EG_F(eg_run_softmax_f32)(const eg_softmax_f32 *layer, const float *input, float *output)
{
    for (int32_t row = 0; row < layer->rows; ++row) {
        eg_f_softmax_row(layer, input, output);
        input += layer->columns;
        output += layer->columns;
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_SOFTMAX_F32_H */
