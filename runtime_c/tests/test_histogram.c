#include "edgegen/histogram.h"

#include "check.h"

#include <string.h>

/* What one value alone reads back as. */
static uint64_t read_back(uint64_t value)
{
    static eg_histogram histogram;
    uint64_t back = 0;

    memset(&histogram, 0, sizeof histogram);
    EXPECT(eg_histogram_add(&histogram, value) == EG_OK);
    EXPECT(eg_histogram_percentile(&histogram, 50, &back) == EG_OK);
    return back;
}

static void expect_close(uint64_t value)
{
    const uint64_t back = read_back(value);

    EXPECT((back > value ? back - value : value - back) * 64 <= value);
}

static void test_small_values_are_exact(void)
{
    for (uint64_t value = 0; value < 64; ++value) {
        EXPECT(read_back(value) == value);
    }
}

static void test_the_error_is_bounded_at_every_edge(void)
{
    for (unsigned exponent = 5; exponent < 36; ++exponent) {
        for (uint64_t step = 0; step < 32; ++step) {
            const uint64_t edge = (32 + step) << (exponent - 5);

            expect_close(edge);
            expect_close(edge - 1);
            expect_close(edge + 1);
        }
    }
    expect_close(EG_HISTOGRAM_LIMIT - 1);
}

static void test_long_values_are_counted_together(void)
{
    EXPECT(read_back(EG_HISTOGRAM_LIMIT) == EG_HISTOGRAM_LIMIT);
    EXPECT(read_back(UINT64_MAX) == EG_HISTOGRAM_LIMIT);
}

static void test_ranks(void)
{
    static eg_histogram histogram;
    uint64_t value = 0;

    for (uint64_t i = 1; i <= 10; ++i) {
        EXPECT(eg_histogram_add(&histogram, i) == EG_OK);
    }
    EXPECT(eg_histogram_percentile(&histogram, 0, &value) == EG_OK && value == 1);
    EXPECT(eg_histogram_percentile(&histogram, 10, &value) == EG_OK && value == 1);
    EXPECT(eg_histogram_percentile(&histogram, 11, &value) == EG_OK && value == 2);
    EXPECT(eg_histogram_percentile(&histogram, 50, &value) == EG_OK && value == 5);
    EXPECT(eg_histogram_percentile(&histogram, 95, &value) == EG_OK && value == 10);
}

static void test_counts_saturate(void)
{
    static eg_histogram histogram;

    histogram.counts[3] = UINT32_MAX;
    histogram.beyond = UINT32_MAX;
    EXPECT(eg_histogram_add(&histogram, 3) == EG_OK && histogram.counts[3] == UINT32_MAX);
    EXPECT(eg_histogram_add(&histogram, UINT64_MAX) == EG_OK && histogram.beyond == UINT32_MAX);
}

static void test_misuse(void)
{
    static eg_histogram histogram;
    uint64_t value = 7;

    EXPECT(eg_histogram_add(NULL, 0) == EG_INVALID_ARGUMENT);
    EXPECT(eg_histogram_percentile(&histogram, 50, &value) == EG_INVALID_ARGUMENT); /* empty */
    EXPECT(eg_histogram_add(&histogram, 0) == EG_OK);
    EXPECT(eg_histogram_percentile(NULL, 50, &value) == EG_INVALID_ARGUMENT);
    EXPECT(eg_histogram_percentile(&histogram, 50, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(eg_histogram_percentile(&histogram, 101, &value) == EG_INVALID_ARGUMENT);
    EXPECT(value == 7);
}

int main(void)
{
    test_small_values_are_exact();
    test_the_error_is_bounded_at_every_edge();
    test_long_values_are_counted_together();
    test_ranks();
    test_counts_saturate();
    test_misuse();
    return 0;
}
