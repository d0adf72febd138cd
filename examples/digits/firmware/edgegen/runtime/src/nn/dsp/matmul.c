/* The asm below takes every register there is, also where a frame pointer is asked for. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("omit-frame-pointer")
#endif

#include "edgegen/nn/dsp/matmul.h"

#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/requantize.h"

/* The sums of four channels at positions 0 and 1: s is 256 * A + B of channels 0 and 1, t their
 * B alone; u and v likewise of channels 2 and 3. */
typedef struct sums {
    uint32_t s0, s1, t0, t1, u0, u1, v0, v1;
} sums;

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

/* OP is ADD, or SET to start the sums. Every instruction has 4 bytes. */
#define TWO_INPUTS(OP)                                                                             \
    "ldrd %[x0], %[x1], [%[x]], #8\n\t"                                                            \
    FETCH_WEIGHTS                                                                                  \
    OP("%[s0]", "%[w0]", "%[x0]")                                                                  \
    OP("%[s1]", "%[w0]", "%[x1]")                                                                  \
    UNPACK("%[w0]")                                                                                \
    OP("%[t0]", "%[w0]", "%[x0]")                                                                  \
    OP("%[t1]", "%[w0]", "%[x1]")                                                                  \
    FETCH_MORE_WEIGHTS                                                                             \
    OP("%[u0]", W1, "%[x0]")                                                                       \
    OP("%[u1]", W1, "%[x1]")                                                                       \
    UNPACK(W1)                                                                                     \
    OP("%[v0]", W1, "%[x0]")                                                                       \
    OP("%[v1]", W1, "%[x1]")

#define SUMS(s, constraint)                                                                        \
    [s0] constraint(s.s0), [s1] constraint(s.s1), [t0] constraint(s.t0), [t1] constraint(s.t1),    \
        [u0] constraint(s.u0), [u1] constraint(s.u1), [v0] constraint(s.v0), [v1] constraint(s.v1)
#define INPUTS_AND_WEIGHTS                                                                         \
    [x] "+r"(x), [w] "+r"(w), [x0] "=&r"(inputs_0), [x1] "=&r"(inputs_1), WEIGHTS

#if HAS_14_REGISTERS

/* Bytes of the unrolled loop to jump over, so that whole turns of eight groups are left. */
static int32_t entry_of(int32_t groups)
{
    return (groups == 0 ? 8 : -groups & 7) * 2 * 12 * 4;
}

/* Eight groups a turn; the first group starts the sums and is not part of a turn. */
#define MULTIPLY(s, x, w, end, entry)                                                              \
    do {                                                                                           \
        uint32_t inputs_0, inputs_1;                                                               \
        DECLARE_WEIGHTS;                                                                           \
                                                                                                   \
        __asm__ volatile(TWO_INPUTS(SET) TWO_INPUTS(ADD)                                           \
                         "ldr %[x0], %[enter]\n\t"                                                 \
                         "add pc, %[x0]\n\t"                                                       \
                         "nop\n"                                                                   \
                         "1:\n\t"                                                                  \
                         ".rept 16\n\t" TWO_INPUTS(ADD) ".endr\n\t"                                \
                         "ldr %[x0], %[stop]\n\t"                                                  \
                         "cmp %[x0], %[x]\n\t"                                                     \
                         "bne 1b\n\t"                                                              \
                         : SUMS(s, "=&r"), INPUTS_AND_WEIGHTS                                      \
                         : [stop] "m"(end), [enter] "m"(entry)                                     \
                         : "cc", "memory");                                                        \
    } while (0)

#else

static int32_t entry_of(int32_t groups)
{
    (void)groups;
    return 0;
}

#define MULTIPLY(s, x, w, end, entry)                                                              \
    do {                                                                                           \
        uint32_t inputs_0, inputs_1;                                                               \
        DECLARE_WEIGHTS;                                                                           \
                                                                                                   \
        (void)(entry);                                                                             \
        __asm__ volatile(TWO_INPUTS(SET) TWO_INPUTS(ADD)                                           \
                         : SUMS(s, "=&r"), INPUTS_AND_WEIGHTS                                      \
                         :                                                                         \
                         : "memory");                                                              \
        while (x != end) {                                                                         \
            __asm__ volatile(TWO_INPUTS(ADD) TWO_INPUTS(ADD)                                       \
                             : SUMS(s, "+r"), INPUTS_AND_WEIGHTS                                   \
                             :                                                                     \
                             : "memory");                                                          \
        }                                                                                          \
    } while (0)

