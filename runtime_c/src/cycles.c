#include "edgegen/cycles.h"

#include <stddef.h>

#define NS_PER_S UINT64_C(1000000000)

/* After so many reads that show no other time, a clock stands still. */
#define STANDING_POLLS (UINT32_C(1) << 22)

/* Below 2^64 / NS_PER_S, and above any period with its delays. */
#define LONGEST_NS (16 * NS_PER_S)

/* Each processor: `find` says what there is, after starting it, and its rate if it says so;
 * `read_counter` reads it, between what lies before and behind. */

#if (defined(__x86_64__) || defined(__i386__)) && !defined(_MSC_VER)

#include <cpuid.h>

#define CPUID_POWER 0x80000007U
#define EDX_INVARIANT_TSC (1U << 8)

static eg_cycles_source find(uint64_t *hz)
{
    unsigned int a = 0;
    unsigned int b = 0;
    unsigned int c = 0;
    unsigned int d = 0;

    (void)hz;
    return __get_cpuid(CPUID_POWER, &a, &b, &c, &d) != 0 && (d & EDX_INVARIANT_TSC) != 0
               ? EG_CYCLES_TSC
               : EG_CYCLES_NONE;
}

static uint64_t read_counter(void)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("lfence\n\t"
                     "rdtsc\n\t"
                     "lfence"
                     : "=a"(low), "=d"(high)
                     :
                     : "memory");
    return (uint64_t)high << 32 | low;
}

#elif defined(_M_X64) || defined(_M_IX86)

#include <intrin.h>

static eg_cycles_source find(uint64_t *hz)
{
    int leaf[4];

    (void)hz;
    __cpuid(leaf, (int)0x80000000U);
    if ((unsigned int)leaf[0] < 0x80000007U) {
        return EG_CYCLES_NONE;
    }
    __cpuid(leaf, (int)0x80000007U);
    return (leaf[3] & (1 << 8)) != 0 ? EG_CYCLES_TSC : EG_CYCLES_NONE;
}

static uint64_t read_counter(void)
{
    _mm_lfence();
    const uint64_t now = __rdtsc();
    _mm_lfence();
    return now;
}

#elif defined(__aarch64__)

static eg_cycles_source find(uint64_t *hz)
{
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(*hz));
    return EG_CYCLES_CNTVCT;
}

static uint64_t read_counter(void)
{
    uint64_t now;

    __asm__ volatile("isb\n\t"
                     "mrs %0, cntvct_el0\n\t"
                     "isb"
                     : "=r"(now)
                     :
                     : "memory");
    return now;
}

#elif defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && defined(__ARM_ARCH_ISA_THUMB) && \
    __ARM_ARCH_ISA_THUMB >= 2

/* A test has another counter stand in for the DWT's, which no emulator has. */
#ifndef EG_DWT_BASE
#define EG_DWT_BASE 0xE0001000U
#endif

#define DEMCR (*(volatile uint32_t *)0xE000EDFCU)
#define DWT_CTRL (*(volatile uint32_t *)(EG_DWT_BASE))
#define DWT_CYCCNT (*(volatile uint32_t *)(EG_DWT_BASE + 0x4U))
#define DWT_LAR (*(volatile uint32_t *)(EG_DWT_BASE + 0xFB0U))

#define DEMCR_TRCENA (1U << 24)
#define CTRL_CYCCNTENA (1U << 0)
#define CTRL_NOCYCCNT (1U << 25)
#define LAR_UNLOCK 0xC5ACCE55U /* a Cortex-M7 wants it; others ignore it */

#define READS 100 /* a second one of CYCCNT differs from the first */

#define EG_CYCLES_TURNS_OVER

static uint64_t read_counter(void)
{
    __asm__ volatile("isb" : : : "memory");
    const uint32_t now = DWT_CYCCNT;
    __asm__ volatile("isb" : : : "memory");
    return now;
}

