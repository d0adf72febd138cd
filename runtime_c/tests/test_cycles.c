#include "edgegen/cycles.h"

#include "check.h"

#include <stdbool.h>
#include <stddef.h>

#include "edgegen/clock.h"

/* Clocks to calibrate by: calls count. */
static uint64_t calls;

static uint64_t standing_ns(void)
{
    return 7;
}

static uint64_t backward_ns(void)
{
    return 1000000 - ++calls;
}

static uint64_t quick_ns(void)
{
    return ++calls * 1000;
}

static void test_misuse_changes_nothing(void)
{
    eg_cycles cycles = {.hz = 5};

    EXPECT(eg_cycles_start(NULL, 0) == EG_CYCLES_NONE);
    EXPECT(eg_cycles_now(NULL) == 0 && eg_cycles_now(&cycles) == 0);
    EXPECT(eg_cycles_to_ns(NULL, 5) == 0);
    EXPECT(eg_cycles_calibrate(NULL, quick_ns, 1) == EG_INVALID_ARGUMENT);
    EXPECT(eg_cycles_calibrate(&cycles, quick_ns, 1) == EG_INVALID_ARGUMENT);
    EXPECT(cycles.source == EG_CYCLES_NONE && cycles.hz == 5);
}

static void test_counts_become_nanoseconds(void)
{
    eg_cycles cycles = {.hz = 3000000000};

    EXPECT(eg_cycles_to_ns(&cycles, 7) == 2);
    EXPECT(eg_cycles_to_ns(&cycles, 2999999999) == 999999999);
    EXPECT(eg_cycles_to_ns(&cycles, UINT64_C(3000000000) * 1000000000) ==
           UINT64_C(1000000000000000000));
    cycles.hz = 62500000;
    EXPECT(eg_cycles_to_ns(&cycles, 1) == 16);
    cycles.hz = 0;
    EXPECT(eg_cycles_to_ns(&cycles, 1000) == 0);
}

static void test_it_never_goes_back(eg_cycles *cycles)
{
    const uint64_t first = eg_cycles_now(cycles);
    uint64_t last = first;

    for (int i = 0; i < 100000; ++i) {
        const uint64_t now = eg_cycles_now(cycles);

        EXPECT(now >= last);
        last = now;
    }
    EXPECT(last > first);
}

static void test_a_wrong_clock_is_refused(eg_cycles *cycles)
{
    const uint64_t hz = cycles->hz;

    calls = 0;
    EXPECT(eg_cycles_calibrate(cycles, NULL, 1000) == EG_INVALID_ARGUMENT);
    EXPECT(eg_cycles_calibrate(cycles, quick_ns, 0) == EG_INVALID_ARGUMENT);
    EXPECT(eg_cycles_calibrate(cycles, quick_ns, 1000000001) == EG_INVALID_ARGUMENT);
    EXPECT(eg_cycles_calibrate(cycles, standing_ns, 1000) == EG_INVALID_ARGUMENT);
    EXPECT(eg_cycles_calibrate(cycles, backward_ns, 1000) == EG_INVALID_ARGUMENT);
    EXPECT(cycles->hz == hz);
}

/* By the clock and by the counter the same work takes as long, to 1 %. Another process may take
 * the processor between two reads: then once more. */
static void test_it_agrees_with_the_clock(eg_cycles *cycles)
{
    bool agrees = false;

    for (int attempt = 0; attempt < 100 && !agrees; ++attempt) {
        EXPECT(eg_cycles_calibrate(cycles, eg_clock_ns, 2000000) == EG_OK);
        const uint64_t start_ns = eg_clock_ns();
        const uint64_t start = eg_cycles_now(cycles);

        while (eg_clock_ns() - start_ns < 2000000) {
        }
        const uint64_t counted_ns = eg_cycles_to_ns(cycles, eg_cycles_now(cycles) - start);
        const uint64_t passed_ns = eg_clock_ns() - start_ns;
        const uint64_t apart =
            counted_ns > passed_ns ? counted_ns - passed_ns : passed_ns - counted_ns;

        agrees = apart * 100 < passed_ns;
    }
    EXPECT(agrees);
}

int main(void)
{
    eg_cycles cycles;
    const eg_cycles_source source = eg_cycles_start(&cycles, 0);

    test_misuse_changes_nothing();
    test_counts_become_nanoseconds();
    printf("%s\n", eg_cycles_source_text(cycles.source));
    EXPECT(source == cycles.source);
    if (source != EG_CYCLES_NONE) {
        test_it_never_goes_back(&cycles);
        test_a_wrong_clock_is_refused(&cycles);
        test_it_agrees_with_the_clock(&cycles);
    }
    return 0;
}
