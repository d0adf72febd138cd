/* A 64-bit clock from SysTick, the 24-bit timer that every Cortex-M but the smallest has.
 *
 * SysTick counts processor clocks. Every 2^24 of them it starts over and raises its exception,
 * which the program must take, and pass on:
 *
 *     static eg_systick systick;
 *     void SysTick_Handler(void) { eg_systick_turned(&systick); }
 *
 * Reading takes both together, so nothing is lost and nothing goes back, however long nobody
 * reads. There is one SysTick: a program whose operating system has it for its own needs another
 * clock, such as the one of edgegen/cycles.h. For privileged code, in one image for Cortex-M only.
 */
#ifndef EDGEGEN_SYSTICK_H
#define EDGEGEN_SYSTICK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_systick {
    volatile uint32_t turns; /* counted by the exception */
    uint32_t ns_numerator;   /* a clock is numerator / denominator ns, in lowest terms */
    uint32_t ns_denominator;
} eg_systick;

/* Starts the clock at 0. `clock_hz` is the processor clock's frequency, greater than 0. */
void eg_systick_start(eg_systick *systick, uint32_t clock_hz);

/* A turn is over: to be called by SysTick's exception handler, and by nobody else. */
void eg_systick_turned(eg_systick *systick);

/* Processor clocks since the start. May be called with interrupts masked, as long as they stay
 * masked for less than one turn of the counter (2^24 clocks). */
uint64_t eg_systick_clocks(const eg_systick *systick);

/* The same in nanoseconds, rounded down; 64 bits last for 584 years. */
uint64_t eg_systick_ns(const eg_systick *systick);

/* One clock in nanoseconds, rounded up. */
uint32_t eg_systick_resolution_ns(const eg_systick *systick);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_SYSTICK_H */
