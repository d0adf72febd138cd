/* Feeds generated samples to the fixed-point front end of plan.h, some at a time. Prints the CRC32
 * of its rows and the SysTick ticks of the last one. Exit status 0, or 1 when the plan is refused.
 */
#include "plan.h"

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define SYST_CSR REGISTER(0xE000E010U)
#define SYST_RVR REGISTER(0xE000E014U)
#define SYST_CVR REGISTER(0xE000E018U)
#define CPACR REGISTER(0xE000ED88U)

enum { REFUSED = 1, FAULT = 2, MOST_CHANNELS = 64 };

extern uint32_t stack_top[]; /* linker script */

static uint32_t workspace[6000];
static uint32_t state = 1;
static uint32_t crc = UINT32_MAX;

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

static void say_number(const char *key, uint32_t number)
{
    char text[12];
    char *at = text + sizeof text;

    *--at = '\0';
    *--at = '\n';
    do {
        *--at = (char)('0' + (char)(number % 10U));
        number /= 10U;
    } while (number != 0U);
    semihost(0x04U /* SYS_WRITE0 */, key);
    semihost(0x04U, at);
}

static void add(uint32_t byte)
{
    crc ^= byte & 0xFFU;
    for (int bit = 0; bit < 8; ++bit) {
        crc = (crc >> 1) ^ ((crc & 1U) != 0U ? 0xEDB88320U : 0U);
    }
}

/* White noise, its level halved again and again, then as loud as at first. */
static int16_t sample(uint32_t number)
{
    state = state * 1664525U + 1013904223U;
    return (int16_t)((int16_t)(state >> 16) / (1 << (number / 512 % 16)));
}

static void fault(void)
{
    leave(FAULT);
}

static void run(void)
{
    uint16_t row[MOST_CHANNELS];
    uint32_t ticks = 0;
    eg_micro_audio audio;

    if (eg_micro_audio_init(&audio, &plan, workspace, sizeof workspace) != EG_MICRO_AUDIO_OK) {
        leave(REFUSED);
    }
    SYST_RVR = 0xFFFFFFU;
    SYST_CVR = 0U;
    SYST_CSR = 5U; /* the processor's clock, no interrupt, on */
    for (uint32_t number = 0; number < SAMPLES; ++number) {
        const int16_t x = sample(number);
        size_t taken = 0;
        bool is_row = false;
        const uint32_t start = SYST_CVR;

        (void)eg_micro_audio_push(&audio, &x, 1, &taken, row, &is_row);
        if (is_row) {
            ticks = (start - SYST_CVR) & 0xFFFFFFU;
            for (uint32_t c = 0; c < plan.channels; ++c) {
                add(row[c]);
                add((uint32_t)row[c] >> 8);
            }
        }
    }
    say_number("crc ", ~crc);
    say_number("ticks ", ticks);
}

void reset(void);

void reset(void)
{
    CPACR |= 0xFU << 20; /* registers of the FPU, if there is one, for compilers that use them */
    __asm__ volatile("dsb\n\tisb" : : : "memory");
    run();
    leave(0);
}

extern const void *const vectors[16];

const void *const vectors[16] __attribute__((section(".vectors"), used)) = {
    stack_top,
    (const void *)reset,
    (const void *)fault,
    (const void *)fault,
};
