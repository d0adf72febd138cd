#include "edgegen/stopwatch.h"

#include <stddef.h>

eg_status eg_stopwatch_start(eg_stopwatch *watch, uint64_t now_ns)
{
    if (watch == NULL || watch->running) {
        return EG_INVALID_ARGUMENT;
    }
    watch->lap_start_ns = now_ns;
    watch->running = true;
    return EG_OK;
}

static void record(eg_stopwatch *watch, uint64_t lap_ns)
{
    if (watch->laps == 0 || lap_ns < watch->min_ns) {
        watch->min_ns = lap_ns;
    }
    if (lap_ns > watch->max_ns) {
        watch->max_ns = lap_ns;
    }
    watch->total_ns += lap_ns;
    ++watch->laps;
    if (watch->histogram != NULL) {
        (void)eg_histogram_add(watch->histogram, lap_ns);
    }
}

static uint64_t without(uint64_t overhead_ns, uint64_t length_ns)
{
    return length_ns > overhead_ns ? length_ns - overhead_ns : 0;
}

eg_status eg_stopwatch_lap(eg_stopwatch *watch, uint64_t now_ns, uint64_t *lap_ns)
{
    if (watch == NULL || !watch->running || now_ns < watch->lap_start_ns) {
        return EG_INVALID_ARGUMENT;
    }
    const uint64_t length_ns = without(watch->overhead_ns, now_ns - watch->lap_start_ns);

    record(watch, length_ns);
    watch->lap_start_ns = now_ns;
    if (lap_ns != NULL) {
        *lap_ns = length_ns;
    }
    return EG_OK;
}

eg_status eg_stopwatch_stop(eg_stopwatch *watch, uint64_t now_ns, uint64_t *lap_ns)
{
    const eg_status status = eg_stopwatch_lap(watch, now_ns, lap_ns);

    if (status == EG_OK) {
        watch->running = false;
    }
    return status;
}

eg_status eg_stopwatch_calibrate(eg_stopwatch *watch, uint64_t (*clock_ns)(void), uint32_t rounds)
{
    if (watch == NULL || clock_ns == NULL || rounds == 0 || watch->running || watch->laps > 0) {
        return EG_INVALID_ARGUMENT;
    }
    eg_stopwatch empty = {0};

    for (uint32_t i = 0; i < rounds; ++i) {
        (void)eg_stopwatch_start(&empty, clock_ns());
        if (eg_stopwatch_stop(&empty, clock_ns(), NULL) != EG_OK) {
            return EG_INVALID_ARGUMENT;
        }
    }
    watch->overhead_ns = empty.min_ns;
    return EG_OK;
}

uint64_t eg_stopwatch_mean_ns(const eg_stopwatch *watch)
{
    return watch != NULL && watch->laps > 0 ? watch->total_ns / watch->laps : 0;
}

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high)
{
    return value < low ? low : value > high ? high : value;
}

eg_status eg_stopwatch_percentile_ns(const eg_stopwatch *watch, uint32_t percent,
                                     uint64_t *length_ns)
{
    if (watch == NULL || length_ns == NULL || watch->histogram == NULL || watch->laps == 0) {
        return EG_INVALID_ARGUMENT;
    }
    uint64_t middle = 0;
    const eg_status status = eg_histogram_percentile(watch->histogram, percent, &middle);

    if (status == EG_OK) {
        const uint64_t exact_at_ends = percent == 100 ? watch->max_ns : middle;

        *length_ns = clamp(exact_at_ends, watch->min_ns, watch->max_ns);
    }
    return status;
}
