/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */
/* The port for your board: clock, console and exit, as edgegen/port/port.h wants them.
 *
 * As it stands it builds and runs, silently and without a clock. FILL IN marks what only you
 * can know: Arm Cortex-M4 with FPU (generic).
 */
#include "port.h"
#include "systick.h"

/* FILL IN: the processor clock in Hz, once eg_port_init has set it up. 0: there is no clock, and
 * the self-test reports durations of 0. */
#define PROCESSOR_CLOCK_HZ 0U

void eg_port_init(void)
{
    /* FILL IN: clock tree, caches, watchdog, pins, and a UART for the console. */

    if (PROCESSOR_CLOCK_HZ != 0U) {
        eg_systick_start(PROCESSOR_CLOCK_HZ);
    }
}

uint64_t eg_port_clock_ns(void)
{
    return PROCESSOR_CLOCK_HZ != 0U ? eg_systick_ns() : 0U;
}

uint32_t eg_port_clock_resolution_ns(void)
{
    return PROCESSOR_CLOCK_HZ != 0U ? eg_systick_resolution_ns() : 0U;
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
