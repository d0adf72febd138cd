#include "edgegen/nn/dsp/matmul.h"

#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/requantize.h"

enum {
    UNROLLED_GROUPS = 4 /* per turn of the inner loop */
};

/* The sums of four channels at positions 0 and 1: s is 256 * A + B of channels 0 and 1, t their
 * B alone; u and v likewise of channels 2 and 3. */
typedef struct sums {
    uint32_t s0, s1, t0, t1, u0, u1, v0, v1;
} sums;

#if EG_HAS_DSP

/* Two inputs of four channels at two positions: 16 products in 12 instructions. The register
 * budget: 8 sums, 2 words of inputs, 2 of weights and 2 pointers, which is all 14. A compiler that
 * keeps a frame pointer has 13, and spends a 13th instruction on having one word of weights. */
#if defined(__OPTIMIZE__) && !defined(__clang__)
#define W1 "%[w1]"
#define WORDS_OF_WEIGHTS [w0] "=&r"(w0_), [w1] "=&r"(w1_)
#define DECLARE_WEIGHTS uint32_t w0_, w1_
#define FETCH_WEIGHTS "ldrd %[w0], %[w1], [%[w]], #8\n\t"
#define FETCH_MORE_WEIGHTS ""
#else
#define W1 "%[w0]"
#define WORDS_OF_WEIGHTS [w0] "=&r"(w0_)
#define DECLARE_WEIGHTS uint32_t w0_
#define FETCH_WEIGHTS "ldr %[w0], [%[w]], #4\n\t"
#define FETCH_MORE_WEIGHTS "ldr %[w0], [%[w]], #4\n\t"
#endif

#define TWO_INPUTS                                                                                 \
    "ldrd %[x0], %[x1], [%[x]], #8\n\t" FETCH_WEIGHTS /* */                                        \
    "smlad %[s0], %[w0], %[x0], %[s0]\n\t"                                                         \
    "smlad %[s1], %[w0], %[x1], %[s1]\n\t"                                                         \
    "sxtb16 %[w0], %[w0]\n\t"                                                                      \
    "smlad %[t0], %[w0], %[x0], %[t0]\n\t"                                                         \
    "smlad %[t1], %[w0], %[x1], %[t1]\n\t" FETCH_MORE_WEIGHTS /* */                                \
    "smlad %[u0], " W1 ", %[x0], %[u0]\n\t"                                                        \
    "smlad %[u1], " W1 ", %[x1], %[u1]\n\t"                                                        \
    "sxtb16 " W1 ", " W1 "\n\t"                                                                    \
    "smlad %[v0], " W1 ", %[x0], %[v0]\n\t"                                                        \
    "smlad %[v1], " W1 ", %[x1], %[v1]\n\t"

#define ONE_GROUP TWO_INPUTS TWO_INPUTS
#define FOUR_GROUPS ONE_GROUP ONE_GROUP ONE_GROUP ONE_GROUP

#define MULTIPLY(groups_text, x_, w_, s)                                                           \
    do {                                                                                           \
        uint32_t x0_, x1_;                                                                         \
        DECLARE_WEIGHTS;                                                                           \
                                                                                                   \
        __asm__ volatile(groups_text                                                               \
                         : [s0] "+r"(s.s0), [s1] "+r"(s.s1), [t0] "+r"(s.t0), [t1] "+r"(s.t1),     \
                           [u0] "+r"(s.u0), [u1] "+r"(s.u1), [v0] "+r"(s.v0), [v1] "+r"(s.v1),     \
                           [x] "+r"(x_), [w] "+r"(w_), [x0] "=&r"(x0_), [x1] "=&r"(x1_),           \
                           WORDS_OF_WEIGHTS                                                        \
                         :                                                                         \
                         : "memory");                                                              \
    } while (0)

#else

#define ONE_GROUP 1
#define FOUR_GROUPS 4

