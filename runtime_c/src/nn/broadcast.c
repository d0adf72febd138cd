#include "edgegen/nn/broadcast.h"

static ptrdiff_t offset(const int32_t *stride, int32_t i, int32_t j, int32_t k)
{
    return (ptrdiff_t)i * stride[0] + (ptrdiff_t)j * stride[1] + (ptrdiff_t)k * stride[2];
}

void eg_for_each_row_to(const eg_broadcast *shape, size_t element_bytes, size_t output_bytes,
                        eg_broadcast_row *row, const void *layer, const void *input1,
                        const void *input2, void *output)
{
    const ptrdiff_t bytes = (ptrdiff_t)element_bytes;
    const int32_t length = shape->size[3];
    const uint8_t *const in1 = input1;
    const uint8_t *const in2 = input2;
    uint8_t *out = output;

    for (int32_t i = 0; i < shape->size[0]; ++i) {
        for (int32_t j = 0; j < shape->size[1]; ++j) {
            for (int32_t k = 0; k < shape->size[2]; ++k) {
                row(layer, in1 + offset(shape->stride1, i, j, k) * bytes, shape->stride1[3],
                    in2 + offset(shape->stride2, i, j, k) * bytes, shape->stride2[3], out, length);
                out += length * (ptrdiff_t)output_bytes;
            }
        }
    }
}

void eg_for_each_row(const eg_broadcast *shape, size_t element_bytes, eg_broadcast_row *row,
                     const void *layer, const void *input1, const void *input2, void *output)
{
    eg_for_each_row_to(shape, element_bytes, element_bytes, row, layer, input1, input2, output);
}
