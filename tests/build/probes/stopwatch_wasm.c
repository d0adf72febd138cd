/* A stopwatch over the host's clock, for node to call. */
#include <stddef.h>

#include "edgegen/clock.h"
#include "edgegen/stopwatch.h"

static eg_histogram histogram;
static eg_stopwatch watch;

/* Calibrates and takes `laps` laps of one read of the clock each; the overhead. */
uint64_t measure(uint32_t laps);

uint64_t measure(uint32_t laps)
{
    watch = (eg_stopwatch){.histogram = &histogram};
    if (eg_stopwatch_calibrate(&watch, eg_clock_ns, 10) != EG_OK) {
        return UINT64_MAX;
    }
    for (uint32_t i = 0; i < laps; ++i) {
        (void)eg_stopwatch_start(&watch, eg_clock_ns());
        (void)eg_clock_ns();
        (void)eg_stopwatch_stop(&watch, eg_clock_ns(), NULL);
    }
    return watch.overhead_ns;
}

uint64_t percentile(uint32_t percent);

uint64_t percentile(uint32_t percent)
{
    uint64_t length_ns = 0;

    (void)eg_stopwatch_percentile_ns(&watch, percent, &length_ns);
    return length_ns;
}

/* -nostdlib: what the compiler makes of an assignment of structs. */
void *memset(void *to, int value, size_t count);

void *memset(void *to, int value, size_t count)
{
    for (unsigned char *at = to; count > 0; --count) {
        *at++ = (unsigned char)value;
    }
    return to;
}