static inline void multiply(int32_t groups, const uint32_t *x, const int32_t *w, sums *s)
{
    for (int32_t k = 0; k < 2 * groups; ++k) {
        const uint32_t x0 = *x++, x1 = *x++;
        const uint32_t w0 = (uint32_t)*w++, w1 = (uint32_t)*w++;

        s->s0 = (uint32_t)eg_smlad(w0, x0, (int32_t)s->s0);
        s->s1 = (uint32_t)eg_smlad(w0, x1, (int32_t)s->s1);
        s->t0 = (uint32_t)eg_smlad(eg_sxtb16(w0), x0, (int32_t)s->t0);
        s->t1 = (uint32_t)eg_smlad(eg_sxtb16(w0), x1, (int32_t)s->t1);
        s->u0 = (uint32_t)eg_smlad(w1, x0, (int32_t)s->u0);
        s->u1 = (uint32_t)eg_smlad(w1, x1, (int32_t)s->u1);
        s->v0 = (uint32_t)eg_smlad(eg_sxtb16(w1), x0, (int32_t)s->v0);
        s->v1 = (uint32_t)eg_smlad(eg_sxtb16(w1), x1, (int32_t)s->v1);
    }
}

#define MULTIPLY(groups_, x_, w_, s)                                                               \
    do {                                                                                           \
        multiply(groups_, x_, w_, &(s));                                                           \
        (x_) += 4 * (groups_);                                                                     \
        (w_) += 4 * (groups_);                                                                     \
    } while (0)

#endif

uint32_t *eg_widen_pair(const int8_t *a, const int8_t *b, int32_t groups, uint32_t *words)
{
    for (; groups > 0; --groups) {
        const uint32_t of_a = eg_load_word(a);
        const uint32_t of_b = eg_load_word(b);

        words[0] = eg_sxtb16(of_a);
        words[1] = eg_sxtb16(of_b);
        words[2] = eg_sxtb16_odd(of_a);
        words[3] = eg_sxtb16_odd(of_b);
        a += EG_GROUP;
        b += EG_GROUP;
        words += EG_PAIR_GROUP_WORDS;
    }
    return words;
}

/* One channel at both positions, from its sums' doubles without the bias. */
static inline void finish(const eg_requantize_dsp *parameters, uint32_t doubled_a,
                          uint32_t doubled_b, int8_t *output_a, int8_t *output_b)
{
    const eg_requantize_dsp channel = *parameters;
    const uint32_t bias = (uint32_t)channel.doubled_bias;

    *output_a = eg_requantize_doubled((int32_t)(doubled_a + bias), channel.multiplier,
                                      channel.constant, channel.shift);
    *output_b = eg_requantize_doubled((int32_t)(doubled_b + bias), channel.multiplier,
                                      channel.constant, channel.shift);
}

/* 2 * A from 256 * A + B and B. */
static inline uint32_t doubled_upper(uint32_t both, uint32_t lower)
{
    return (uint32_t)((int32_t)(both - lower) >> 7);
}

void eg_multiply_pair(const eg_matmul_dsp *matrix, const uint32_t *words, int8_t *output_a,
                      int8_t *output_b)
{
    const int32_t *w = matrix->stream;
    const uint32_t *end = words + EG_PAIR_GROUP_WORDS * matrix->groups;
    const uint32_t *unrolled_end =
        words + EG_PAIR_GROUP_WORDS * (matrix->groups & -UNROLLED_GROUPS);
    const int8_t *last = output_a + EG_CHANNELS_PER_BLOCK * matrix->blocks;

    do {
        const uint32_t *x = words;
        sums s = {0, 0, 0, 0, 0, 0, 0, 0};

        while (x != unrolled_end) {
            MULTIPLY(FOUR_GROUPS, x, w, s);
        }
        while (x != end) {
            MULTIPLY(ONE_GROUP, x, w, s);
        }
        const eg_requantize_dsp *channel = (const eg_requantize_dsp *)(const void *)w;

        finish(channel++, doubled_upper(s.s0, s.t0), doubled_upper(s.s1, s.t1), output_a++,
               output_b++);
        finish(channel++, s.t0 << 1, s.t1 << 1, output_a++, output_b++);
        finish(channel++, doubled_upper(s.u0, s.v0), doubled_upper(s.u1, s.v1), output_a++,
               output_b++);
        finish(channel++, s.v0 << 1, s.v1 << 1, output_a++, output_b++);
        w = (const int32_t *)(const void *)channel;
    } while (output_a != last);
}
