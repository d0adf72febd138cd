/* A monotonic clock in nanoseconds, wherever a system below the program has one.
 *
 * Linux, Android, iOS, macOS, Emscripten and WASI: clock_gettime(CLOCK_MONOTONIC). Windows: the
 * performance counter. WebAssembly without such a system: the module imports the function
 * `clock_ms` from the module `edgegen`, without arguments, whose result is a double: milliseconds
 * since any moment, as performance.now has them. In JavaScript:
 *
 *     WebAssembly.instantiate(bytes, { edgegen: { clock_ms: () => performance.now() } })
 *
 * Browsers round performance.now to 5 or 100 microseconds, so that only longer work can be timed.
 *
 * Bare metal has none: there the project's port layer reads SysTick (edgegen/systick.h) or
 * counts cycles (edgegen/cycles.h).
 */
#ifndef EDGEGEN_CLOCK_H
#define EDGEGEN_CLOCK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Nanoseconds since an arbitrary moment, the same for the whole process; never goes back, and
 * neither the user nor a time server can set it. 64 bits last for 584 years. Costs some tens of
 * nanoseconds on Linux. Returns 0, and only 0, where the system has no such clock. */
uint64_t eg_clock_ns(void);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_CLOCK_H */
