/* A stopwatch over any clock: the caller owns the struct and passes the time in.
 *
 * It reads no clock itself, so it serves a host (eg_clock_ns), a board (the port layer's clock,
 * SysTick by eg_systick_ns) and a cycle counter (eg_cycles_to_ns) alike. Times are nanoseconds of
 * one monotonic clock. Nothing here is thread-safe: one stopwatch, one thread.
 *
 * Two things are up to the caller. With a histogram there are percentiles. With an overhead (see
 * eg_stopwatch_calibrate) every lap is that much shorter than what the clock showed, but not below
 * 0; all the figures and the lap handed back are then without it.
 */
#ifndef EDGEGEN_STOPWATCH_H
#define EDGEGEN_STOPWATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "edgegen/histogram.h"
#include "edgegen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero-initialised is ready for use: `eg_stopwatch watch = {0};` */
typedef struct eg_stopwatch {
    uint64_t lap_start_ns; /* when the running lap began; meaningful while running */
    uint64_t total_ns;     /* sum of all finished laps */
    uint64_t min_ns;       /* shortest lap; 0 before the first */
    uint64_t max_ns;       /* longest lap; 0 before the first */
    uint64_t laps;         /* finished laps */
    bool running;
    uint64_t overhead_ns;    /* what reading the clock adds to a lap; subtracted from each */
    eg_histogram *histogram; /* counts every lap's length; NULL for none, the caller's otherwise */
} eg_stopwatch;

/* Measures what an empty lap takes, `rounds` times, and keeps the shortest as `overhead_ns`: what
 * is subtracted is then never more than what was added. `clock_ns` is what the laps are timed with,
 * for example eg_clock_ns. EG_INVALID_ARGUMENT, with nothing changed, when a pointer is NULL,
 * `rounds` is 0, the stopwatch runs or has laps, or the clock goes back. */
eg_status eg_stopwatch_calibrate(eg_stopwatch *watch, uint64_t (*clock_ns)(void), uint32_t rounds);

/* Begins a lap. EG_INVALID_ARGUMENT when it runs already, or `watch` is NULL. */
eg_status eg_stopwatch_start(eg_stopwatch *watch, uint64_t now_ns);

/* Ends the lap and begins the next one at the same moment. `lap_ns` takes the lap's length and may
 * be NULL. EG_INVALID_ARGUMENT, with nothing changed, when it isn't running or `now_ns` lies before
 * the lap's start. */
eg_status eg_stopwatch_lap(eg_stopwatch *watch, uint64_t now_ns, uint64_t *lap_ns);

/* Ends the lap and stands still until the next start; otherwise like eg_stopwatch_lap. */
eg_status eg_stopwatch_stop(eg_stopwatch *watch, uint64_t now_ns, uint64_t *lap_ns);

/* The laps' mean, rounded down; 0 before the first lap and for NULL. */
uint64_t eg_stopwatch_mean_ns(const eg_stopwatch *watch);

/* The length that `percent` of the laps don't exceed: eg_histogram_percentile between the shortest
 * and the longest lap, which makes 100 exact and bounds the error at 1/64 up to 69 s.
 * EG_INVALID_ARGUMENT, with nothing written, without a histogram, before the first lap, for a NULL
 * pointer and for a `percent` above 100. */
eg_status eg_stopwatch_percentile_ns(const eg_stopwatch *watch, uint32_t percent,
                                     uint64_t *length_ns);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_STOPWATCH_H */
