/* The processor's own counter, where it has one that a program may read: finer than a clock of the
 * system, and there on bare metal.
 *
 *   x86         TSC: cycles of a constant rate near the nominal one, in idle states too
 *   AArch64     CNTVCT_EL0: the generic timer, 1 MHz to 1 GHz, the same for all cores
 *   Cortex-M3   DWT's CYCCNT, as on every later core but M23: cycles of the core; it may stand
 *               still while the core sleeps
 *
 * Not there: an x86 whose TSC changes its rate with the processor's, 32-bit Arm Linux (the kernel
 * decides whether programs may read CNTVCT, and says so nowhere), Cortex-M0, M0+ and M23, a
 * Cortex-M made without CYCCNT, or that lets only a debugger have it, QEMU's (it has registers of
 * zero in its place), WebAssembly. Then eg_cycles_start says so, and the clock to take is
 * eg_clock_ns or, on a Cortex-M, SysTick (edgegen/systick.h).
 *
 * CYCCNT has 32 bits. eg_cycles_now carries them on to 64 if it is called at least once in 2^32
 * cycles (25 s at 168 MHz); turns that nobody saw are lost, and time is then too short by them.
 *
 * A read waits for the instructions before it and holds up those behind it: what lies between two
 * reads is what is counted, and nothing else. One thread per struct.
 */
#ifndef EDGEGEN_CYCLES_H
#define EDGEGEN_CYCLES_H

#include <stdint.h>

#include "edgegen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum eg_cycles_source {
    EG_CYCLES_NONE,
    EG_CYCLES_TSC,
    EG_CYCLES_CNTVCT,
    EG_CYCLES_DWT
} eg_cycles_source;

/* "none", "tsc", "cntvct", "dwt"; never NULL, also for a value that is none of them. */
const char *eg_cycles_source_text(eg_cycles_source source);

typedef struct eg_cycles {
    eg_cycles_source source;
    uint64_t hz;    /* counts a second; 0 where that is not known */
    uint64_t start; /* what it showed at the start */
    uint32_t last;  /* of a counter of 32 bits: what it showed, */
    uint32_t turns; /* and how often it has turned over */
} eg_cycles;

/* Finds the counter, and starts it if it does not run. `hz` is the frequency that the caller knows
 * of it: on a Cortex-M the core clock's, else 0; AArch64 says its own. The result is the source,
 * too: EG_CYCLES_NONE where there is none, and for NULL.
 *
 * On a Cortex-M it sets DEMCR.TRCENA and DWT_CTRL.CYCCNTENA, for privileged code. */
eg_cycles_source eg_cycles_start(eg_cycles *cycles, uint64_t hz);

/* Counts since the start; 0 without a source. */
uint64_t eg_cycles_now(eg_cycles *cycles);

/* Finds `hz` by another clock in nanoseconds, for example eg_clock_ns, while about `period_ns`
 * pass: 10^7 of them leave an error of some millionths. EG_INVALID_ARGUMENT, with nothing changed,
 * for a NULL pointer, without a source, for a period of 0 or above 10^9, and when the clock or the
 * counter stands still or goes back. */
eg_status eg_cycles_calibrate(eg_cycles *cycles, uint64_t (*clock_ns)(void), uint64_t period_ns);

/* `count` counts in nanoseconds, rounded down, for up to 10^9 seconds; 0 where `hz` is not known.
 * For a stopwatch: eg_cycles_to_ns(&cycles, eg_cycles_now(&cycles)). */
uint64_t eg_cycles_to_ns(const eg_cycles *cycles, uint64_t count);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_CYCLES_H */
