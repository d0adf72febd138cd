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

int main(void)
{
    test_laps_add_up();
    test_a_pause_does_not_count();
    test_misuse_changes_nothing();
    test_the_last_nanosecond();
    return 0;
}
