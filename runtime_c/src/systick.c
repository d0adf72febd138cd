#include "edgegen/systick.h"

#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'

#define SYST_CSR (*(volatile uint32_t *)0xE000E010U) /* control and status */
#define SYST_RVR (*(volatile uint32_t *)0xE000E014U) /* reload value */
#define SYST_CVR (*(volatile uint32_t *)0xE000E018U) /* current value, counts down */
#define SCB_ICSR (*(volatile uint32_t *)0xE000ED04U) /* interrupt control and state */

#define CSR_ENABLE (1U << 0)
#define CSR_TICKINT (1U << 1)
#define CSR_PROCESSOR_CLOCK (1U << 2)
#define ICSR_PENDSTSET (1U << 26)

/* The counter's range; a power of two. Tests make it small to see many turns. */
#ifndef EG_SYSTICK_BITS
#define EG_SYSTICK_BITS 24
#endif
#define COUNTER_MASK ((1U << EG_SYSTICK_BITS) - 1U)

#define NS_PER_SECOND 1000000000U

static uint32_t greatest_common_divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        const uint32_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

void eg_systick_start(eg_systick *systick, uint32_t clock_hz)
{
    const uint32_t divisor = greatest_common_divisor(NS_PER_SECOND, clock_hz);

    SYST_CSR = 0;
    systick->ns_numerator = NS_PER_SECOND / divisor;
    systick->ns_denominator = clock_hz / divisor;
    systick->turns = 0;
    SYST_RVR = COUNTER_MASK;
    SYST_CVR = 0; /* any write clears it, without an interrupt */
    SYST_CSR = CSR_ENABLE | CSR_TICKINT | CSR_PROCESSOR_CLOCK;
}

void eg_systick_turned(eg_systick *systick)
{
    systick->turns = systick->turns + 1U;
}

/* A turn starts when the counter reaches 0, for that is when the interrupt becomes pending, and
 * not one clock later when it reloads: 0, top, top - 1, ..., 1. */
static uint32_t clocks_in_turn(uint32_t counter)
{
    return (0U - counter) & COUNTER_MASK;
}

uint64_t eg_systick_clocks(const eg_systick *systick)
{
    uint32_t before;
    uint32_t pending;
    uint32_t counter;

    do {
        before = systick->turns;
        counter = SYST_CVR;
        pending = SCB_ICSR & ICSR_PENDSTSET;
        if (pending != 0) {
            /* A turn is over that `turns` does not show yet. It may have ended after the counter
             * was read, so read it again: this value certainly belongs to the new turn. */
            counter = SYST_CVR;
        }
        /* The handler may have run in between: then start over. */
    } while (before != systick->turns);

    const uint64_t finished = (uint64_t)before + (pending != 0 ? 1U : 0U);

    return (finished << EG_SYSTICK_BITS) + clocks_in_turn(counter);
}

uint64_t eg_systick_ns(const eg_systick *systick)
{
    const uint64_t clocks = eg_systick_clocks(systick);
    const uint32_t numerator = systick->ns_numerator;
    const uint32_t denominator = systick->ns_denominator;

    /* A division takes hundreds of instructions on small cores, and many clocks need none. */
    if (denominator == 1U) {
        return clocks * numerator;
    }
    /* The rest apart, so that no product has more than 64 bits. */
    const uint64_t whole = clocks / denominator;
    const uint32_t rest = (uint32_t)clocks - (uint32_t)whole * denominator;

    return whole * numerator + (uint64_t)rest * numerator / denominator;
}

uint32_t eg_systick_resolution_ns(const eg_systick *systick)
{
    return (systick->ns_numerator + systick->ns_denominator - 1U) / systick->ns_denominator;
}

#endif
