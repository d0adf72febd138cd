/* The sums of a block of four channels at two positions: the inner loop of nn/dsp/matmul.h, for
 * the sources that requantise them each in its way.
 *
 *   MULTIPLY(SET, sums, x, weights, end, entry)   from 0
 *   MULTIPLY(ADD, sums, x, weights, end, entry)   s0, s1, u0, u1 from what they are
 *
 * x, the widened inputs, runs to `end`, and the weights as far; entry is entry_of(groups).
 */
#ifndef EDGEGEN_NN_DSP_MULTIPLY_BLOCK_H
#define EDGEGEN_NN_DSP_MULTIPLY_BLOCK_H

#include <stdint.h>

#include "edgegen/isa_dsp.h"

/* Of channels 0..3 at positions 0 and 1: s is 256 * A + B of channels 0 and 1, t their B alone; u
 * and v likewise of channels 2 and 3. */
typedef struct sums {
    uint32_t s0, s1, t0, t1, u0, u1, v0, v1;
} sums;

#define SUMS(s, upper, lower)                                                                      \
    [s0] upper(s.s0), [s1] upper(s.s1), [t0] lower(s.t0), [t1] lower(s.t1), [u0] upper(s.u0),      \
        [u1] upper(s.u1), [v0] lower(s.v0), [v1] lower(s.v1)

#if EG_HAS_DSP && defined(__OPTIMIZE__)

/* Two inputs of four channels at two positions: 16 products in 12 instructions. The register
 * budget: 8 sums, 2 words of inputs, 2 of weights and 2 pointers, which is all 14; so the ends of
 * loops come from the stack. Clang keeps one for the frame pointer: it has 13 and spends a 13th
 * instruction on having one word of weights. Without optimisation no compiler can hold that many:
 * it gets the C below. */
#if !defined(__clang__)
#define HAS_14_REGISTERS 1
#define WEIGHTS [w0] "=&r"(weights_0), [w1] "=&r"(weights_1)
#define DECLARE_WEIGHTS uint32_t weights_0, weights_1
#define W1 "%[w1]"
#define FETCH_WEIGHTS "ldrd %[w0], %[w1], [%[w]], #8\n\t"
#define FETCH_MORE_WEIGHTS ""
#else
#define HAS_14_REGISTERS 0
#define WEIGHTS [w0] "=&r"(weights_0)
#define DECLARE_WEIGHTS uint32_t weights_0
#define W1 "%[w0]"
#define FETCH_WEIGHTS "ldr %[w0], [%[w]], #4\n\t"
#define FETCH_MORE_WEIGHTS "ldr %[w0], [%[w]], #4\n\t"
#endif

#define ADD(sum, weights, inputs) "smlad " sum ", " weights ", " inputs ", " sum "\n\t"
#define SET(sum, weights, inputs) "smuad " sum ", " weights ", " inputs "\n\t"
#define UNPACK(weights) "sxtb16 " weights ", " weights "\n\t"

/* UPPER is what happens to s and u, LOWER to t and v. Every instruction has 4 bytes. */
#define TWO_INPUTS(UPPER, LOWER)                                                                   \
    "ldrd %[x0], %[x1], [%[x]], #8\n\t"                                                            \
    FETCH_WEIGHTS                                                                                  \
    UPPER("%[s0]", "%[w0]", "%[x0]")                                                               \
    UPPER("%[s1]", "%[w0]", "%[x1]")                                                               \
    UNPACK("%[w0]")                                                                                \
    LOWER("%[t0]", "%[w0]", "%[x0]")                                                               \
    LOWER("%[t1]", "%[w0]", "%[x1]")                                                               \
    FETCH_MORE_WEIGHTS                                                                             \
    UPPER("%[u0]", W1, "%[x0]")                                                                    \
    UPPER("%[u1]", W1, "%[x1]")                                                                    \
    UNPACK(W1)                                                                                     \
    LOWER("%[v0]", W1, "%[x0]")                                                                    \
    LOWER("%[v1]", W1, "%[x1]")

#define STARTED_SET "=&r"
#define STARTED_ADD "+r"
#define INPUTS_AND_WEIGHTS                                                                         \
    [x] "+r"(x), [w] "+r"(w), [x0] "=&r"(inputs_0), [x1] "=&r"(inputs_1), WEIGHTS

#if HAS_14_REGISTERS

/* Bytes of the unrolled loop to jump over, so that whole turns of eight groups are left; the first
 * group is not part of a turn. */
static inline int32_t entry_of(int32_t groups)
{
    return (groups == 1 ? 8 : (1 - groups) & 7) * 2 * 12 * 4;
}

