/* Runs a hosted program's main() on an emulated Cortex-M: newlib's files are the debugger's. */
#include <stdint.h>
#include <stdio.h>

int main(void);
void initialise_monitor_handles(void); /* librdimon's */
void _exit(int status);
void _init(void);
void _fini(void);

extern uint32_t stack_top[]; /* the linker script's */

#define CPACR (*(volatile uint32_t *)(uintptr_t)0xE000ED88U)

enum { FAULTED = 99 };

/* What newlib calls around main(). */
void _init(void)
{
}

void _fini(void)
{
}

static void reset(void)
{
#if defined(__ARM_FP)
    CPACR |= 0xFU << 20;
    __asm__ volatile("dsb\n isb" ::: "memory");
#endif
    initialise_monitor_handles();
    const int status = main();

    (void)fflush(NULL);
    _exit(status);
}

static void fault(void)
{
    _exit(FAULTED);
}

typedef struct vector_table {
    uint32_t *stack;
    void (*handlers[6])(void);
} vector_table;

__attribute__((section(".vectors"), used)) static const vector_table vectors = {
    stack_top,
    {reset, fault, fault, fault, fault, fault},
};
