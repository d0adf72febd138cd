#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/winograd.h"

/* G g, and then its product with G^T: two input channels to a word. */
enum { TAPS = 3 };

#if EG_HAS_DSP && defined(__OPTIMIZE__)

/* G times three taps is 12 instructions. Of `g g0, g1, g2` here u0 and u5 are g0 and g2. */
#define SADD(to, x, y) "sadd16 %[" to "], %[" x "], %[" y "]\n\t"
#define SSUB(to, x, y) "ssub16 %[" to "], %[" x "], %[" y "]\n\t"

/* A column of taps for each j, 6 words in ascending registers for STM. UNPACK is the two channels'
 * place in the words. */
#define TRANSFORM_COLUMNS(UNPACK, taps, columns)                                                   \
    do {                                                                                           \
        register uint32_t u0 __asm__("r0");                                                        \
        register uint32_t u1 __asm__("r1");                                                        \
        register uint32_t u2 __asm__("r2");                                                        \
        register uint32_t u3 __asm__("r3");                                                        \
        register uint32_t u4 __asm__("r4");                                                        \
        register uint32_t u5 __asm__("r5");                                                        \
        const uint32_t *end = taps + TAPS;                                                         \
        uint32_t g1;                                                                               \
                                                                                                   \
        do {                                                                                       \
            __asm__ volatile(                                                                      \
                "ldr %[g1], [%[from], #12]\n\t"                                                    \
                "ldr %[u5], [%[from], #24]\n\t"                                                    \
                "ldr %[u0], [%[from]], #4\n\t"                                                     \
                "sxtb16 %[g1], %[g1]" UNPACK "\n\t"                                                \
                "sxtb16 %[u5], %[u5]" UNPACK "\n\t"                                                \
                "sxtb16 %[u0], %[u0]" UNPACK "\n\t"                                                \
                SADD("u1", "u0", "u5") SADD("u1", "u1", "u1") SADD("u1", "u1", "u1")               \
                SADD("g1", "g1", "g1") SADD("u4", "g1", "g1")                                      \
                SSUB("u2", "u1", "u4") SADD("u1", "u1", "u4")                                      \
                SADD("u4", "u5", "u5") SADD("u4", "u4", "u4") SADD("u4", "u4", "u0")               \
                SADD("u3", "u4", "g1") SSUB("u4", "u4", "g1")                                      \
                "stm %[to]!, {%[u0], %[u1], %[u2], %[u3], %[u4], %[u5]}\n\t"                       \
                : [u0] "=&r"(u0), [u1] "=&r"(u1), [u2] "=&r"(u2), [u3] "=&r"(u3), [u4] "=&r"(u4),  \
                  [u5] "=&r"(u5), [g1] "=&r"(g1), [from] "+r"(taps), [to] "+r"(columns)            \
                :                                                                                  \
                : "memory");                                                                       \
        } while (taps != end);                                                                     \
    } while (0)

static void transform_even(const uint32_t *taps, uint32_t *columns)
{
    TRANSFORM_COLUMNS("", taps, columns);
}

static void transform_odd(const uint32_t *taps, uint32_t *columns)
{
    TRANSFORM_COLUMNS(", ror #8", taps, columns);
}

#define BOTH(OP, to, x, y) OP(to "0", x "0", y "0") OP(to "1", x "1", y "1")
#define PUT(word, place)                                                                           \
    "str %[" word "0], [%[u], #16 * " place "]\n\t"                                                \
    "str %[" word "1], [%[u], #16 * (6 + " place ")]\n\t"

