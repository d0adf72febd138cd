/* eg_run_mean_f32 for the instruction set that was included before. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_MEAN_F32_H
#define EDGEGEN_NN_SIMD_KERNELS_MEAN_F32_H

#include "edgegen/nn/simd/kernels/vector_f32.h"
#include "edgegen/nn/simd/pool_2d_f32.h"

#ifdef __cplusplus
extern "C" {
#endif

EG_F_INLINE eg_f_vector eg_f_sum_of(const eg_mean_shape *shape, const float *input)
{
    eg_f_vector sum = eg_f_fill(0.0f);

    for (int32_t i = 0; i < shape->size[0]; ++i) {
        for (int32_t j = 0; j < shape->size[1]; ++j) {
            const float *x = input + i * shape->stride[0] + j * shape->stride[1];

            for (int32_t k = 0; k < shape->size[2]; ++k) {
                sum = eg_f_add(sum, eg_f_load(x + k * shape->stride[2]));
            }
        }
    }
    return sum;
}

/* The means of one row of channels. */
static void eg_f_mean_row(const eg_mean_f32 *layer, const float *input, float *output)
{
    const int32_t channels = layer->shape.kept_size[2];
    const eg_f_vector count = eg_f_fill(layer->count);

    for (int32_t c = 0; c < channels; c += EG_F_LANES) {
        const int32_t first = eg_f_begin(c, channels);

        eg_f_save(output + first, eg_f_divide(eg_f_sum_of(&layer->shape, input + first), count));
    }
}

void EG_F(eg_run_mean_f32)(const eg_mean_f32 *layer, const float *input, float *output)
{
    const eg_mean_shape *shape = &layer->shape;

    for (int32_t i = 0; i < shape->kept_size[0]; ++i) {
        for (int32_t j = 0; j < shape->kept_size[1]; ++j) {
            eg_f_mean_row(layer, input + i * shape->kept_stride[0] + j * shape->kept_stride[1],
                          output);
            output += shape->kept_size[2];
        }
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_MEAN_F32_H */