static eg_cycles_source find(uint64_t *hz)
{
    (void)hz;
    DEMCR |= DEMCR_TRCENA;
    DWT_LAR = LAR_UNLOCK;
    DWT_CTRL |= CTRL_CYCCNTENA;
    if ((DWT_CTRL & CTRL_NOCYCCNT) != 0) {
        return EG_CYCLES_NONE;
    }
    /* Whether it counts shows only in that it does: registers that are not there read as 0. */
    const uint64_t before = read_counter();

    for (int reads = 0; reads < READS; ++reads) {
        if (read_counter() != before) {
            return EG_CYCLES_DWT;
        }
    }
    return EG_CYCLES_NONE;
}

#else

static eg_cycles_source find(uint64_t *hz)
{
    (void)hz;
    return EG_CYCLES_NONE;
}

static uint64_t read_counter(void)
{
    return 0;
}

#endif

const char *eg_cycles_source_text(eg_cycles_source source)
{
    switch (source) {
    case EG_CYCLES_TSC:
        return "tsc";
    case EG_CYCLES_CNTVCT:
        return "cntvct";
    case EG_CYCLES_DWT:
        return "dwt";
    case EG_CYCLES_NONE:
        break;
    }
    return "none";
}

eg_cycles_source eg_cycles_start(eg_cycles *cycles, uint64_t hz)
{
    if (cycles == NULL) {
        return EG_CYCLES_NONE;
    }
    *cycles = (eg_cycles){.source = EG_CYCLES_NONE, .hz = hz};
    cycles->source = find(&cycles->hz);
    if (cycles->source != EG_CYCLES_NONE) {
        cycles->start = read_counter();
        cycles->last = (uint32_t)cycles->start;
    }
    return cycles->source;
}

uint64_t eg_cycles_now(eg_cycles *cycles)
{
    if (cycles == NULL || cycles->source == EG_CYCLES_NONE) {
        return 0;
    }
#ifdef EG_CYCLES_TURNS_OVER
    const uint32_t now = (uint32_t)read_counter();

    cycles->turns += now < cycles->last;
    cycles->last = now;
    return ((uint64_t)cycles->turns << 32 | now) - cycles->start;
#else
    return read_counter() - cycles->start;
#endif
}

/* value * multiplier / divisor, rounded down, without an overflow in between as long as
 * divisor * multiplier has 64 bits. */
static uint64_t scaled(uint64_t value, uint64_t multiplier, uint64_t divisor)
{
    return value / divisor * multiplier + value % divisor * multiplier / divisor;
}

eg_status eg_cycles_calibrate(eg_cycles *cycles, uint64_t (*clock_ns)(void), uint64_t period_ns)
{
    if (cycles == NULL || clock_ns == NULL || cycles->source == EG_CYCLES_NONE || period_ns == 0 ||
        period_ns > NS_PER_S) {
        return EG_INVALID_ARGUMENT;
    }
    const uint64_t start_ns = clock_ns();
    const uint64_t start = eg_cycles_now(cycles);
    uint64_t passed_ns = 0;

    for (uint32_t polls = 0; passed_ns < period_ns && polls < STANDING_POLLS; ++polls) {
        const uint64_t now_ns = clock_ns() - start_ns;

        polls = now_ns != passed_ns ? 0 : polls;
        passed_ns = now_ns;
    }
    const uint64_t counted = eg_cycles_now(cycles) - start;

    /* A clock that goes back has passed centuries. */
    if (passed_ns < period_ns || passed_ns > LONGEST_NS || counted == 0) {
        return EG_INVALID_ARGUMENT;
    }
    cycles->hz = scaled(counted, NS_PER_S, passed_ns);
    return EG_OK;
}

uint64_t eg_cycles_to_ns(const eg_cycles *cycles, uint64_t count)
{
    return cycles != NULL && cycles->hz != 0 ? scaled(count, NS_PER_S, cycles->hz) : 0;
}
