#include "edgegen/fixed_point.h"
#include "edgegen/fixed_point_wide.h"
#include "edgegen/nn/batch_matmul_s16.h"

static int16_t product_of(const eg_batch_matmul_s16 *layer, const int16_t *in1, const int16_t *in2)
{
    const eg_matmul_shape *const s = &layer->shape;
    int64_t sum = 0;

    for (int32_t k = 0; k < s->depth; ++k) {
        sum += in1[k * s->depth_stride1] * in2[k * s->depth_stride2];
    }
    return (int16_t)eg_clamp_i32(eg_multiply_wide(sum, layer->multiplier, layer->shift), INT16_MIN,
                                 INT16_MAX);
}

static int16_t *multiply(const eg_batch_matmul_s16 *layer, const int16_t *in1, const int16_t *in2,
                         int16_t *output)
{
    const eg_matmul_shape *const s = &layer->shape;

    for (int32_t i = 0; i < s->rows; ++i) {
        for (int32_t j = 0; j < s->columns; ++j) {
            *output++ = product_of(layer, in1 + i * s->row_stride, in2 + j * s->column_stride);
        }
    }
    return output;
}

void eg_run_batch_matmul_s16(const eg_batch_matmul_s16 *layer, const int16_t *input1,
                             const int16_t *input2, int16_t *output)
{
    const eg_matmul_shape *const s = &layer->shape;

    for (int32_t a = 0; a < s->batches[0]; ++a) {
        for (int32_t b = 0; b < s->batches[1]; ++b) {
            for (int32_t c = 0; c < s->batches[2]; ++c) {
                output = multiply(
                    layer, input1 + a * s->stride1[0] + b * s->stride1[1] + c * s->stride1[2],
                    input2 + a * s->stride2[0] + b * s->stride2[1] + c * s->stride2[2], output);
            }
        }
    }
}