#define MULTIPLY(OP, s, x, w, end, entry)                                                          \
    do {                                                                                           \
        uint32_t inputs_0, inputs_1;                                                               \
        DECLARE_WEIGHTS;                                                                           \
                                                                                                   \
        __asm__ volatile(TWO_INPUTS(OP, SET) TWO_INPUTS(ADD, ADD)                                  \
                         "ldr %[x0], %[enter]\n\t"                                                 \
                         "add pc, %[x0]\n\t"                                                       \
                         "nop\n"                                                                   \
                         "1:\n\t"                                                                  \
                         ".rept 16\n\t" TWO_INPUTS(ADD, ADD) ".endr\n\t"                           \
                         "ldr %[x0], %[stop]\n\t"                                                  \
                         "cmp %[x0], %[x]\n\t"                                                     \
                         "bne 1b\n\t"                                                              \
                         : SUMS(s, STARTED_##OP, "=&r"), INPUTS_AND_WEIGHTS                        \
                         : [stop] "m"(end), [enter] "m"(entry)                                     \
                         : "cc", "memory");                                                        \
    } while (0)

#else

static inline int32_t entry_of(int32_t groups)
{
    (void)groups;
    return 0;
}

#define MULTIPLY(OP, s, x, w, end, entry)                                                          \
    do {                                                                                           \
        uint32_t inputs_0, inputs_1;                                                               \
        DECLARE_WEIGHTS;                                                                           \
                                                                                                   \
        (void)(entry);                                                                             \
        __asm__ volatile(TWO_INPUTS(OP, SET) TWO_INPUTS(ADD, ADD)                                  \
                         : SUMS(s, STARTED_##OP, "=&r"), INPUTS_AND_WEIGHTS                        \
                         :                                                                         \
                         : "memory");                                                              \
        while (x != end) {                                                                         \
            __asm__ volatile(TWO_INPUTS(ADD, ADD) TWO_INPUTS(ADD, ADD)                             \
                             : SUMS(s, "+r", "+r"), INPUTS_AND_WEIGHTS                             \
                             :                                                                     \
                             : "memory");                                                          \
        }                                                                                          \
    } while (0)

#endif

#else

static inline int32_t entry_of(int32_t groups)
{
    (void)groups;
    return 0;
}

static inline void multiply_block(sums *s, const uint32_t **inputs, const int32_t **weights,
                                  const uint32_t *end)
{
    const uint32_t *x = *inputs;
    const int32_t *w = *weights;

    while (x != end) {
        const uint32_t x0 = *x++;
        const uint32_t x1 = *x++;
        const uint32_t w0 = (uint32_t)*w++;
        const uint32_t w1 = (uint32_t)*w++;

        s->s0 = (uint32_t)eg_smlad(w0, x0, (int32_t)s->s0);
        s->s1 = (uint32_t)eg_smlad(w0, x1, (int32_t)s->s1);
        s->t0 = (uint32_t)eg_smlad(eg_sxtb16(w0), x0, (int32_t)s->t0);
        s->t1 = (uint32_t)eg_smlad(eg_sxtb16(w0), x1, (int32_t)s->t1);
        s->u0 = (uint32_t)eg_smlad(w1, x0, (int32_t)s->u0);
        s->u1 = (uint32_t)eg_smlad(w1, x1, (int32_t)s->u1);
        s->v0 = (uint32_t)eg_smlad(eg_sxtb16(w1), x0, (int32_t)s->v0);
        s->v1 = (uint32_t)eg_smlad(eg_sxtb16(w1), x1, (int32_t)s->v1);
    }
    *inputs = x;
    *weights = w;
}

#define START_SET(s) (s).s0 = (s).s1 = (s).u0 = (s).u1 = 0
#define START_ADD(s) (void)0
#define MULTIPLY(OP, s, x, w, end, entry)                                                          \
    do {                                                                                           \
        (void)(entry);                                                                             \
        START_##OP(s);                                                                             \
        (s).t0 = (s).t1 = (s).v0 = (s).v1 = 0;                                                     \
        multiply_block(&(s), &(x), &(w), end);                                                     \
    } while (0)

#endif

/* The next two words, by one instruction. */
static inline void take_two(const int32_t **from, int32_t *first, int32_t *second)
{
#if EG_HAS_DSP
    __asm__ volatile("ldrd %0, %1, [%2], #8"
                     : "=&r"(*first), "=&r"(*second), "+r"(*from)
                     :
                     : "memory");
#else
    *first = *(*from)++;
    *second = *(*from)++;
#endif
}

#endif /* EDGEGEN_NN_DSP_MULTIPLY_BLOCK_H */
