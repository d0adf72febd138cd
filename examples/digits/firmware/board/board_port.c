/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */
/* The port for your board: clock, console and exit, as edgegen/port/port.h wants them.
 *
 * As it stands it builds and runs, silently and without a clock. FILL IN marks what only you
 * can know: Arm Cortex-M4 with FPU (generic).
 */
#include "port.h"

#include "edgegen/cycles.h"
#include "edgegen/systick.h"

/* FILL IN: the processor clock in Hz, once eg_port_init has set it up. 0: there is no clock, and
 * the self-test reports durations of 0. */
#define PROCESSOR_CLOCK_HZ 0U

/* FILL IN: 0 where an operating system or a vendor's library has SysTick for itself. The clock is
 * then the DWT's cycle counter, if the processor has one, and must be read once in 2^32 cycles. */
#define OWN_SYSTICK 1

#if OWN_SYSTICK

static eg_systick systick;

void SysTick_Handler(void);

void SysTick_Handler(void)
{
    eg_systick_turned(&systick);
}

static void start_clock(void)
{
    eg_systick_start(&systick, PROCESSOR_CLOCK_HZ);
}

uint64_t eg_port_clock_ns(void)
{
    return PROCESSOR_CLOCK_HZ != 0U ? eg_systick_ns(&systick) : 0U;
}

#else

static eg_cycles cycles;

static void start_clock(void)
{
    (void)eg_cycles_start(&cycles, PROCESSOR_CLOCK_HZ); /* without a counter it shows 0 */
}

uint64_t eg_port_clock_ns(void)
{
    return eg_cycles_to_ns(&cycles, eg_cycles_now(&cycles));
}

#endif

uint32_t eg_port_clock_resolution_ns(void)
{
    const uint32_t hz = PROCESSOR_CLOCK_HZ;

    return hz != 0U ? (1000000000U + hz - 1U) / hz : 0U; /* either counts the processor's clock */
}

void eg_port_init(void)
{
    /* FILL IN: clock tree, caches, watchdog, pins, and a UART for the console. */

    if (PROCESSOR_CLOCK_HZ != 0U) {
        start_clock();
    }
}

void eg_port_write(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        /* FILL IN: wait until the UART takes a byte, then send text[i]. */
        (void)text[i];
    }
}

void eg_port_exit(int code)
{
    /* FILL IN, if you like: an LED for success (0) and one for failure. */
    (void)code;
    for (;;) {
    }
}

const char *eg_port_command_line(void)
{
    return "";
}
