/* Boots an emulated Cortex-M, counts executed instructions by SysTick, prints through semihosting.
 *
 * Under QEMU's -icount shift=0 an instruction takes one virtual nanosecond. */
#include "bench.h"

extern uint32_t stack_top[]; /* the linker script's */

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define SYST_CSR REGISTER(0xE000E010U)
#define SYST_RVR REGISTER(0xE000E014U)
#define SYST_CVR REGISTER(0xE000E018U)
#define CPACR REGISTER(0xE000ED88U)

enum { SYS_WRITE0 = 0x04, SYS_EXIT_EXTENDED = 0x20 };

static void semihost(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

static void leave(uint32_t status)
{
    const uint32_t block[2] = {0x20026U /* ADP_Stopped_ApplicationExit */, status};

    semihost(SYS_EXIT_EXTENDED, block);
}

void print_text(const char *text)
{
    semihost(SYS_WRITE0, text);
}

void print_number(uint32_t number)
{
    char text[12];
    char *at = text + sizeof text;

    *--at = '\0';
    do {
        *--at = (char)('0' + number % 10U);
        number /= 10U;
    } while (number != 0U);
    print_text(at);
}

uint32_t crc32(const void *data, size_t bytes)
{
    const uint8_t *const p = (const uint8_t *)data;
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < bytes; ++i) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ ((crc & 1U) != 0U ? 0xEDB88320U : 0U);
        }
    }
    return ~crc;
}

static void nothing(void *context)
{
    (void)context;
}

static uint32_t ticks(void (*work)(void *context), void *context)
{
    SYST_CVR = 0U;
    SYST_CSR = 5U; /* the processor's clock, no interrupt, on */
    const uint32_t start = SYST_CVR;

    work(context);
    return (start - SYST_CVR) & 0xFFFFFFU;
}

uint32_t count_instructions(void (*work)(void *context), void *context)
{
    SYST_RVR = 0xFFFFFFU;
    return (ticks(work, context) - ticks(nothing, context)) * INSTRUCTIONS_PER_TICK;
}

void reset(void);
static void fault(void);

typedef struct vector_table {
    uint32_t *stack;
    void (*handlers[6])(void);
} vector_table;

__attribute__((section(".vectors"), used)) static const vector_table vectors = {
    stack_top,
    {reset, fault, fault, fault, fault, fault},
};

static void fault(void)
{
    print_text("fault\n");
    leave(1U);
}

void reset(void)
{
    CPACR |= 0xFU << 20; /* the FPU */
    __asm__ volatile("dsb\n isb" ::: "memory");
    run_benchmark();
    leave(0U);
}
