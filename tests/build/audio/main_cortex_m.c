/* Boots, switches the FPU on where there is one, and prints by semihosting. */
#include "checksums.h"

extern uint32_t stack_top[];
int main(void);

static void semihost(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

static void print(uint32_t number)
{
    char text[10];

    for (int digit = 0; digit < 8; ++digit) {
        text[digit] = "0123456789abcdef"[number >> (28 - 4 * digit) & 15U];
    }
    text[8] = '\n';
    text[9] = '\0';
    semihost(0x04, text); /* SYS_WRITE0 */
}

static void leave(uint32_t status)
{
    const uint32_t block[2] = {0x20026, status}; /* ADP_Stopped_ApplicationExit */

    semihost(0x20, block); /* SYS_EXIT_EXTENDED */
    for (;;) {
    }
}

static void fault(void)
{
    leave(1);
}

static void reset(void)
{
#if defined(__ARM_FP)
    *(volatile uint32_t *)0xE000ED88 |= UINT32_C(0xF) << 20; /* CPACR */
    __asm__ volatile("dsb\n isb");
#endif
    for (uint32_t way = 0; way < WAYS; ++way) {
        print(features_crc(way));
    }
    leave(0);
}

__attribute__((section(".vectors"), used)) static void *const vectors[] = {
    stack_top,      (void *)&reset, (void *)&fault, (void *)&fault,
    (void *)&fault, (void *)&fault, (void *)&fault};
