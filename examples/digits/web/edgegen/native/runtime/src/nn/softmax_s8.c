#include "edgegen/nn/softmax.h"

#include "edgegen/fixed_point.h"
#include "edgegen/nn/reciprocal.h"

enum { SUM_INTEGER_BITS = 12 };

static int32_t largest_of(const int8_t *x, int32_t count)
{
    int32_t largest = INT8_MIN;

    for (int32_t i = 0; i < count; ++i) {
        largest = x[i] > largest ? x[i] : largest;
    }
    return largest;
}

static int32_t exp_of(const eg_softmax_s8 *layer, int32_t below_largest)
{
    return below_largest < layer->exp_table_size ? layer->exp_table[below_largest] : 0;
}

static void softmax_row(const eg_softmax_s8 *layer, const int8_t *input, int8_t *output)
{
    const int32_t largest = largest_of(input, layer->columns);
    uint32_t sum = 0;

    for (int32_t i = 0; i < layer->columns; ++i) {
        sum += (uint32_t)eg_rounding_divide_by_pot(exp_of(layer, largest - input[i]),
                                                   SUM_INTEGER_BITS);
    }

    int32_t exponent = 31 - 8 + SUM_INTEGER_BITS;

    for (; sum < UINT32_C(1) << 31; sum <<= 1) {
        --exponent;
    }
    const int32_t scale = eg_reciprocal(sum);

    for (int32_t i = 0; i < layer->columns; ++i) {
        const int32_t share =
            eg_rounding_doubling_high_mul(scale, exp_of(layer, largest - input[i]));
        const int32_t rounded = exponent > 31 ? 0 : eg_rounding_divide_by_pot(share, exponent);

        output[i] = (int8_t)eg_clamp_i32(rounded + INT8_MIN, INT8_MIN, INT8_MAX);
    }
}

void eg_run_softmax_s8(const eg_softmax_s8 *layer, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < layer->rows; ++row) {
        softmax_row(layer, input, output);
        input += layer->columns;
        output += layer->columns;
    }
}
