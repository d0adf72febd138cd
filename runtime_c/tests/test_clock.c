#include "edgegen/clock.h"

#include "check.h"

static void test_it_never_goes_back(void)
{
    uint64_t last = eg_clock_ns();

    EXPECT(last > 0);
    for (int i = 0; i < 100000; ++i) {
        const uint64_t now = eg_clock_ns();

        EXPECT(now >= last);
        last = now;
    }
}

static void test_it_moves(void)
{
    const uint64_t start = eg_clock_ns();

    while (eg_clock_ns() == start) {
    }
    EXPECT(eg_clock_ns() > start);
}

int main(void)
{
    test_it_never_goes_back();
    test_it_moves();
    return 0;
}
