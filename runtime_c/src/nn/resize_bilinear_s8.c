#include "edgegen/nn/resize_bilinear.h"

static void mix(const int8_t *upper, const int8_t *lower, const int32_t *column,
                const int32_t weight[2], int32_t depth, int8_t *output)
{
    const int32_t one = 1 << 10;
    const int32_t above = one - weight[0];
    const int32_t left = one - weight[1];

    for (int32_t c = 0; c < depth; ++c) {
        const int32_t sum =
            upper[column[0] + c] * above * left + lower[column[0] + c] * weight[0] * left +
            upper[column[1] + c] * above * weight[1] + lower[column[1] + c] * weight[0] * weight[1];
        const int32_t half = sum > 0 ? 1 << 19 : -(1 << 19);

        output[c] = (int8_t)((sum + half) / (1 << 20));
    }
}

void eg_run_resize_bilinear_s8(const eg_resize_bilinear_s8 *layer, const int8_t *input,
                               int8_t *output)
{
    const eg_resize_shape *const shape = &layer->shape;

    for (int32_t b = 0; b < shape->batches; ++b) {
        for (int32_t y = 0; y < shape->height; ++y) {
            const int32_t *const row = shape->row + 2 * y;

            for (int32_t x = 0; x < shape->width; ++x) {
                const int32_t weight[2] = {layer->lower[y], layer->right[x]};

                mix(input + row[0], input + row[1], shape->column + 2 * x, weight, shape->depth,
                    output);
                output += shape->depth;
            }
        }
        input += shape->image;
    }
}
