#include "edgegen/fixed_point.h"
#include "edgegen/nn/mean.h"

static uint32_t sum_of(const eg_mean_shape *shape, const int8_t *input)
{
    uint32_t sum = 0;

    for (int32_t i = 0; i < shape->size[0]; ++i) {
        for (int32_t j = 0; j < shape->size[1]; ++j) {
            const int8_t *x = input + i * shape->stride[0] + j * shape->stride[1];

            for (int32_t k = 0; k < shape->size[2]; ++k) {
                const int32_t value = x[k * shape->stride[2]];

                sum += (uint32_t)value;
            }
        }
    }
    return sum;
}

static int8_t mean_of(const eg_mean_s8 *layer, const int8_t *input)
{
    const uint32_t sum = sum_of(&layer->shape, input) + (uint32_t)layer->sum_offset;

    return (int8_t)eg_requantize((int32_t)sum, layer->multiplier, layer->shift,
                                 layer->output_offset, INT8_MIN, INT8_MAX);
}

void eg_run_mean_s8(const eg_mean_s8 *layer, const int8_t *input, int8_t *output)
{
    const eg_mean_shape *shape = &layer->shape;

    for (int32_t i = 0; i < shape->kept_size[0]; ++i) {
        for (int32_t j = 0; j < shape->kept_size[1]; ++j) {
            const int8_t *x = input + i * shape->kept_stride[0] + j * shape->kept_stride[1];

            for (int32_t k = 0; k < shape->kept_size[2]; ++k) {
                *output++ = mean_of(layer, x + k * shape->kept_stride[2]);
            }
        }
    }
}
