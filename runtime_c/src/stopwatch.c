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
}

eg_status eg_stopwatch_lap(eg_stopwatch *watch, uint64_t now_ns, uint64_t *lap_ns)
{
    if (watch == NULL || !watch->running || now_ns < watch->lap_start_ns) {
        return EG_INVALID_ARGUMENT;
    }
    const uint64_t length_ns = now_ns - watch->lap_start_ns;

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
