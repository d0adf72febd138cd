#if !defined(_WIN32) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 199309L /* clock_gettime isn't part of C99 */
#endif

#include "edgegen/clock.h"

#define NS_PER_S UINT64_C(1000000000)

#if defined(_WIN32)

#include <windows.h>

uint64_t eg_clock_ns(void)
{
    LARGE_INTEGER frequency;
    LARGE_INTEGER ticks;

    if (!QueryPerformanceFrequency(&frequency) || !QueryPerformanceCounter(&ticks)) {
        return 0;
    }
    const uint64_t hz = (uint64_t)frequency.QuadPart;
    const uint64_t now = (uint64_t)ticks.QuadPart;

    /* Seconds and rest apart: ticks * 10^9 would overflow after days of uptime. */
    return now / hz * NS_PER_S + now % hz * NS_PER_S / hz;
}

#elif defined(__wasm__) && !defined(__EMSCRIPTEN__) && !defined(__wasi__)

__attribute__((import_module("edgegen"), import_name("clock_ms"))) double eg_clock_host_ms(void);

uint64_t eg_clock_ns(void)
{
    const double ns = eg_clock_host_ms() * 1e6;

    return ns > 0.0 && ns < 0x1p64 ? (uint64_t)ns : 0; /* a host may hand back anything, NaN too */
}

#else

#include <time.h>

uint64_t eg_clock_ns(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        return 0;
    }
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

#endif
