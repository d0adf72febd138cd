/* The asm below takes every register there is, also where a frame pointer is asked for. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("omit-frame-pointer")
#endif

#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/winograd.h"

#if EG_HAS_DSP && defined(__OPTIMIZE__) && !defined(__clang__)

/* What the loops find on the stack, as no register is left. */
typedef struct bounds {
    int32_t back[2];    /* bytes from behind a coordinate's V and U to the next one's */
    uintptr_t place[2]; /* of the sums: M less 4 times the next V; V behind the last coordinate */
    uintptr_t end;      /* V behind the last channels */
    int32_t entry;      /* bytes of the unrolled loop to jump over in its first turn */
} bounds;

#define SET(sum, weights, inputs) "smuad %[" sum "], %[" weights "], %[" inputs "]\n\t"
#define ADD(sum, weights, inputs)                                                                  \
    "smlad %[" sum "], %[" weights "], %[" inputs "], %[" sum "]\n\t"

/* 16 products in 11 instructions of 4 bytes each: two input channels, four output channels, two
 * tiles. */
#define TWO_CHANNELS(OP)                                                                           \
    "ldrd %[x0], %[x1], [%[v]], %[next_v]\n\t"                                                     \
    "ldrd %[w0], %[w1], [%[u]], #8\n\t" OP("s0", "w0", "x0") OP("s4", "w0", "x1")                  \
        OP("s2", "w1", "x0") OP("s6", "w1", "x1") "ldrd %[w0], %[w1], [%[u]], %[next_u]\n\t"       \
            OP("s1", "w0", "x0") OP("s5", "w0", "x1") OP("s3", "w1", "x0") OP("s7", "w1", "x1")

/* The register budget: 8 sums, in ascending registers for STM, 2 words of V, 2 of U and 2
 * pointers, which is all 14. A function of its own has them to itself. */
__attribute__((noinline)) void eg_winograd_multiply(const uint32_t *u, const uint32_t *v,
                                                    int32_t channel_pairs, uint32_t *m)
{
    const int32_t words_v = channel_pairs * EG_WINOGRAD_V_WORDS;
    const bounds b = {
        .back = {4 * (words_v - 2), 4 * (channel_pairs * EG_WINOGRAD_U_WORDS - 4)},
        .place = {(uintptr_t)m - 4 * (uintptr_t)(v + 2), (uintptr_t)(v + EG_WINOGRAD_V_WORDS)},
        .end = (uintptr_t)(v + words_v),
        .entry = (-(channel_pairs - 1) & 3) * 11 * 4,
    };
    register uint32_t s0 __asm__("r0");
    register uint32_t s1 __asm__("r1");
    register uint32_t s2 __asm__("r2");
    register uint32_t s3 __asm__("r3");
    register uint32_t s4 __asm__("r4");
    register uint32_t s5 __asm__("r5");
    register uint32_t s6 __asm__("r6");
    register uint32_t s7 __asm__("r8");
    uint32_t x0;
    uint32_t x1;
    uint32_t w0;
    uint32_t w1;

    __asm__ volatile("2:\n\t" TWO_CHANNELS(SET)
                     "ldr %[x0], %[entry]\n\t"
                     "add pc, %[x0]\n\t"
                     "nop\n"
                     "1:\n\t"
                     ".rept 4\n\t" TWO_CHANNELS(ADD) ".endr\n\t"
                     "ldr %[x0], %[end]\n\t"
                     "cmp %[v], %[x0]\n\t"
                     "blo 1b\n\t"
                     "ldrd %[x0], %[x1], %[back]\n\t"
                     "sub %[v], %[v], %[x0]\n\t"
                     "sub %[u], %[u], %[x1]\n\t"
                     "ldrd %[x0], %[x1], %[place]\n\t"
                     "add %[x0], %[x0], %[v], lsl #2\n\t"
                     "stm %[x0], {%[s0], %[s1], %[s2], %[s3], %[s4], %[s5], %[s6], %[s7]}\n\t"
                     "cmp %[v], %[x1]\n\t"
                     "bne 2b\n\t"
                     : [s0] "=&r"(s0), [s1] "=&r"(s1), [s2] "=&r"(s2), [s3] "=&r"(s3),
                       [s4] "=&r"(s4), [s5] "=&r"(s5), [s6] "=&r"(s6), [s7] "=&r"(s7),
                       [x0] "=&r"(x0), [x1] "=&r"(x1), [w0] "=&r"(w0), [w1] "=&r"(w1),
                       [u] "+r"(u), [v] "+r"(v)
                     : [back] "m"(b.back), [place] "m"(b.place), [end] "m"(b.end),
                       [entry] "m"(b.entry), [next_v] "i"(4 * EG_WINOGRAD_V_WORDS),
                       [next_u] "i"(4 * EG_WINOGRAD_U_WORDS - 8)
                     : "cc", "memory");
}

#else

static void multiply(const uint32_t *u, const uint32_t *v, int32_t channel_pairs, uint32_t *m)
{
    uint32_t sums[8] = {0};

    for (; channel_pairs > 0; --channel_pairs) {
        for (int32_t c = 0; c < 4; ++c) {
            const int32_t place = (c & 1) * 2 + (c >> 1); /* 0, 2, 1, 3 */

            sums[place] = (uint32_t)eg_smlad(u[c], v[0], (int32_t)sums[place]);
            sums[4 + place] = (uint32_t)eg_smlad(u[c], v[1], (int32_t)sums[4 + place]);
        }
        u += EG_WINOGRAD_U_WORDS;
        v += EG_WINOGRAD_V_WORDS;
    }
    for (int32_t k = 0; k < 8; ++k) {
        m[k] = sums[k];
    }
}

void eg_winograd_multiply(const uint32_t *u, const uint32_t *v, int32_t channel_pairs, uint32_t *m)
{
    for (int32_t k = 0; k < EG_WINOGRAD_COORDINATES; ++k) {
        multiply(u, v, channel_pairs, m);
        u += 4;
        v += 2;
        m += 8;
    }
}

#endif