#endif

#else

static int32_t entry_of(int32_t groups)
{
    (void)groups;
    return 0;
}

static sums multiply(const uint32_t *x, const uint32_t *end, const int32_t **weights)
{
    const int32_t *w = *weights;
    sums s = {0, 0, 0, 0, 0, 0, 0, 0};

    while (x != end) {
        const uint32_t x0 = *x++;
        const uint32_t x1 = *x++;
        const uint32_t w0 = (uint32_t)*w++;
        const uint32_t w1 = (uint32_t)*w++;

        s.s0 = (uint32_t)eg_smlad(w0, x0, (int32_t)s.s0);
        s.s1 = (uint32_t)eg_smlad(w0, x1, (int32_t)s.s1);
        s.t0 = (uint32_t)eg_smlad(eg_sxtb16(w0), x0, (int32_t)s.t0);
        s.t1 = (uint32_t)eg_smlad(eg_sxtb16(w0), x1, (int32_t)s.t1);
        s.u0 = (uint32_t)eg_smlad(w1, x0, (int32_t)s.u0);
        s.u1 = (uint32_t)eg_smlad(w1, x1, (int32_t)s.u1);
        s.v0 = (uint32_t)eg_smlad(eg_sxtb16(w1), x0, (int32_t)s.v0);
        s.v1 = (uint32_t)eg_smlad(eg_sxtb16(w1), x1, (int32_t)s.v1);
    }
    *weights = w;
    return s;
}

#define MULTIPLY(s, x, w, end, entry)                                                              \
    do {                                                                                           \
        (void)(entry);                                                                             \
        (s) = multiply(x, end, &(w));                                                              \
    } while (0)

#endif

static inline void widen_group(const int8_t *a, const int8_t *b, uint32_t *words)
{
    const uint32_t of_a = eg_load_word(a);
    const uint32_t of_b = eg_load_word(b);

    words[0] = eg_sxtb16(of_a);
    words[1] = eg_sxtb16(of_b);
    words[2] = eg_sxtb16_odd(of_a);
    words[3] = eg_sxtb16_odd(of_b);
}

uint32_t *eg_widen_pair(const int8_t *a, const int8_t *b, int32_t groups, uint32_t *words)
{
    if (groups % 2 != 0) {
        widen_group(a, b, words);
        a += EG_GROUP;
        b += EG_GROUP;
        words += EG_PAIR_GROUP_WORDS;
    }
    for (groups /= 2; groups > 0; --groups) {
        widen_group(a, b, words);
        widen_group(a + EG_GROUP, b + EG_GROUP, words + EG_PAIR_GROUP_WORDS);
        a += 2 * EG_GROUP;
        b += 2 * EG_GROUP;
        words += 2 * EG_PAIR_GROUP_WORDS;
    }
    return words;
}

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

/* One channel at both positions, from its sums' doubles without the bias; takes its
 * eg_requantize_dsp. */
static inline void finish(const int32_t **parameters, uint32_t doubled_a, uint32_t doubled_b,
                          int8_t *output_a, int8_t *output_b)
{
    int32_t bias;
    int32_t multiplier;
    int32_t constant;
    int32_t shift;

    take_two(parameters, &bias, &multiplier);
    doubled_a += (uint32_t)bias;
    doubled_b += (uint32_t)bias;
    take_two(parameters, &constant, &shift);
    *output_a = eg_requantize_doubled((int32_t)doubled_a, multiplier, constant, shift);
    *output_b = eg_requantize_doubled((int32_t)doubled_b, multiplier, constant, shift);
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
    const int32_t entry = entry_of(matrix->groups - 1);
    const int8_t *last = output_a + EG_CHANNELS_PER_BLOCK * matrix->blocks;

    do {
        const uint32_t *x = words;
        sums s;

        MULTIPLY(s, x, w, end, entry);
        finish(&w, doubled_upper(s.s0, s.t0), doubled_upper(s.s1, s.t1), output_a++, output_b++);
        finish(&w, s.t0 << 1, s.t1 << 1, output_a++, output_b++);
        finish(&w, doubled_upper(s.u0, s.v0), doubled_upper(s.u1, s.v1), output_a++, output_b++);
        finish(&w, s.v0 << 1, s.v1 << 1, output_a++, output_b++);
    } while (output_a != last);
}