/* Two rows at once, three times; 12 registers. */
static void transform_rows(const uint32_t *columns, uint32_t *u)
{
    const uint32_t *end = columns + EG_WINOGRAD_PATCH;
    uint32_t a0, a1, b0, b1, s0, s1, q0, q1, x0, x1;

    do {
        __asm__ volatile(
            "ldrd %[b0], %[b1], [%[from], #48]\n\t"
            "ldrd %[x0], %[x1], [%[from], #24]\n\t"
            "ldrd %[a0], %[a1], [%[from]], #8\n\t"
            BOTH(SADD, "s", "a", "b") BOTH(SADD, "s", "s", "s") BOTH(SADD, "s", "s", "s")
            BOTH(SADD, "q", "b", "b") BOTH(SADD, "q", "q", "q") BOTH(SADD, "q", "q", "a")
            PUT("b", "5")
            BOTH(SADD, "x", "x", "x") BOTH(SADD, "b", "q", "x") BOTH(SSUB, "q", "q", "x")
            PUT("b", "3") PUT("q", "4")
            BOTH(SADD, "x", "x", "x") BOTH(SADD, "b", "s", "x") BOTH(SSUB, "s", "s", "x")
            PUT("b", "1") PUT("s", "2")
            "str %[a1], [%[u], #96]\n\t"
            "str %[a0], [%[u]], #192\n\t"
            : [a0] "=&r"(a0), [a1] "=&r"(a1), [b0] "=&r"(b0), [b1] "=&r"(b1), [s0] "=&r"(s0),
              [s1] "=&r"(s1), [q0] "=&r"(q0), [q1] "=&r"(q1), [x0] "=&r"(x0), [x1] "=&r"(x1),
              [from] "+r"(columns), [u] "+r"(u)
            :
            : "memory");
    } while (columns != end);
}

#else

/* G times three taps, `step` words apart, to 6 words that are `apart` words apart. */
static void transform(const uint32_t *g, int32_t step, uint32_t *u, int32_t apart)
{
    const uint32_t twice = eg_sadd16(g[step], g[step]);
    const uint32_t four_times = eg_sadd16(twice, twice);
    uint32_t ends = eg_sadd16(g[0], g[2 * step]);
    uint32_t last = eg_sadd16(g[2 * step], g[2 * step]);

    ends = eg_sadd16(ends, ends);
    ends = eg_sadd16(ends, ends);
    last = eg_sadd16(g[0], eg_sadd16(last, last));
    u[0] = g[0];
    u[apart] = eg_sadd16(ends, four_times);
    u[2 * apart] = eg_ssub16(ends, four_times);
    u[3 * apart] = eg_sadd16(last, twice);
    u[4 * apart] = eg_ssub16(last, twice);
    u[5 * apart] = g[2 * step];
}

static void transform_columns(const uint32_t taps[EG_WINOGRAD_TAPS], uint32_t *columns)
{
    for (int32_t j = 0; j < TAPS; ++j) {
        transform(taps + j, TAPS, columns + j * EG_WINOGRAD_PATCH, 1);
    }
}

static void transform_even(const uint32_t *taps, uint32_t *columns)
{
    uint32_t unpacked[EG_WINOGRAD_TAPS];

    for (int32_t k = 0; k < EG_WINOGRAD_TAPS; ++k) {
        unpacked[k] = eg_sxtb16(taps[k]);
    }
    transform_columns(unpacked, columns);
}

static void transform_odd(const uint32_t *taps, uint32_t *columns)
{
    uint32_t unpacked[EG_WINOGRAD_TAPS];

    for (int32_t k = 0; k < EG_WINOGRAD_TAPS; ++k) {
        unpacked[k] = eg_sxtb16_odd(taps[k]);
    }
    transform_columns(unpacked, columns);
}

static void transform_rows(const uint32_t *columns, uint32_t *u)
{
    for (int32_t i = 0; i < EG_WINOGRAD_PATCH; ++i) {
        transform(columns + i, EG_WINOGRAD_PATCH, u, EG_WINOGRAD_CHANNELS);
        u += EG_WINOGRAD_PATCH * EG_WINOGRAD_CHANNELS;
    }
}

#endif

void eg_winograd_filter(const uint32_t *weights, uint32_t *u)
{
    uint32_t columns[TAPS * EG_WINOGRAD_PATCH];

    transform_even(weights, columns);
    transform_rows(columns, u);
    transform_odd(weights, columns);
    transform_rows(columns, u + EG_WINOGRAD_U_WORDS);
}
