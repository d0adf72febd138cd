/* The asm below takes every register there is, also where a frame pointer is asked for. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("omit-frame-pointer")
#endif

#include "edgegen/nn/scalar/matmul.h"

#include "edgegen/nn/scalar/requantize.h"

#define SUM_START 0x8000 /* keeps the lower half of a sum from borrowing of the upper */

/* At -Os gcc keeps off the high registers that the Thumb-1 code is about; Clang has no room for it
 * beside its frame pointer. */
#if defined(__ARM_ARCH_6M__) && defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__) &&            \
    !defined(__clang__)
#define HAS_THUMB_1 1
#else
#define HAS_THUMB_1 0
#endif

#if defined(__ARM_ARCH_7M__) && defined(__OPTIMIZE__)
#define HAS_THUMB_2 1
#else
#define HAS_THUMB_2 0
#endif

/* Of two channels, 0 and 1. */
typedef struct joined_sums {
    uint32_t whole0, whole1, upper0, upper1;
} joined_sums;

#if HAS_THUMB_1

/* Two inputs of two channels at two positions, 8 products, in 22 instructions. Sums lie in the
 * high registers, which only moves and additions reach; the index counts up to 0, as the
 * additions behind it leave the flags alone. The register budget: r0-r7 and five more. */
static void multiply_joined(joined_sums *sums, const int32_t *x, const int8_t *w0, const int8_t *w1,
                            int32_t inputs)
{
    register int32_t x0 __asm__("r4"); /* LDM fills registers in their order */
    register int32_t x1 __asm__("r5");
    int32_t a, b;
    int32_t index = -inputs;

    w0 += inputs;
    w1 += inputs;
    __asm__ volatile(".syntax unified\n"
                     "1:\n\t"
                     ".rept 2\n\t"
                     "ldmia %[x]!, {%[x0], %[x1]}\n\t"
                     "ldrsb %[a], [%[w0], %[k]]\n\t"
                     "muls %[a], %[x0]\n\t"
                     "ldrsb %[b], [%[w1], %[k]]\n\t"
                     "muls %[b], %[x0]\n\t"
                     "adds %[k], #1\n\t"
                     "ldrsb %[x0], [%[w0], %[k]]\n\t"
                     "muls %[x0], %[x1]\n\t"
                     "adds %[a], %[x0]\n\t"
                     "ldrsb %[x0], [%[w1], %[k]]\n\t"
                     "muls %[x1], %[x0]\n\t"
                     "adds %[b], %[x1]\n\t"
                     "add %[a], %[start]\n\t"
                     "add %[b], %[start]\n\t"
                     "add %[whole0], %[a]\n\t"
                     "add %[whole1], %[b]\n\t"
                     "asrs %[a], #16\n\t"
                     "asrs %[b], #16\n\t"
                     "adds %[k], #1\n\t"
                     "add %[upper0], %[a]\n\t"
                     "add %[upper1], %[b]\n\t"
                     ".endr\n\t"
                     "bne 1b\n\t"
                     : [whole0] "+h"(sums->whole0), [whole1] "+h"(sums->whole1),
                       [upper0] "+h"(sums->upper0), [upper1] "+h"(sums->upper1), [x] "+l"(x),
                       [k] "+l"(index), [a] "=&l"(a), [b] "=&l"(b), [x0] "=&l"(x0), [x1] "=&l"(x1)
                     : [w0] "l"(w0), [w1] "l"(w1), [start] "h"(SUM_START)
                     : "cc", "memory");
}

#elif HAS_THUMB_2

/* Two inputs of a channel at two positions, 4 products. */
#define TWO_INPUTS(w, whole, upper)                                                                \
    "ldrsb %[a], [" w "], #1\n\t"                                                                  \
    "mla %[sum], %[a], %[x0], %[start]\n\t"                                                        \
    "ldrsb %[a], [" w "], #1\n\t"                                                                  \
    "mla %[sum], %[a], %[x1], %[sum]\n\t"                                                          \
    "add " whole ", " whole ", %[sum]\n\t"                                                         \
    "add " upper ", " upper ", %[sum], asr #16\n\t"

