/* Which counters a core has, how long a loop of known length takes by them, and whether 32 bits
 * turn over into 64. One fact per line; exit status 0, or the number of the check that failed.
 *
 * Built with EG_DWT_BASE=FPGAIO - 0x4, a board's counter that counts up with 25 MHz stands where
 * the DWT's would be, which QEMU has not.
 */
#include <stdbool.h>
#include <stdint.h>

#include "edgegen/cycles.h"
#include "edgegen/stopwatch.h"
#include "edgegen/systick.h"

enum { FAULT = 1, SYSTICK_WRONG = 2, STOPWATCH_WRONG = 3, TURN_LOST = 4, WENT_BACK = 5, NO_COUNTER = 6 };

#define ROUNDS 1000000U
#define TICKS_BEFORE_THE_TURN 100000U

extern uint32_t stack_top[]; /* linker script */

static void semihost(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

static _Noreturn void leave(uint32_t status)
{
    const uint32_t block[] = {0x20026U /* ADP_Stopped_ApplicationExit */, status};

    semihost(0x20U /* SYS_EXIT_EXTENDED */, block);
    for (;;) {
    }
}

static void say(const char *text)
{
    semihost(0x04U /* SYS_WRITE0 */, text);
}

static void say_number(const char *key, uint64_t number)
{
    char text[22];
    char *at = text + sizeof text;

    *--at = '\0';
    *--at = '\n';
    do {
        *--at = (char)('0' + (char)(number % 10U));
        number /= 10U;
    } while (number != 0U);
    say(key);
    say(at);
}

/* Two instructions a round. */
static void loop(uint32_t rounds)
{
    __asm__ volatile(".syntax unified\n1: subs %0, #1\n\tbne 1b" : "+l"(rounds) : : "cc");
}

static eg_systick systick;

static void on_systick(void)
{
    eg_systick_turned(&systick);
}

static uint64_t now_ns(void)
{
    return eg_systick_ns(&systick);
}

static void check_systick(void)
{
    eg_systick_start(&systick, SYSTICK_HZ);
    const uint64_t clocks = eg_systick_clocks(&systick);
    const uint64_t start = now_ns();

    loop(ROUNDS);
    say_number("systick ns ", now_ns() - start);
    say_number("systick clocks ", eg_systick_clocks(&systick) - clocks);
    say_number("systick turns ", systick.turns);

    eg_stopwatch watch = {0};
    uint64_t lap_ns = 0;

    if (eg_stopwatch_calibrate(&watch, now_ns, 32) != EG_OK ||
        eg_stopwatch_start(&watch, now_ns()) != EG_OK) {
        leave(STOPWATCH_WRONG);
    }
    loop(ROUNDS);
    if (eg_stopwatch_stop(&watch, now_ns(), &lap_ns) != EG_OK) {
        leave(STOPWATCH_WRONG);
    }
    say_number("stopwatch overhead ", watch.overhead_ns);
    say_number("stopwatch lap ", lap_ns);
}

#ifdef STAND_IN
/* Begins shortly before the counter's end. */
static void check_turn(void)
{
    volatile uint32_t *const counter = (volatile uint32_t *)(EG_DWT_BASE + 0x4U);
    eg_cycles cycles;

    *counter = UINT32_MAX - TICKS_BEFORE_THE_TURN;
    if (eg_cycles_start(&cycles, SYSTICK_HZ) == EG_CYCLES_NONE) {
        leave(NO_COUNTER);
    }
    uint64_t last = 0;

    while (last < 2U * TICKS_BEFORE_THE_TURN) {
        const uint64_t now = eg_cycles_now(&cycles);

        if (now < last) {
            leave(WENT_BACK);
        }
        last = now;
    }
    if (cycles.turns != 1 || last > 3U * TICKS_BEFORE_THE_TURN) {
        leave(TURN_LOST);
    }
    say_number("turns ", cycles.turns);
    if (eg_cycles_calibrate(&cycles, now_ns, 10000000) == EG_OK) {
        say_number("hz ", cycles.hz);
    }
}
#endif

/* A clock of a frequency that shares no factor with 10^9, after days. */
static void check_odd_clock(void)
{
    eg_systick odd;

    eg_systick_start(&odd, ODD_HZ);
    odd.turns = ODD_TURNS;
    say_number("odd clock ns ", eg_systick_ns(&odd));
}

static void fault(void)
{
    leave(FAULT);
}

void reset(void);

void reset(void)
{
    eg_cycles cycles;

#ifdef WITHOUT_CYCCNT
    *(volatile uint32_t *)EG_DWT_BASE = 1U << 25; /* NOCYCCNT: what counts there is no CYCCNT */
#endif
    const eg_cycles_source source = eg_cycles_start(&cycles, SYSTICK_HZ);

    say(source != EG_CYCLES_NONE ? "counter " : "no counter ");
    say(eg_cycles_source_text(source));
    say("\n");
    check_systick();
#ifdef STAND_IN
    check_turn();
#endif
    check_odd_clock();
    leave(0);
}

extern const void *const vectors[16];

const void *const vectors[16] __attribute__((section(".vectors"), used)) = {
    stack_top, (const void *)reset, (const void *)fault, (const void *)fault,
    [15] = (const void *)on_systick,
};
