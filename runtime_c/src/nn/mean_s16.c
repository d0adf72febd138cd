#include "edgegen/fixed_point.h"
#include "edgegen/nn/mean_s16.h"

static int32_t sum_of(const eg_mean_shape *shape, const int16_t *input)
{
    int32_t sum = 0;

    for (int32_t i = 0; i < shape->size[0]; ++i) {
        for (int32_t j = 0; j < shape->size[1]; ++j) {
            const int16_t *x = input + i * shape->stride[0] + j * shape->stride[1];

            for (int32_t k = 0; k < shape->size[2]; ++k) {
                sum += x[k * shape->stride[2]];
            }
        }
    }
    return sum;
}

void eg_run_mean_s16(const eg_mean_s16 *layer, const int16_t *input, int16_t *output)
{
    const eg_mean_shape *shape = &layer->shape;

    for (int32_t i = 0; i < shape->kept_size[0]; ++i) {
        for (int32_t j = 0; j < shape->kept_size[1]; ++j) {
            const int16_t *x = input + i * shape->kept_stride[0] + j * shape->kept_stride[1];

            for (int32_t k = 0; k < shape->kept_size[2]; ++k) {
                *output++ = (int16_t)eg_requantize(sum_of(shape, x + k * shape->kept_stride[2]),
                                                   layer->multiplier, layer->shift, 0, INT16_MIN,
                                                   INT16_MAX);
            }
        }
    }
}
