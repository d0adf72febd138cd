/*
 * Boots on one emulated machine and checks what the device file says of it: memory is there
 * to its last word, the RAM can be written, FPU, DSP and MVE instructions compute, SysTick
 * runs. Prints the SysTick ticks of PROBE_INSTRUCTIONS executed instructions.
 * Exit status 0, or the number of the check that failed.
 */
#include <stdint.h>
#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>
#endif

enum {
    FAULT = 1,
    FLASH_WRONG = 2,
    RAM_WRONG = 3,
    FLOAT_WRONG = 4,
    DOUBLE_WRONG = 5,
    DSP_WRONG = 6,
    MVE_WRONG = 7
};

/* From the linker script. */
extern uint32_t stack_top[];
extern const uint32_t flash_words[]; /* address of each flash region's last word, then 0 */
extern const uint32_t ram_words[];   /* of each RAM region's first and last word, then 0 */

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define SYST_CSR REGISTER(0xE000E010u)
#define SYST_RVR REGISTER(0xE000E014u)
#define SYST_CVR REGISTER(0xE000E018u)
#define CPACR REGISTER(0xE000ED88u)

static void semihost(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

static _Noreturn void leave(uint32_t status)
{
    uint32_t block[2];
    block[0] = 0x20026u; /* ADP_Stopped_ApplicationExit */
    block[1] = status;
    semihost(0x20u, block); /* SYS_EXIT_EXTENDED */
    for (;;) {
    }
}

static void print_number(uint32_t number)
{
    char text[12];
    char *at = text + sizeof text;
    *--at = '\0';
    *--at = '\n';
    do {
        *--at = (char)('0' + number % 10u);
        number /= 10u;
    } while (number != 0u);
    semihost(0x04u, at); /* SYS_WRITE0 */
}

static void require(int condition, uint32_t status)
{
    if (!condition) {
        leave(status);
    }
}

static void check_memory(void)
{
    for (const uint32_t *word = flash_words; *word != 0u; word++) {
        require(REGISTER(*word) == FLASH_MARK, FLASH_WRONG);
    }
    for (const uint32_t *word = ram_words; *word != 0u; word++) {
        uint32_t before = REGISTER(*word);
        REGISTER(*word) = ~before;
        require(REGISTER(*word) == ~before, RAM_WRONG);
        REGISTER(*word) = before;
    }
}

static void check_arithmetic(void)
{
#if defined(__ARM_FP)
    CPACR |= 0xFu << 20; /* CP10 and CP11: the FPU, and MVE with it */
    __asm__ volatile("dsb\n isb" ::: "memory");
    float product = 1.5f;
    __asm__ volatile("vmul.f32 %0, %0, %0" : "+t"(product));
    require(product == 2.25f, FLOAT_WRONG);
#if __ARM_FP & 8
    double wide = 1.5;
    __asm__ volatile("vmul.f64 %P0, %P0, %P0" : "+w"(wide));
    require(wide == 2.25, DOUBLE_WRONG);
#endif
#endif
#if defined(__ARM_FEATURE_DSP)
    uint32_t sum;
    __asm__ volatile("smlad %0, %1, %2, %3"
                     : "=r"(sum)
                     : "r"(0x00020003u), "r"(0x00050007u), "r"(1u));
    require(sum == 2u * 5u + 3u * 7u + 1u, DSP_WRONG);
#endif
#if defined(__ARM_FEATURE_MVE)
    require(vmladavaq_s8(1, vdupq_n_s8(-3), vdupq_n_s8(5)) == 1 - 16 * 15, MVE_WRONG);
#endif
}

static uint32_t measure_ticks(void)
{
    uint32_t left = PROBE_INSTRUCTIONS / 2u;
    SYST_RVR = 0xFFFFFFu;
    SYST_CVR = 0u;
    SYST_CSR = 5u; /* processor clock, no interrupt, on */
    uint32_t start = SYST_CVR;
    __asm__ volatile(".syntax unified\n 1: subs %0, %0, #1\n bne 1b" : "+l"(left) : : "cc");
    return (start - SYST_CVR) & 0xFFFFFFu;
}

static void fault(void)
{
    leave(FAULT);
}

void reset(void);

void reset(void)
{
    check_memory();
    check_arithmetic();
    print_number(measure_ticks());
    leave(0u);
}

typedef struct {
    uint32_t *stack;
    void (*handlers[6])(void);
} vector_table;

__attribute__((section(".vectors"), used)) static const vector_table vectors = {
    stack_top,
    {reset, fault, fault, fault, fault, fault},
};
