#include "edgegen/stopwatch.h"

#include "check.h"

#include <stddef.h>

static void test_laps_add_up(void)
{
    eg_stopwatch watch = {0};
    uint64_t lap_ns = 0;

    EXPECT(eg_stopwatch_start(&watch, 1000) == EG_OK);
    EXPECT(eg_stopwatch_lap(&watch, 1300, &lap_ns) == EG_OK && lap_ns == 300);
    EXPECT(eg_stopwatch_lap(&watch, 1350, &lap_ns) == EG_OK && lap_ns == 50);
    EXPECT(eg_stopwatch_stop(&watch, 1450, &lap_ns) == EG_OK && lap_ns == 100);
    EXPECT(watch.laps == 3 && watch.total_ns == 450);
    EXPECT(watch.min_ns == 50 && watch.max_ns == 300);
    EXPECT(!watch.running);
}

static void test_a_pause_does_not_count(void)
{
    eg_stopwatch watch = {0};

    EXPECT(eg_stopwatch_start(&watch, 0) == EG_OK);
    EXPECT(eg_stopwatch_stop(&watch, 10, NULL) == EG_OK);
    EXPECT(eg_stopwatch_start(&watch, 5000) == EG_OK);
    EXPECT(eg_stopwatch_stop(&watch, 5020, NULL) == EG_OK);
    EXPECT(watch.total_ns == 30 && watch.laps == 2);
}

static void test_misuse_changes_nothing(void)
{
    eg_stopwatch watch = {0};
    uint64_t lap_ns = 7;

    EXPECT(eg_stopwatch_start(NULL, 0) == EG_INVALID_ARGUMENT);
    EXPECT(eg_stopwatch_lap(NULL, 0, &lap_ns) == EG_INVALID_ARGUMENT);
    EXPECT(eg_stopwatch_stop(NULL, 0, &lap_ns) == EG_INVALID_ARGUMENT);
    EXPECT(eg_stopwatch_lap(&watch, 5, &lap_ns) == EG_INVALID_ARGUMENT);
    EXPECT(eg_stopwatch_stop(&watch, 5, &lap_ns) == EG_INVALID_ARGUMENT);
    EXPECT(eg_stopwatch_start(&watch, 100) == EG_OK);
    EXPECT(eg_stopwatch_start(&watch, 200) == EG_INVALID_ARGUMENT);
    EXPECT(eg_stopwatch_lap(&watch, 99, &lap_ns) == EG_INVALID_ARGUMENT);
    EXPECT(lap_ns == 7 && watch.laps == 0 && watch.running && watch.lap_start_ns == 100);
}

static void test_the_last_nanosecond(void)
{
    eg_stopwatch watch = {0};
    uint64_t lap_ns = 0;

    EXPECT(eg_stopwatch_start(&watch, 0) == EG_OK);
    EXPECT(eg_stopwatch_stop(&watch, UINT64_MAX, &lap_ns) == EG_OK);
    EXPECT(lap_ns == UINT64_MAX && watch.max_ns == UINT64_MAX);
}

static void test_percentiles_and_mean(void)
{
    eg_histogram histogram = {{0}, 0};
    eg_stopwatch watch = {0};
    uint64_t now = 0;
    uint64_t length = 7;

    EXPECT(eg_stopwatch_mean_ns(&watch) == 0 && eg_stopwatch_mean_ns(NULL) == 0);
    EXPECT(eg_stopwatch_percentile_ns(&watch, 50, &length) == EG_INVALID_ARGUMENT);
    watch.histogram = &histogram;
    EXPECT(eg_stopwatch_percentile_ns(&watch, 50, &length) == EG_INVALID_ARGUMENT && length == 7);
    EXPECT(eg_stopwatch_start(&watch, now) == EG_OK);
    for (uint64_t i = 1; i <= 1000; ++i) { /* laps of 1000, 2000, ... 1,000,000 ns */
        now += 1000 * i;
        EXPECT(eg_stopwatch_lap(&watch, now, NULL) == EG_OK);
    }
    EXPECT(eg_stopwatch_mean_ns(&watch) == 500500);
    EXPECT(eg_stopwatch_percentile_ns(&watch, 0, &length) == EG_OK && length / 1000 == 1);
    for (uint32_t percent = 1; percent <= 99; ++percent) {
        const uint64_t exact = UINT64_C(10000) * percent;

        EXPECT(eg_stopwatch_percentile_ns(&watch, percent, &length) == EG_OK);
        EXPECT((length > exact ? length - exact : exact - length) * 64 <= exact);
    }
    EXPECT(eg_stopwatch_percentile_ns(&watch, 100, &length) == EG_OK && length == 1000000);
    EXPECT(eg_stopwatch_percentile_ns(&watch, 101, &length) == EG_INVALID_ARGUMENT);
    EXPECT(eg_stopwatch_percentile_ns(&watch, 50, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(eg_stopwatch_percentile_ns(NULL, 50, &length) == EG_INVALID_ARGUMENT);
}

/* A clock whose steps are 9, 5, 7, 9, 5, 7, ... ns. */
static uint64_t ticking_ns;
static uint64_t tick(void)
{
    static const uint64_t steps[3] = {9, 5, 7};
    static unsigned calls;

    ticking_ns += steps[calls++ % 3];
    return ticking_ns;
}

static uint64_t tick_back(void)
{
    return --ticking_ns;
}

static void test_the_overhead_is_measured_and_subtracted(void)
{
    eg_stopwatch watch = {0};
    uint64_t lap_ns = 0;

    EXPECT(eg_stopwatch_calibrate(&watch, tick, 30) == EG_OK && watch.overhead_ns == 5);
    EXPECT(watch.laps == 0 && !watch.running);
    EXPECT(eg_stopwatch_start(&watch, 100) == EG_OK);
    EXPECT(eg_stopwatch_lap(&watch, 110, &lap_ns) == EG_OK && lap_ns == 5);
    EXPECT(eg_stopwatch_lap(&watch, 112, &lap_ns) == EG_OK && lap_ns == 0);
    EXPECT(eg_stopwatch_calibrate(&watch, tick, 30) == EG_INVALID_ARGUMENT); /* runs */
    EXPECT(eg_stopwatch_stop(&watch, 142, &lap_ns) == EG_OK && lap_ns == 25);
    EXPECT(watch.total_ns == 30 && watch.min_ns == 0 && watch.max_ns == 25);
    EXPECT(eg_stopwatch_calibrate(&watch, tick, 30) == EG_INVALID_ARGUMENT); /* has laps */
}

static void test_what_calibration_refuses(void)
{
    eg_stopwatch watch = {0};

    EXPECT(eg_stopwatch_calibrate(NULL, tick, 1) == EG_INVALID_ARGUMENT);
    EXPECT(eg_stopwatch_calibrate(&watch, NULL, 1) == EG_INVALID_ARGUMENT);
    EXPECT(eg_stopwatch_calibrate(&watch, tick, 0) == EG_INVALID_ARGUMENT);
    EXPECT(eg_stopwatch_calibrate(&watch, tick_back, 1) == EG_INVALID_ARGUMENT);
    EXPECT(watch.overhead_ns == 0);
}

int main(void)
{
    test_percentiles_and_mean();
    test_the_overhead_is_measured_and_subtracted();
    test_what_calibration_refuses();
    test_laps_add_up();
    test_a_pause_does_not_count();
    test_misuse_changes_nothing();
    test_the_last_nanosecond();
    return 0;
}
