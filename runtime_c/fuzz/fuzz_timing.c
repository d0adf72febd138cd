/* edgegen/histogram.h and edgegen/stopwatch.h: any calls in any order, beside a list of laps. */
#include "fuzz.h"

#include "edgegen/stopwatch.h"

enum { MOST_LAPS = 64 };

typedef struct model {
    uint64_t laps[MOST_LAPS];
    uint32_t count;
    uint64_t start;
    bool running;
} model;

/* A clock whose next reading the fuzzer chose. */
static uint64_t readings[8];
static uint32_t reading;

static uint64_t clock_ns(void)
{
    return readings[reading++ % 8];
}

static uint64_t take_time(fuzz_input *input)
{
    return (uint64_t)take(input, 4) << take_below(input, 33);
}

static int by_length(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void calibrate(fuzz_input *input, eg_stopwatch *watch)
{
    const uint32_t rounds = take_below(input, 5);
    const eg_stopwatch before = *watch;
    uint64_t shortest = UINT64_MAX;
    bool is_legal = rounds > 0;

    for (uint32_t i = 0; i < 8; ++i) {
        readings[i] = take_time(input);
    }
    for (uint32_t i = 0; i < rounds && is_legal; ++i) {
        const uint64_t from = readings[2 * i];
        const uint64_t to = readings[2 * i + 1];

        is_legal = to >= from;
        shortest = to - from < shortest ? to - from : shortest;
    }
    reading = 0;
    EXPECT(eg_stopwatch_calibrate(watch, clock_ns, rounds) ==
           (is_legal ? EG_OK : EG_INVALID_ARGUMENT));
    EXPECT(watch->overhead_ns == (is_legal ? shortest : before.overhead_ns));
}

static void end_lap(fuzz_input *input, eg_stopwatch *watch, model *laps)
{
    const bool stops = take_one_in(input, 2);
    const uint64_t now = laps->start + take_time(input) - take_one_in(input, 16);
    const eg_stopwatch before = *watch;
    uint64_t lap = 77;
    const eg_status status =
        stops ? eg_stopwatch_stop(watch, now, &lap) : eg_stopwatch_lap(watch, now, &lap);

    if (!laps->running || now < laps->start) {
        EXPECT(status == EG_INVALID_ARGUMENT && lap == 77);
        EXPECT(memcmp(watch, &before, sizeof before) == 0);
        return;
    }
    const uint64_t shown = now - laps->start;

    EXPECT(status == EG_OK);
    EXPECT(lap == (shown > watch->overhead_ns ? shown - watch->overhead_ns : 0));
    laps->laps[laps->count++] = lap;
    laps->start = now;
    laps->running = !stops;
}

static void check_figures(fuzz_input *input, const eg_stopwatch *watch, model *laps)
{
    uint64_t total = 0;
    uint64_t got = 77;
    const uint32_t percent = take_below(input, 103);

    for (uint32_t i = 0; i < laps->count; ++i) {
        total += laps->laps[i];
    }
    EXPECT(watch->laps == laps->count && watch->running == laps->running);
    EXPECT(watch->total_ns == total);
    EXPECT(eg_stopwatch_mean_ns(watch) == (laps->count > 0 ? total / laps->count : 0));
    const eg_status status = eg_stopwatch_percentile_ns(watch, percent, &got);

    if (laps->count == 0 || percent > 100) {
        EXPECT(status == EG_INVALID_ARGUMENT && got == 77);
        return;
    }
    qsort(laps->laps, laps->count, sizeof laps->laps[0], by_length);
    const uint64_t rank = percent == 0 ? 1 : ((uint64_t)laps->count * percent + 99) / 100;
    const uint64_t want = laps->laps[rank - 1];
    const uint64_t distance = got > want ? got - want : want - got;

    EXPECT(status == EG_OK);
    EXPECT(watch->min_ns == laps->laps[0] && watch->max_ns == laps->laps[laps->count - 1]);
    EXPECT(distance <= want / 64 || want >= EG_HISTOGRAM_LIMIT);
    EXPECT(percent < 100 || distance == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    eg_histogram *const histogram = (eg_histogram *)calloc(1, sizeof(eg_histogram));
    eg_stopwatch watch;
    model laps;

    EXPECT(histogram != NULL);
    memset(&watch, 0, sizeof watch);
    memset(&laps, 0, sizeof laps);
    watch.histogram = histogram;
    if (take_one_in(&input, 2)) {
        calibrate(&input, &watch);
    }
    while (input.size > 0 && laps.count < MOST_LAPS) {
        if (take_one_in(&input, 3)) {
            const uint64_t now = take_time(&input);
            const eg_status want = laps.running ? EG_INVALID_ARGUMENT : EG_OK;

            EXPECT(eg_stopwatch_start(&watch, now) == want);
            laps.start = laps.running ? laps.start : now;
            laps.running = true;
        } else {
            end_lap(&input, &watch, &laps);
        }
    }
    check_figures(&input, &watch, &laps);
    free(histogram);
    return 0;
}
