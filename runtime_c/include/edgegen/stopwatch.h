/* A stopwatch over any clock: the caller owns the struct and passes the time in.
 *
 * It reads no clock itself, so it serves a host (eg_clock_ns) and a board (the port layer's clock)
 * alike. Times are nanoseconds of one monotonic clock. Nothing here is thread-safe: one stopwatch,
 * one thread.
 */
#ifndef EDGEGEN_STOPWATCH_H
#define EDGEGEN_STOPWATCH_H

#include <stdbool.h>
#include <stdint.h>

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
    uint32_t laps;         /* finished laps */
    bool running;
} eg_stopwatch;

/* Begins a lap. EG_INVALID_ARGUMENT when it runs already, or `watch` is NULL. */
eg_status eg_stopwatch_start(eg_stopwatch *watch, uint64_t now_ns);

/* Ends the lap and begins the next one at the same moment. `lap_ns` takes the lap's length and may
 * be NULL. EG_INVALID_ARGUMENT, with nothing changed, when it isn't running or `now_ns` lies before
 * the lap's start. */
eg_status eg_stopwatch_lap(eg_stopwatch *watch, uint64_t now_ns, uint64_t *lap_ns);

/* Ends the lap and stands still until the next start; otherwise like eg_stopwatch_lap. */
eg_status eg_stopwatch_stop(eg_stopwatch *watch, uint64_t now_ns, uint64_t *lap_ns);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_STOPWATCH_H */
