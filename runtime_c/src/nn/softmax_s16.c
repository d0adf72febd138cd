#include "edgegen/nn/softmax_s16.h"

#include "edgegen/fixed_point.h"
#include "edgegen/nn/interpolate.h"

static int32_t largest_of(const int16_t *x, int32_t count)
{
    int32_t largest = INT16_MIN;

    for (int32_t i = 0; i < count; ++i) {
        largest = x[i] > largest ? x[i] : largest;
    }
    return largest;
}

/* exp() in Q0.15 of an input that is `difference` <= 0 above the largest. */
static int32_t exp_of(const eg_softmax_s16 *layer, int32_t difference)
{
    const int32_t steps =
        eg_multiply_by_quantized_multiplier(difference, layer->multiplier, layer->shift);
    const int32_t x = steps < INT16_MIN - INT16_MAX ? INT16_MIN : steps + INT16_MAX;

    return eg_interpolate_s16(layer->exp_table, x);
}

/* 1 / (1 + x) in Q0.15 for a sum of (1 + x) * 2^30, x in 0..1. */
static int32_t reciprocal_of(const eg_softmax_s16 *layer, uint32_t sum)
{
    const int32_t rounded = (int32_t)((sum + (UINT32_C(1) << 13)) >> 14);
    const int32_t x = rounded - (1 << 16) + INT16_MIN;

    return eg_interpolate_s16(layer->reciprocal_table, x < INT16_MAX ? x : INT16_MAX);
}

static void softmax_row(const eg_softmax_s16 *layer, const int16_t *input, int16_t *output)
{
    const int32_t largest = largest_of(input, layer->columns);
    uint32_t sum = 0; /* of exponentials in Q0.15, the largest of which is nearly 1 */
    int32_t exponent = 30;

    for (int32_t i = 0; i < layer->columns; ++i) {
        const int32_t exponential = exp_of(layer, input[i] - largest);

        output[i] = (int16_t)exponential;
        sum += (uint32_t)exponential;
    }
    for (; sum < UINT32_C(1) << 30; sum <<= 1) {
        --exponent;
    }
    const int32_t reciprocal = reciprocal_of(layer, sum);
    const int64_t half = (INT64_C(1) << exponent) >> 1;

    for (int32_t i = 0; i < layer->columns; ++i) {
        const int64_t share = ((int64_t)output[i] * reciprocal + half) >> exponent;

        output[i] = (int16_t)eg_clamp_i32((int32_t)share, 0, INT16_MAX);
    }
}

void eg_run_softmax_s16(const eg_softmax_s16 *layer, const int16_t *input, int16_t *output)
{
    for (int32_t row = 0; row < layer->rows; ++row) {
        softmax_row(layer, input, output);
        input += layer->columns;
        output += layer->columns;
    }
}
