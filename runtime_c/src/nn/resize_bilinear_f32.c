#include "edgegen/nn/resize_bilinear.h"

static void mix(const float *upper, const float *lower, const int32_t *column,
                const float weight[2], int32_t depth, float *output)
{
    const float above = 1.0f - weight[0];
    const float left = 1.0f - weight[1];

    for (int32_t c = 0; c < depth; ++c) {
        output[c] = upper[column[0] + c] * above * left + lower[column[0] + c] * weight[0] * left +
                    upper[column[1] + c] * above * weight[1] +
                    lower[column[1] + c] * weight[0] * weight[1];
    }
}

void eg_run_resize_bilinear_f32(const eg_resize_bilinear_f32 *layer, const float *input,
                                float *output)
{
    const eg_resize_shape *const shape = &layer->shape;

    for (int32_t b = 0; b < shape->batches; ++b) {
        for (int32_t y = 0; y < shape->height; ++y) {
            const int32_t *const row = shape->row + 2 * y;

            for (int32_t x = 0; x < shape->width; ++x) {
                const float weight[2] = {layer->lower[y], layer->right[x]};

                mix(input + row[0], input + row[1], shape->column + 2 * x, weight, shape->depth,
                    output);
                output += shape->depth;
            }
        }
        input += shape->image;
    }
}
