/* As on cores without a long multiplication; the expectations use one. */
#define EG_HAS_LONG_MULTIPLY 0
#include "edgegen/fixed_point.h"
#include "edgegen/nn/scalar/requantize.h"

#include "check.h"

static int32_t expected(int32_t a, int32_t b, int32_t bits)
{
    const int64_t rounded = (int64_t)a * b + (INT64_C(1) << (bits - 1));

    return (int32_t)(uint32_t)((uint64_t)(rounded >> bits) & UINT32_MAX);
}

static void expect_exact(int32_t a, int32_t b)
{
    EXPECT(eg_rounding_high_mul(a, b) == expected(a, b, 32));
    if (a == INT32_MIN && b == INT32_MIN) {
        EXPECT(eg_rounding_doubling_high_mul(a, b) == INT32_MAX);
    } else {
        EXPECT(eg_rounding_doubling_high_mul(a, b) == expected(a, b, 31));
    }
}

/* Around every power of two, and so every carry between halfwords. */
static void test_corners(void)
{
    enum { CORNERS = 32 * 3 * 2 };
    int32_t corners[CORNERS];
    int32_t count = 0;

    for (int32_t bit = 0; bit < 32; ++bit) {
        for (int32_t near = -1; near <= 1; ++near) {
            const uint32_t value = (UINT32_C(1) << bit) + (uint32_t)near;

            corners[count++] = (int32_t)value;
            corners[count++] = (int32_t)(0U - value);
        }
    }
    for (int32_t i = 0; i < CORNERS; ++i) {
        for (int32_t j = 0; j < CORNERS; ++j) {
            expect_exact(corners[i], corners[j]);
        }
    }
}

static void test_many(void)
{
    uint32_t state = 1;

    for (int32_t i = 0; i < 3000000; ++i) {
        state = state * 1664525U + 1013904223U;
        const uint32_t a = state;

        state = state * 1664525U + 1013904223U;
        expect_exact((int32_t)(a >> (i & 31)), (int32_t)state);
        expect_exact((int32_t)a, (int32_t)(state >> 1)); /* a multiplier in Q31 */
    }
}

/* Products that end exactly on a half. */
static void test_ties(void)
{
    for (int32_t odd = -65535; odd <= 65535; odd += 2) {
        expect_exact(odd, INT32_C(1) << 30);
        expect_exact(odd * 2, INT32_C(1) << 30);
        expect_exact(odd * 16384, 32768);
    }
}

static void expect_scaled(int32_t sum, int32_t factor)
{
    const int64_t scaled = ((int64_t)sum * factor) >> EG_FACTOR_BITS;

    if (scaled >= INT32_MIN && scaled <= INT32_MAX) {
        EXPECT(eg_scale_sum(sum, factor) == (int32_t)scaled);
    }
}

static void test_scaled_sums(void)
{
    static const int32_t sums[] = {0, 1, 1023, 1024, 65535, 1048575, 2097151};
    uint32_t state = 1;

    for (int32_t i = 0; i < 1000000; ++i) {
        state = state * 1664525U + 1013904223U;
        const int32_t factor = (int32_t)(state >> (1 + (i & 15)));

        expect_scaled(sums[i % 7], factor);
        expect_scaled(-sums[i % 7], factor);
        expect_scaled((int32_t)(state & 0x1FFFFF), factor);
        expect_scaled(-(int32_t)(state & 0x1FFFFF), INT32_MAX - factor);
    }
}

int main(void)
{
    test_corners();
    test_many();
    test_ties();
    test_scaled_sums();
    return 0;
}
