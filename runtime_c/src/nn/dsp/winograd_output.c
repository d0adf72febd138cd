/* The asm below takes every register there is, also where a frame pointer is asked for. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("omit-frame-pointer")
#endif

#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/winograd.h"

enum {
    SUMS = 8, /* words of M from one coordinate to the next, and of a column of A M */
    TILE = EG_WINOGRAD_TILE
};

#if EG_HAS_DSP && defined(__OPTIMIZE__) && !defined(__clang__)

/* Both channels at once: A times six sums each is 24 instructions in 10 registers and a pointer.
 * a..e are the sums, from e on the last one too; then o0, o1, o2 and o3 are in a, c, b and d,
 * ascending registers for STM. */
#define REGISTERS                                                                                  \
    register uint32_t a0 __asm__("r0");                                                            \
    register uint32_t a1 __asm__("r1");                                                            \
    register uint32_t c0 __asm__("r2");                                                            \
    register uint32_t c1 __asm__("r3");                                                            \
    register uint32_t b0 __asm__("r4");                                                            \
    register uint32_t b1 __asm__("r5");                                                            \
    register uint32_t d0 __asm__("r6");                                                            \
    register uint32_t d1 __asm__("r8");                                                            \
    uint32_t e0;                                                                                   \
    uint32_t e1

#define OUT                                                                                        \
    [a0] "=&r"(a0), [a1] "=&r"(a1), [b0] "=&r"(b0), [b1] "=&r"(b1), [c0] "=&r"(c0),                \
        [c1] "=&r"(c1), [d0] "=&r"(d0), [d1] "=&r"(d1), [e0] "=&r"(e0), [e1] "=&r"(e1)

#define FETCH(sum, place) "ldrd %[" sum "0], %[" sum "1], [%[in], %[" place "]]\n\t"
#define BOTH(op, to, x, y, shift)                                                                  \
    op " %[" to "0], %[" x "0], %[" y "0]" shift "\n\t" op " %[" to "1], %[" x "1], %[" y          \
       "1]" shift "\n\t"

/* Takes the sum 0 last but one; `in` moves on with it by next, which `in_5` allows for. */
#define TRANSFORM                                                                                  \
    FETCH("b", "in_1")                                                                             \
    FETCH("c", "in_2")                                                                             \
    BOTH("add", "b", "b", "c", "")                                                                 \
    BOTH("sub", "c", "b", "c", ", lsl #1")                                                         \
    FETCH("d", "in_3")                                                                             \
    FETCH("e", "in_4")                                                                             \
    BOTH("add", "d", "d", "e", "")                                                                 \
    BOTH("sub", "e", "d", "e", ", lsl #1")                                                         \
    "ldrd %[a0], %[a1], [%[in]], %[next]\n\t" BOTH("add", "a", "a", "a", ", lsl #1")               \
        BOTH("add", "a", "d", "a", ", lsl #1") BOTH("sub", "a", "a", "b", "")                      \
            BOTH("rsb", "b", "b", "d", ", lsl #2") FETCH("d", "in_5")                              \
                BOTH("add", "d", "d", "d", ", lsl #1") BOTH("rsb", "d", "c", "d", ", lsl #3")      \
                    BOTH("add", "d", "d", "e", ", lsl #3") BOTH("rsb", "c", "c", "e", ", lsl #1")

#define PLACES(step, by)                                                                           \
    [in_1] "i"(4 * (step)), [in_2] "i"(8 * (step)), [in_3] "i"(12 * (step)),                       \
        [in_4] "i"(16 * (step)), [in_5] "i"(20 * (step) - (by)), [next] "i"(by)

/* A M, a column of 4 for each of M's 6. */
__attribute__((noinline)) static void transform_columns(const uint32_t *in, uint32_t *columns)
{
    const uint32_t *end = in + EG_WINOGRAD_PATCH * SUMS;
    REGISTERS;

    do {
        __asm__ volatile(TRANSFORM
                         "stm %[columns]!, {%[a0], %[a1], %[c0], %[c1], %[b0], %[b1], %[d0], "
                         "%[d1]}\n\t"
                         : OUT, [in] "+r"(in), [columns] "+r"(columns)
                         : PLACES(EG_WINOGRAD_PATCH * SUMS, 4 * SUMS)
                         : "memory");
    } while (in != end);
}

/* A sum's requantisation: 4 instructions, as its sign counts. The multiplier is in e0, the
 * constant in e1. */
#define REQUANTIZE(sum)                                                                            \
    "and %[t], %[" sum "], #0x80000000\n\t"                                                        \
    "add %[t], %[e1], %[t], asr #23\n\t"                                                     \
    "smmla %[" sum "], %[" sum "], %[e0], %[t]\n\t"                                        \
    "asr %[" sum "], %[" sum "], %[shift]\n\t"
