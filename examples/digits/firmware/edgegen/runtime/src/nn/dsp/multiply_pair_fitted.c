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

/* One channel at both positions, in 5 instructions. */
#define CHANNEL(sum_a, sum_b)                                                                      \
    "ldrd %[p], %[q], [%[w]], #8\n\t"                                                              \
    "smmla " sum_a ", " sum_a ", %[p], %[q]\n\t"                                                   \
    "smmla " sum_b ", " sum_b ", %[p], %[q]\n\t"                                                   \
    "ssat " sum_a ", #8, " sum_a ", asr %[shift]\n\t"                                              \
    "ssat " sum_b ", #8, " sum_b ", asr %[shift]\n\t"

/* 8 outputs in 39 instructions: 8 sums, the stream, and two registers for parameters and then for
 * the outputs. */
static inline const int8_t *finish(sums *s, const int32_t **stream, outputs *to)
{
    const int32_t *w = *stream;
    const int8_t *end;
    int32_t other;

    __asm__ volatile("sub %[s0], %[s0], %[t0]\n\t"
                     "sub %[s1], %[s1], %[t1]\n\t"
                     "sub %[u0], %[u0], %[v0]\n\t"
                     "sub %[u1], %[u1], %[v1]\n\t"
                     "ldrd %[p], %[q], [%[w]], #8\n\t"
                     "add %[t0], %[p], %[t0], lsl #8\n\t"
                     "add %[t1], %[p], %[t1], lsl #8\n\t"
                     "add %[v0], %[q], %[v0], lsl #8\n\t"
                     "add %[v1], %[q], %[v1], lsl #8\n\t" CHANNEL("%[s0]", "%[s1]")
                         CHANNEL("%[t0]", "%[t1]") CHANNEL("%[u0]", "%[u1]")
                             CHANNEL("%[v0]", "%[v1]") "ldrd %[p], %[q], %[to]\n\t"
                     "strb %[s0], [%[p]], #1\n\t"
                     "strb %[s1], [%[q]], #1\n\t"
                     "strb %[t0], [%[p]], #1\n\t"
                     "strb %[t1], [%[q]], #1\n\t"
                     "strb %[u0], [%[p]], #1\n\t"
                     "strb %[u1], [%[q]], #1\n\t"
                     "strb %[v0], [%[p]], #1\n\t"
                     "strb %[v1], [%[q]], #1\n\t"
                     "strd %[p], %[q], %[to]\n\t"
                     : SUMS((*s), "+r", "+r"), [w] "+r"(w), [p] "=&r"(end), [q] "=&r"(other),
                       [to] "+m"(*to)
                     : [shift] "i"(EG_FITTED_DSP_SHIFT)
                     : "memory");
    *stream = w;
    return end;
}

#else

static inline void channel(uint32_t a, uint32_t b, const int32_t **stream, outputs *to)
{
    int32_t multiplier;
    int32_t constant;

    take_two(stream, &multiplier, &constant);
    *to->a++ = eg_requantize_fitted_dsp((int32_t)a, multiplier, constant);
    *to->b++ = eg_requantize_fitted_dsp((int32_t)b, multiplier, constant);
}

static inline const int8_t *finish(const sums *s, const int32_t **stream, outputs *to)
{
    int32_t bias_1;
    int32_t bias_3;

    take_two(stream, &bias_1, &bias_3);
    channel(s->s0 - s->t0, s->s1 - s->t1, stream, to);
    channel((uint32_t)bias_1 + (s->t0 << 8), (uint32_t)bias_1 + (s->t1 << 8), stream, to);
    channel(s->u0 - s->v0, s->u1 - s->v1, stream, to);
    channel((uint32_t)bias_3 + (s->v0 << 8), (uint32_t)bias_3 + (s->v1 << 8), stream, to);
    return to->a;
}

#endif

void eg_multiply_pair_fitted(const eg_matmul_dsp *matrix, const uint32_t *words, int8_t *output_a,
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
        int32_t bias_0;
        int32_t bias_2;
        sums s;

        take_two(&w, &bias_0, &bias_2);
        s.s0 = s.s1 = (uint32_t)bias_0;
        s.u0 = s.u1 = (uint32_t)bias_2;
        MULTIPLY(ADD, s, x, w, end, entry);
        next = finish(&s, &w, &to);
    } while (next != last);
}
