#include "edgegen/fixed_point.h"
#include "edgegen/nn/batch_matmul.h"

static int8_t product_of(const eg_batch_matmul_s8 *layer, const int8_t *in1, const int8_t *in2)
{
    const eg_matmul_shape *const s = &layer->shape;
    uint32_t sum = 0;

    for (int32_t k = 0; k < s->depth; ++k) {
        sum += (uint32_t)((in1[k * s->depth_stride1] + layer->input1_offset) *
                          (in2[k * s->depth_stride2] + layer->input2_offset));
    }
    return (int8_t)eg_requantize((int32_t)sum, layer->multiplier, layer->shift,
                                 layer->output_offset, INT8_MIN, INT8_MAX);
}

static int8_t *multiply(const eg_batch_matmul_s8 *layer, const int8_t *in1, const int8_t *in2,
                        int8_t *output)
{
    const eg_matmul_shape *const s = &layer->shape;

    for (int32_t i = 0; i < s->rows; ++i) {
        for (int32_t j = 0; j < s->columns; ++j) {
            *output++ = product_of(layer, in1 + i * s->row_stride, in2 + j * s->column_stride);
        }
    }
    return output;
}

void eg_run_batch_matmul_s8(const eg_batch_matmul_s8 *layer, const int8_t *input1,
                            const int8_t *input2, int8_t *output)
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