#define REQUANTIZE_CHANNEL(which, scale, of_shift)                                                 \
    "ldr %[shift], %[channels]\n\t"                                                                \
    "ldrd %[e0], %[e1], [%[shift], %[" scale "]]\n\t"                                              \
    "ldr %[shift], [%[shift], %[" of_shift "]]\n\t" REQUANTIZE("a" which)                          \
        REQUANTIZE("b" which) REQUANTIZE("c" which) REQUANTIZE("d" which)
#define SATURATE(sum)                                                                              \
    "pkhbt %[" sum "0], %[" sum "0], %[" sum "1], lsl #16\n\t"                                     \
    "usat16 %[" sum "0], #8, %[" sum "0]\n\t"

/* A M A^T, row by row, and what becomes of it: 13 registers. */
__attribute__((noinline)) static void finish_rows(const eg_winograd_channels *channels,
                                                  const uint32_t *in, uint32_t *outputs)
{
    const uint32_t *end = outputs + TILE * TILE;
    REGISTERS;
    uint32_t shift;
    uint32_t t;

    do {
        __asm__ volatile(TRANSFORM REQUANTIZE_CHANNEL("0", "scale_0", "shift_0")
                             REQUANTIZE_CHANNEL("1", "scale_1", "shift_1") SATURATE("a")
                                 SATURATE("b") SATURATE("c") SATURATE("d")
                         : OUT, [in] "+r"(in), [shift] "=&r"(shift), [t] "=&r"(t)
                         : [channels] "m"(channels), PLACES(SUMS, 8), [scale_0] "i"(8),
                           [scale_1] "i"(16), [shift_0] "i"(24), [shift_1] "i"(28)
                         : "memory");
        outputs[0] = a0;
        outputs[1] = c0;
        outputs[2] = b0;
        outputs[3] = d0;
        outputs += TILE;
    } while (outputs != end);
}

#else

/* A times six sums, `step` words apart. */
static inline void transform(const uint32_t *m, int32_t step, uint32_t out[TILE])
{
    const uint32_t sum1 = m[step] + m[2 * step];
    const uint32_t difference1 = m[step] - m[2 * step];
    const uint32_t sum2 = m[3 * step] + m[4 * step];
    const uint32_t difference2 = m[3 * step] - m[4 * step];

    out[0] = 6 * m[0] - sum1 + sum2;
    out[1] = 2 * difference2 - difference1;
    out[2] = 4 * sum2 - sum1;
    out[3] = 8 * difference2 - difference1 + 24 * m[5 * step];
}

static void transform_columns(const uint32_t *in, uint32_t *columns)
{
    for (int32_t j = 0; j < EG_WINOGRAD_PATCH; ++j) {
        for (int32_t c = 0; c < 2; ++c) {
            uint32_t out[TILE];

            transform(in + j * SUMS + c, EG_WINOGRAD_PATCH * SUMS, out);
            for (int32_t i = 0; i < TILE; ++i) {
                columns[j * SUMS + 2 * i + c] = out[i];
            }
        }
    }
}

static uint32_t requantize(const eg_winograd_channels *channels, int32_t which, uint32_t scaled)
{
    const int32_t constant = channels->scale[which].constant - (scaled >> 31 ? 256 : 0);
    const int32_t y = eg_smmla((int32_t)scaled, channels->scale[which].multiplier, constant);

    return (uint32_t)(y >> channels->shift[which]);
}

static void finish_rows(const eg_winograd_channels *channels, const uint32_t *in, uint32_t *outputs)
{
    for (int32_t i = 0; i < TILE; ++i) {
        uint32_t first[TILE];
        uint32_t second[TILE];

        transform(in + 2 * i, SUMS, first);
        transform(in + 2 * i + 1, SUMS, second);
        for (int32_t j = 0; j < TILE; ++j) {
            *outputs++ = eg_usat16_8(
                eg_pkhbt(requantize(channels, 0, first[j]), requantize(channels, 1, second[j])));
        }
    }
}

#endif

void eg_winograd_output(const eg_winograd_channels *channels, uint32_t *m, uint32_t *scratch,
                        uint32_t outputs[TILE * TILE])
{
    uint32_t *middle = m + (EG_WINOGRAD_PATCH + 1) * SUMS;

    middle[0] += (uint32_t)channels->bias[0];
    middle[1] += (uint32_t)channels->bias[1];
    transform_columns(m, scratch);
    finish_rows(channels, scratch, outputs);
}
