#include "edgegen/fixed_point.h"
#include "edgegen/nn/reciprocal.h"
#include "edgegen/nn/row_norm.h"

enum {
    INPUT_BITS = 5,    /* before the point, of a distance from the largest input */
    SUM_BITS = 12,     /* of the sum of exponentials */
    LOG_BITS = 6,      /* of its logarithm, one more than in the end */
    OUTPUT_SHIFT = 22, /* from Q5.26 to the output's 1/16 */
};

/* In Q0.31. */
#define LOG_2 1488522236             /* log(2) */
#define ROOT_HALF 1518500250         /* 2^(-1/2) */
#define FOURTH_ROOT_HALF 1805811301  /* 2^(-1/4) */
#define NUMERATOR_CUBE 117049297     /* 11/240 * 2^(1/4) */
#define DENOMINATOR_ONE 1057819769   /* 2^(3/4) - 2^(1/4) */
#define DENOMINATOR_LINEAR 638450708 /* 1/4 * 2^(1/4) */
#define DENOMINATOR_SQUARE 127690142 /* 1/20 * 2^(1/4) */

/* 1/4 in Q6.25. */
#define QUARTER (INT32_C(1) << 23)

static int32_t product(int32_t a, int32_t b)
{
    return eg_rounding_doubling_high_mul(a, b);
}

static int32_t leading_zeros(uint32_t x)
{
    int32_t zeros = 0;

    for (; x < UINT32_C(1) << 31; x <<= 1) {
        ++zeros;
    }
    return zeros;
}

/* x * 2^exponent for x >= 0, but never above 2^31 - 1. */
static int32_t raised(int32_t x, int32_t exponent)
{
    return x > INT32_MAX >> exponent ? INT32_MAX : (int32_t)((uint32_t)x << exponent);
}

/* (a + b) / 2 for positive numbers, ties upwards. */
static int32_t half_sum(int32_t a, int32_t b)
{
    return (int32_t)(((uint32_t)a + (uint32_t)b + 1U) >> 1);
}

/* log(x) in Q5.26 of x >= 1 in Q12.19.
 *
 * x = r * 2^n with n a multiple of 1/2 and r close to 2^(-1/4), so that log(x) = n * log(2) +
 * log(r), and a quotient of polynomials of the distance from there gives log(r). What is rounded,
 * and in which order, is TFLM's. */
static int32_t logarithm(int32_t x)
{
    const int32_t zeros = leading_zeros((uint32_t)x);
    const int32_t r_whole = raised(product(raised(x, zeros - 1), ROOT_HALF), 1);
    const int32_t n_whole = (SUM_BITS - zeros) * (1 << (31 - LOG_BITS)) + QUARTER;

    const int32_t zeros_half = leading_zeros((uint32_t)product(x, ROOT_HALF)) - 1;
    const int32_t r_half = raised(x, zeros_half);
    const int32_t n_half = (SUM_BITS - zeros_half) * (1 << (31 - LOG_BITS)) - QUARTER;

    const int32_t r = r_whole < r_half ? r_whole : r_half;
    const int32_t n = n_whole > n_half ? n_whole : n_half;

    const int32_t p = half_sum(r, FOURTH_ROOT_HALF);
    const int32_t q = 2 * (r - FOURTH_ROOT_HALF);
    const int32_t q2 = product(q, q);
    const int32_t numerator = product(q, r) + product(product(q, q2), NUMERATOR_CUBE);
    const int32_t denominator = product(p, DENOMINATOR_ONE + q + product(DENOMINATOR_SQUARE, q2)) +
                                product(DENOMINATOR_LINEAR, q);
    const int32_t quotient = product(eg_rounding_divide_by_pot(numerator, LOG_BITS),
                                     eg_reciprocal((uint32_t)denominator + (UINT32_C(1) << 31)));
    const int32_t log = product(n, LOG_2) + quotient;

    return log > 0 ? raised(log, 1) : 2 * log;
}

static void log_softmax_row(const eg_log_softmax_s8 *layer, const int8_t *input, int8_t *output)
{
    int32_t largest = INT8_MIN;
    int32_t sum = 0;

    for (int32_t i = 0; i < layer->depth; ++i) {
        largest = input[i] > largest ? input[i] : largest;
    }
    for (int32_t i = 0; i < layer->depth; ++i) {
        const int32_t below = largest - input[i];

        sum += below < layer->exp_table_size ? layer->exp_table[below] : 0;
    }
    const int32_t log_sum = logarithm(sum);
    const int32_t reachable = eg_multiply_by_quantized_multiplier(
        log_sum + INT32_MIN, layer->steps_multiplier, layer->steps_shift);
    const int32_t furthest = reachable > layer->furthest ? reachable : layer->furthest;

    for (int32_t i = 0; i < layer->depth; ++i) {
        const int32_t distance = input[i] - largest;
        int32_t code = INT8_MIN;

        if (distance > furthest) {
            const int32_t difference =
                eg_multiply_by_quantized_multiplier(distance, layer->multiplier, layer->shift) -
                log_sum;

            code = eg_rounding_divide_by_pot(difference, OUTPUT_SHIFT) + INT8_MAX;
        }
        output[i] = (int8_t)eg_clamp_i32(code, INT8_MIN, INT8_MAX);
    }
}

void eg_run_log_softmax_s8(const eg_log_softmax_s8 *layer, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < layer->rows; ++row) {
        log_softmax_row(layer, input, output);
        input += layer->depth;
        output += layer->depth;
    }
}
