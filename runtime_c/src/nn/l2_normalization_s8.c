#include "edgegen/fixed_point.h"
#include "edgegen/nn/row_norm.h"

typedef struct factor {
    int32_t multiplier;
    int32_t shift;
} factor;

static int32_t saturating_shift_left(int32_t x, int32_t bits)
{
    const int64_t shifted = (int64_t)x * (INT64_C(1) << bits);

    return shifted > INT32_MAX ? INT32_MAX : (shifted < INT32_MIN ? INT32_MIN : (int32_t)shifted);
}

/* 1 / sqrt(x) for x in [1/4, 1] as a number with 3 integer bits: five Newton steps from 1. */
static int32_t inverse_sqrt_q3(int32_t x)
{
    const int32_t three_halves = (1 << 28) + (1 << 27);
    const int32_t half_x = eg_rounding_divide_by_pot(x, 1);
    int32_t root = 1 << 28;

    for (int32_t step = 0; step < 5; ++step) {
        const int32_t square = eg_rounding_doubling_high_mul(root, root);
        const int32_t cube = saturating_shift_left(eg_rounding_doubling_high_mul(square, root), 6);

        root = saturating_shift_left(eg_rounding_doubling_high_mul(three_halves, root) -
                                         eg_rounding_doubling_high_mul(half_x, cube),
                                     3);
    }
    return root;
}

/* 1 / sqrt(sum) for eg_multiply_by_quantized_multiplier; 1 for sum 0 too. */
static factor inverse_sqrt(int32_t sum)
{
    const int32_t half_sqrt_2 = 1518500250; /* in Q31 */
    int32_t shift = 11;

    if (sum <= 1) {
        return (factor){INT32_MAX, 0};
    }
    while (sum >= 1 << 29) {
        sum /= 4;
        ++shift;
    }
    while (sum < 1 << 27) {
        sum *= 4;
        --shift;
    }
    const int32_t root = eg_rounding_doubling_high_mul(inverse_sqrt_q3(sum >> 1), half_sqrt_2);

    if (shift < 0) {
        return (factor){root * (1 << -shift), 0};
    }
    return (factor){root, -shift};
}

void eg_run_l2_normalization_s8(const eg_row_norm *layer, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < layer->rows; ++row) {
        int32_t squares = 0;

        for (int32_t i = 0; i < layer->depth; ++i) {
            const int32_t x = input[i] + layer->input_offset;

            squares += x * x;
        }
        const factor by = inverse_sqrt(squares);

        for (int32_t i = 0; i < layer->depth; ++i) {
            output[i] = (int8_t)eg_requantize(input[i] + layer->input_offset, by.multiplier,
                                              by.shift + 7, 0, -128, 127);
        }
        input += layer->depth;
        output += layer->depth;
    }
}