/* 13 instructions for 8 products. The register budget: 13, with the end of the loop. */
static void multiply_joined(joined_sums *sums, const int32_t *x, const int8_t *w0, const int8_t *w1,
                            int32_t inputs)
{
    const int32_t *const end = x + inputs;
    joined_sums s = *sums;

    while (x != end) {
        int32_t a, sum, x0, x1;

        __asm__ volatile(".rept 2\n\t"
                         "ldrd %[x0], %[x1], [%[x]], #8\n\t"
                         TWO_INPUTS("%[w0]", "%[whole0]", "%[upper0]")
                         TWO_INPUTS("%[w1]", "%[whole1]", "%[upper1]")
                         ".endr\n\t"
                         : [whole0] "+r"(s.whole0), [whole1] "+r"(s.whole1),
                           [upper0] "+r"(s.upper0), [upper1] "+r"(s.upper1), [x] "+r"(x),
                           [w0] "+r"(w0), [w1] "+r"(w1), [a] "=&r"(a), [sum] "=&r"(sum),
                           [x0] "=&r"(x0), [x1] "=&r"(x1)
                         : [start] "r"(SUM_START)
                         : "memory");
    }
    *sums = s;
}

#else

static uint32_t sum_of_two(const int32_t *x, const int8_t *w)
{
    return (uint32_t)x[0] * (uint32_t)(int32_t)w[0] + (uint32_t)x[1] * (uint32_t)(int32_t)w[1] +
           SUM_START;
}

static void multiply_joined(joined_sums *sums, const int32_t *x, const int8_t *w0, const int8_t *w1,
                            int32_t inputs)
{
    for (int32_t i = 0; i < inputs; i += 2) {
        const uint32_t sum0 = sum_of_two(x + i, w0 + i);
        const uint32_t sum1 = sum_of_two(x + i, w1 + i);

        sums->whole0 += sum0;
        sums->whole1 += sum1;
        sums->upper0 += (uint32_t)((int32_t)sum0 >> 16);
        sums->upper1 += (uint32_t)((int32_t)sum1 >> 16);
    }
}

#endif

/* Both positions of a channel; of outputs that are one, a's stays. */
static void put(uint32_t whole, uint32_t upper, const int32_t *channel, int8_t *output_a,
                int8_t *output_b)
{
    *output_b = eg_requantize_channel(whole - (upper << 16), channel);
    *output_a = eg_requantize_channel(upper, channel);
}

static inline void put_fitted(uint32_t whole, uint32_t upper, const int32_t *channel,
                              int8_t *output_a, int8_t *output_b)
{
    *output_b = eg_requantize_fitted(whole - (upper << 16), channel);
    *output_a = eg_requantize_fitted(upper, channel);
}

void eg_multiply_joined(const eg_matrix_scalar *matrix, const int32_t *words, int8_t *output_a,
                        int8_t *output_b)
{
    const int32_t inputs = matrix->inputs;
    const int32_t is_fitted = matrix->is_fitted;
    const uint32_t start = 0U - (uint32_t)(inputs / 2) * SUM_START;
    const int32_t *channel = matrix->channels;
    const int8_t *weights = matrix->weights;

    for (int32_t left = matrix->output_depth; left > 0; left -= 2) {
        const int32_t more = left > 1 ? 1 : 0;
        joined_sums sums = {start, start, 0, 0};

        /* A last odd channel is multiplied twice. */
        multiply_joined(&sums, words, weights, more ? weights + inputs : weights, inputs);
        if (is_fitted) {
            put_fitted(sums.whole0, sums.upper0, channel, output_a, output_b);
            if (more) {
                put_fitted(sums.whole1, sums.upper1, channel + EG_FITTED_WORDS, output_a + 1,
                           output_b + 1);
            }
        } else {
            put(sums.whole0, sums.upper0, channel, output_a, output_b);
            if (more) {
                put(sums.whole1, sums.upper1, channel + EG_CHANNEL_WORDS, output_a + 1,
                    output_b + 1);
            }
        }
        weights += 2 * inputs;
        channel += 2 * (is_fitted ? EG_FITTED_WORDS : EG_CHANNEL_WORDS);
        output_a += 2;
        output_b += 2;
    }
}

int32_t *eg_join_inputs(const int8_t *a, const int8_t *b, int32_t inputs, int32_t *words)
{
    for (; inputs > 0; --inputs) {
        *words++ = *a++ * (1 << 16) + *b++;
    }
    return words;
}

#if HAS_THUMB_1

/* An input of four channels in 14 instructions, with the registers as above. Four a turn: the
 * asm takes what is a multiple of that, and the rest follows. */
