/* eg_run_mean_s8 for the instruction set that was included before. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_MEAN_S8_H
#define EDGEGEN_NN_SIMD_KERNELS_MEAN_S8_H

#ifndef EG_V
#include "edgegen/nn/simd/isa/c.h"
#endif
#include "edgegen/nn/simd/pool_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

EG_V_INLINE eg_v_sums eg_v_sum_of(const eg_mean_shape *shape, const int8_t *input)
{
    eg_v_sums sums = eg_v_fill(0);

    for (int32_t i = 0; i < shape->size[0]; ++i) {
        for (int32_t j = 0; j < shape->size[1]; ++j) {
            const int8_t *x = input + i * shape->stride[0] + j * shape->stride[1];

            for (int32_t k = 0; k < shape->size[2]; ++k) {
                sums = eg_v_add(sums, eg_v_widen(x + k * shape->stride[2]));
            }
        }
    }
    return sums;
}

/* The means of one row of channels. */
static void eg_v_mean_row(const eg_mean_s8 *layer, const int8_t *input, int8_t *output)
{
    const int32_t channels = layer->shape.kept_size[2];

    for (int32_t c = 0; c < channels; c += EG_V_LANES) {
        const int32_t first = c < channels - EG_V_LANES ? c : channels - EG_V_LANES;
        int32_t sums[EG_V_LANES];

        eg_v_save(sums, eg_v_sum_of(&layer->shape, input + first));
        for (int32_t i = 0; i < EG_V_LANES; ++i) {
            const uint32_t sum = (uint32_t)sums[i] + (uint32_t)layer->sum_offset;

            output[first + i] = (int8_t)eg_requantize((int32_t)sum, layer->multiplier, layer->shift,
                                                      layer->output_offset, INT8_MIN, INT8_MAX);
        }
    }
}

void EG_V(eg_run_mean_s8)(const eg_mean_s8 *layer, const int8_t *input, int8_t *output)
{
    const eg_mean_shape *shape = &layer->shape;

    for (int32_t i = 0; i < shape->kept_size[0]; ++i) {
        for (int32_t j = 0; j < shape->kept_size[1]; ++j) {
            eg_v_mean_row(layer, input + i * shape->kept_stride[0] + j * shape->kept_stride[1],
                          output);
            output += shape->kept_size[2];
        }
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_MEAN_S8_H */
