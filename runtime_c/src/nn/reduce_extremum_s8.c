#include "edgegen/nn/reduce_extremum.h"

static int8_t extremum_of(const eg_reduce_extremum *layer, const int8_t *input)
{
    const eg_mean_shape *const shape = &layer->shape;
    int8_t best = *input;

    for (int32_t i = 0; i < shape->size[0]; ++i) {
        for (int32_t j = 0; j < shape->size[1]; ++j) {
            const int8_t *const row = input + i * shape->stride[0] + j * shape->stride[1];

            for (int32_t k = 0; k < shape->size[2]; ++k) {
                const int8_t x = row[k * shape->stride[2]];

                best = (layer->takes_larger ? x > best : x < best) ? x : best;
            }
        }
    }
    return best;
}

void eg_run_reduce_extremum_s8(const eg_reduce_extremum *layer, const int8_t *input, int8_t *output)
{
    const eg_mean_shape *const shape = &layer->shape;

    for (int32_t i = 0; i < shape->kept_size[0]; ++i) {
        for (int32_t j = 0; j < shape->kept_size[1]; ++j) {
            const int8_t *const x = input + i * shape->kept_stride[0] + j * shape->kept_stride[1];

            for (int32_t k = 0; k < shape->kept_size[2]; ++k) {
                *output++ = extremum_of(layer, x + k * shape->kept_stride[2]);
            }
        }
    }
}
