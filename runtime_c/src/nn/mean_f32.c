#include "edgegen/nn/mean.h"

static float sum_of(const eg_mean_shape *shape, const float *input)
{
    float sum = 0.0f;

    for (int32_t i = 0; i < shape->size[0]; ++i) {
        for (int32_t j = 0; j < shape->size[1]; ++j) {
            const float *x = input + i * shape->stride[0] + j * shape->stride[1];

            for (int32_t k = 0; k < shape->size[2]; ++k) {
                sum += x[k * shape->stride[2]];
            }
        }
    }
    return sum;
}

void eg_run_mean_f32(const eg_mean_f32 *layer, const float *input, float *output)
{
    const eg_mean_shape *shape = &layer->shape;

    for (int32_t i = 0; i < shape->kept_size[0]; ++i) {
        for (int32_t j = 0; j < shape->kept_size[1]; ++j) {
            const float *x = input + i * shape->kept_stride[0] + j * shape->kept_stride[1];

            for (int32_t k = 0; k < shape->kept_size[2]; ++k) {
                *output++ = sum_of(shape, x + k * shape->kept_stride[2]) / layer->count;
            }
        }
    }
}
