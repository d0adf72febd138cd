/* The asm below takes every register there is, also where a frame pointer is asked for. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("omit-frame-pointer")
#endif

#include "edgegen/nn/dsp/matmul.h"
#include "edgegen/nn/dsp/multiply_block.h"
#include "edgegen/nn/dsp/requantize.h"

/* Where the outputs of both positions go next. */
typedef struct outputs {
    int8_t *a;
    int8_t *b;
} outputs;

#if EG_HAS_DSP && defined(__OPTIMIZE__)

/* One channel at both positions, in 13 instructions. p is its bias and then its constant, q the
 * multiplier and then the shift; r serves for the first position's rounding. */
#define CHANNEL(sum_a, sum_b, shift)                                                               \
    "ldrd %[p], %[q], [%[w]], #8\n\t"                                                              \
    "add " sum_a ", %[p], " sum_a ", " shift "\n\t"                                                \
    "add " sum_b ", %[p], " sum_b ", " shift "\n\t"                                                \
    "ldr %[p], [%[w]], #4\n\t"                                                                     \
    "add %[r], %[p], " sum_a ", asr #31\n\t"                                                       \
    "add %[p], %[p], " sum_b ", asr #31\n\t"                                                       \
    "smmlar " sum_a ", " sum_a ", %[q], %[r]\n\t"                                                  \
    "smmlar " sum_b ", " sum_b ", %[q], %[p]\n\t"                                                  \
    "ldr %[q], [%[w]], #4\n\t"                                                                     \
    "asr " sum_a ", " sum_a ", %[q]\n\t"                                                           \
    "asr " sum_b ", " sum_b ", %[q]\n\t"                                                           \
    "ssat " sum_a ", #8, " sum_a "\n\t"                                                            \
    "ssat " sum_b ", #8, " sum_b "\n\t"
#define UPPER "asr #7"
#define LOWER "lsl #1"

/* 8 outputs in 66 instructions with 12 registers: 8 sums, the stream and three more. */
static inline const int8_t *finish(sums *s, const int32_t **stream, outputs *to)
{
    const int32_t *w = *stream;
    const int8_t *end;
    int32_t q;
    int32_t r;

    __asm__ volatile("sub %[s0], %[s0], %[t0]\n\t"
                     "sub %[s1], %[s1], %[t1]\n\t"
                     "sub %[u0], %[u0], %[v0]\n\t"
                     "sub %[u1], %[u1], %[v1]\n\t" CHANNEL("%[s0]", "%[s1]", UPPER)
                         CHANNEL("%[t0]", "%[t1]", LOWER) CHANNEL("%[u0]", "%[u1]", UPPER)
                             CHANNEL("%[v0]", "%[v1]", LOWER) "ldrd %[p], %[q], %[to]\n\t"
                     "strb %[s0], [%[p]], #1\n\t"
                     "strb %[s1], [%[q]], #1\n\t"
                     "strb %[t0], [%[p]], #1\n\t"
                     "strb %[t1], [%[q]], #1\n\t"
                     "strb %[u0], [%[p]], #1\n\t"
                     "strb %[u1], [%[q]], #1\n\t"
                     "strb %[v0], [%[p]], #1\n\t"
                     "strb %[v1], [%[q]], #1\n\t"
                     "strd %[p], %[q], %[to]\n\t"
                     : SUMS((*s), "+r", "+r"), [w] "+r"(w), [p] "=&r"(end), [q] "=&r"(q),
                       [r] "=&r"(r), [to] "+m"(*to)
                     :
                     : "memory");
    *stream = w;
    return end;
}

#else

/* doubled sums, without the bias */
static inline void channel(uint32_t a, uint32_t b, const int32_t **stream, outputs *to)
{
    int32_t bias;
    int32_t multiplier;
    int32_t constant;
    int32_t shift;

    take_two(stream, &bias, &multiplier);
    take_two(stream, &constant, &shift);
    a += (uint32_t)bias;
    b += (uint32_t)bias;
    *to->a++ = eg_requantize_doubled((int32_t)a, multiplier, constant, shift);
    *to->b++ = eg_requantize_doubled((int32_t)b, multiplier, constant, shift);
}

/* 2 * A from 256 * A + B and B. */
static inline uint32_t doubled_upper(uint32_t both, uint32_t lower)
{
    return (uint32_t)((int32_t)(both - lower) >> 7);
}

static inline const int8_t *finish(const sums *s, const int32_t **stream, outputs *to)
{
    channel(doubled_upper(s->s0, s->t0), doubled_upper(s->s1, s->t1), stream, to);
    channel(s->t0 << 1, s->t1 << 1, stream, to);
    channel(doubled_upper(s->u0, s->v0), doubled_upper(s->u1, s->v1), stream, to);
    channel(s->v0 << 1, s->v1 << 1, stream, to);
    return to->a;
}

#endif

void eg_multiply_pair_rounded(const eg_matmul_dsp *matrix, const uint32_t *words, int8_t *output_a,
                              int8_t *output_b)
{
    const int32_t *w = matrix->stream;
    const uint32_t *end = words + EG_PAIR_GROUP_WORDS * matrix->groups;
    const int32_t entry = entry_of(matrix->groups);
    const int8_t *last = output_a + EG_CHANNELS_PER_BLOCK * matrix->blocks;
    outputs to = {output_a, output_b};
    const int8_t *next;

    do {
        const uint32_t *x = words;
        sums s;

        MULTIPLY(SET, s, x, w, end, entry);
        next = finish(&s, &w, &to);
    } while (next != last);
}