void eg_dot_products_scalar(const int8_t *x, const int8_t *const rows[4], int32_t inputs,
                            uint32_t sums[4])
{
    const int32_t whole = inputs & ~3;
    const int8_t *const end = x + whole;
    const int8_t *const w0 = rows[0] + whole;
    const int8_t *const w1 = rows[1] + whole;
    const int8_t *const w2 = rows[2] + whole;
    const int8_t *const w3 = rows[3] + whole;
    uint32_t sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
    int32_t index = -whole;
    int32_t value, product;

    if (whole > 0) {
        __asm__ volatile(".syntax unified\n"
                         "1:\n\t"
                         ".rept 4\n\t"
                         "ldrsb %[value], [%[x], %[k]]\n\t"
                         "ldrsb %[product], [%[w0], %[k]]\n\t"
                         "muls %[product], %[value]\n\t"
                         "add %[sum0], %[product]\n\t"
                         "ldrsb %[product], [%[w1], %[k]]\n\t"
                         "muls %[product], %[value]\n\t"
                         "add %[sum1], %[product]\n\t"
                         "ldrsb %[product], [%[w2], %[k]]\n\t"
                         "muls %[product], %[value]\n\t"
                         "add %[sum2], %[product]\n\t"
                         "ldrsb %[product], [%[w3], %[k]]\n\t"
                         "muls %[product], %[value]\n\t"
                         "adds %[k], #1\n\t"
                         "add %[sum3], %[product]\n\t"
                         ".endr\n\t"
                         "bne 1b\n\t"
                         : [sum0] "+h"(sum0), [sum1] "+h"(sum1), [sum2] "+h"(sum2),
                           [sum3] "+h"(sum3), [k] "+l"(index), [value] "=&l"(value),
                           [product] "=&l"(product)
                         : [x] "l"(end), [w0] "l"(w0), [w1] "l"(w1), [w2] "l"(w2), [w3] "l"(w3)
                         : "cc", "memory");
    }
    for (int32_t i = 0; i < inputs - whole; ++i) {
        sum0 += (uint32_t)(end[i] * w0[i]);
        sum1 += (uint32_t)(end[i] * w1[i]);
        sum2 += (uint32_t)(end[i] * w2[i]);
        sum3 += (uint32_t)(end[i] * w3[i]);
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

#else

#if HAS_THUMB_2

#define ADD_PRODUCT(sum, w)                                                                        \
    "ldrsb %[weight], [" w "], #1\n\t"                                                             \
    "mla " sum ", %[value], %[weight], " sum "\n\t"

/* Inputs of four channels: 9 instructions each. The register budget: 11, with 1 for the
 * loop. The compiler's own order of the sums would need more than there are. */
#define ADD_PRODUCTS(times)                                                                        \
    __asm__ volatile(".rept " times "\n\t"                                                         \
                     "ldrsb %[value], [%[x]], #1\n\t"                                              \
                     ADD_PRODUCT("%[sum0]", "%[w0]")                                               \
                     ADD_PRODUCT("%[sum1]", "%[w1]")                                               \
                     ADD_PRODUCT("%[sum2]", "%[w2]")                                               \
                     ADD_PRODUCT("%[sum3]", "%[w3]")                                               \
                     ".endr\n\t"                                                                   \
                     : [sum0] "+r"(sum0), [sum1] "+r"(sum1), [sum2] "+r"(sum2), [sum3] "+r"(sum3), \
                       [x] "+r"(x), [w0] "+r"(w0), [w1] "+r"(w1), [w2] "+r"(w2), [w3] "+r"(w3),    \
                       [value] "=&r"(value), [weight] "=&r"(weight)                                \
                     :                                                                             \
                     : "memory")

#endif

void eg_dot_products_scalar(const int8_t *x, const int8_t *const rows[4], int32_t inputs,
                            uint32_t sums[4])
{
    const int8_t *w0 = rows[0];
    const int8_t *w1 = rows[1];
    const int8_t *w2 = rows[2];
    const int8_t *w3 = rows[3];
    uint32_t sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;

#if HAS_THUMB_2
    int32_t value, weight;

    for (; inputs >= 8; inputs -= 8) {
        ADD_PRODUCTS("8");
    }
    for (; inputs > 0; --inputs) {
        ADD_PRODUCTS("1");
    }
#else
    for (int32_t i = 0; i < inputs; ++i) {
        const int32_t value = x[i];

        sum0 += (uint32_t)(value * w0[i]);
        sum1 += (uint32_t)(value * w1[i]);
        sum2 += (uint32_t)(value * w2[i]);
        sum3 += (uint32_t)(value * w3[i]);
    }
#endif
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

#endif
