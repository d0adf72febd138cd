/* The asm below takes every register there is, also where a frame pointer is asked for. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("omit-frame-pointer")
#endif

#include "edgegen/nn/dsp/fully_connected.h"

#include <string.h>

#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/requantize.h"

enum {
    CHANNELS = 4, /* at once */
    INPUTS = 8    /* for which their number is rounded up */
};

/* What a block of channels needs besides its stream; in pairs for LDRD. */
typedef struct job {
    const uint32_t *end; /* of the widened inputs */
    int32_t entry;
    struct {
        int32_t multiplier;
        int32_t constant;
    } scale;
    struct {
        int32_t shift;
        int8_t *output;
    } target;
} job;

#if EG_HAS_DSP && defined(__OPTIMIZE__)

/* The sums of four channels: s is 256 * A + B of channels 0 and 1, t their B alone; u and v
 * likewise of channels 2 and 3.
 *
 * Eight inputs: 32 products in 27 instructions. LDM takes its registers in order,
 * so that these have fixed ones: r0..r3 for inputs and r8..r11 for weights. With 4 sums and 2
 * pointers that is all 14; Clang keeps a frame pointer and loads two words of inputs at a time. */
#if !defined(__clang__)
#define HAS_14_REGISTERS 1
#define FETCH_INPUTS "ldmia.w %[x]!, {r0-r3}\n\t"
#define FETCH_MORE_INPUTS ""
#define X2 "r2"
#define X3 "r3"
#else
#define HAS_14_REGISTERS 0
#define FETCH_INPUTS "ldrd r0, r1, [%[x]], #8\n\t"
#define FETCH_MORE_INPUTS "ldrd r0, r1, [%[x]], #8\n\t"
#define X2 "r0"
#define X3 "r1"
#endif

#define FETCH_WEIGHTS "ldmia.w %[w]!, {r8-r11}\n\t"
#define TWO_CHANNELS(both, lower, weights, inputs)                                                 \
    "smlad " both ", " weights ", " inputs ", " both "\n\t"                                        \
    "sxtb16 " weights ", " weights "\n\t"                                                          \
    "smlad " lower ", " weights ", " inputs ", " lower "\n\t"
#define TWO_INPUTS(w01, w23, inputs)                                                               \
    TWO_CHANNELS("%[s]", "%[t]", w01, inputs) TWO_CHANNELS("%[u]", "%[v]", w23, inputs)
#define EIGHT_INPUTS                                                                               \
    FETCH_INPUTS FETCH_WEIGHTS TWO_INPUTS("r8", "r9", "r0") TWO_INPUTS("r10", "r11", "r1")         \
        FETCH_MORE_INPUTS FETCH_WEIGHTS TWO_INPUTS("r8", "r9", X2) TWO_INPUTS("r10", "r11", X3)

#define START "ldrd %[s], %[t], [%[w]], #8\n\tldrd %[u], %[v], [%[w]], #8\n\t"
#define SUMS(constraint) [s] constraint(s), [t] constraint(t), [u] constraint(u), [v] constraint(v)

/* With the multiplier in r0, the constant in r1 and the shift in r2. */
#define REQUANTIZE(sum)                                                                            \
    "add r8, r1, " sum ", asr #31\n\t"                                                             \
    "smmlar " sum ", " sum ", r0, r8\n\t"                                                          \
    "asr " sum ", " sum ", r2\n\t"                                                                 \
    "ssat " sum ", #8, " sum "\n\t"

/* The four outputs in 29 instructions, through the registers that the loop no longer needs. */
#define FINISH                                                                                     \
    "ldrd r0, r1, %[scale]\n\t"                                                                    \
    "ldrd r2, r3, %[target]\n\t"                                                                   \
    "sub %[s], %[s], %[t]\n\t"                                                                     \
    "sub %[u], %[u], %[v]\n\t"                                                                     \
    "asr %[s], %[s], #7\n\t"                                                                       \
    "lsl %[t], %[t], #1\n\t"                                                                       \
    "asr %[u], %[u], #7\n\t"                                                                       \
    "lsl %[v], %[v], #1\n\t" REQUANTIZE("%[s]") REQUANTIZE("%[t]") REQUANTIZE("%[u]")              \
        REQUANTIZE("%[v]") "strb %[s], [r3], #1\n\t"                                               \
    "strb %[t], [r3], #1\n\t"                                                                      \
    "strb %[u], [r3], #1\n\t"                                                                      \
    "strb %[v], [r3], #1\n\t"
#define SCALE(j) [scale] "m"((j)->scale), [target] "m"((j)->target)
#define FINISH_CLOBBERS "memory", "r0", "r1", "r2", "r8"
#define CLOBBERS "cc", "r9", "r10", "r11", FINISH_CLOBBERS

#if HAS_14_REGISTERS

/* Bytes of the unrolled loop to jump over, so that whole turns of 64 inputs are left. */
static int32_t entry_of(int32_t input_depth)
{
    return (-((input_depth + INPUTS - 1) / INPUTS) & 7) * 27 * 4;
}

static inline int8_t *run_block(const job *j, const uint32_t *x, const int32_t **weights)
{
    const int32_t *w = *weights;
    register int8_t *next __asm__("r3");
    uint32_t s, t, u, v;

    __asm__ volatile(START "ldr r0, %[enter]\n\t"
                           "add pc, r0\n\t"
                           "nop\n"
                           "1:\n\t"
                           ".rept 8\n\t" EIGHT_INPUTS ".endr\n\t"
                           "ldr r0, %[stop]\n\t"
                           "cmp r0, %[x]\n\t"
                           "bne 1b\n\t" FINISH
                     : SUMS("=&r"), [x] "+r"(x), [w] "+r"(w), "=&r"(next)
                     : [stop] "m"(j->end), [enter] "m"(j->entry), SCALE(j)
                     : CLOBBERS);
    *weights = w;
    return next;
}

#else

static int32_t entry_of(int32_t input_depth)
{
    (void)input_depth;
    return 0;
}

static inline int8_t *run_block(const job *j, const uint32_t *x, const int32_t **weights)
{
    const int32_t *w = *weights;
    register int8_t *next __asm__("r3");
    uint32_t s, t, u, v;

    __asm__ volatile(START : SUMS("=&r"), [w] "+r"(w) : : "memory");
    while (x != j->end) {
        __asm__ volatile(EIGHT_INPUTS : SUMS("+r"), [x] "+r"(x), [w] "+r"(w) : : CLOBBERS);
    }
    __asm__ volatile(FINISH : SUMS("+r"), "=&r"(next) : SCALE(j) : FINISH_CLOBBERS);
    *weights = w;
    return next;
}

#endif

#else

static int32_t entry_of(int32_t input_depth)
{
    (void)input_depth;
    return 0;
}

static int8_t doubled_to_s8(const job *j, int32_t doubled)
{
    return eg_requantize_doubled(doubled, j->scale.multiplier, j->scale.constant, j->target.shift);
}

/* 2 * A from 256 * A + B and B. */
static int32_t doubled_upper(uint32_t both, uint32_t lower)
{
    return (int32_t)(both - lower) >> 7;
}

static int8_t *run_block(const job *j, const uint32_t *x, const int32_t **weights)
{
    const int32_t *w = *weights + CHANNELS;
    uint32_t s = (uint32_t)w[-4];
    uint32_t t = (uint32_t)w[-3];
    uint32_t u = (uint32_t)w[-2];
    uint32_t v = (uint32_t)w[-1];
    int8_t *output = j->target.output;

    while (x != j->end) {
        const uint32_t inputs = *x++;
        const uint32_t w01 = (uint32_t)*w++;
        const uint32_t w23 = (uint32_t)*w++;

        s = (uint32_t)eg_smlad(w01, inputs, (int32_t)s);
        t = (uint32_t)eg_smlad(eg_sxtb16(w01), inputs, (int32_t)t);
        u = (uint32_t)eg_smlad(w23, inputs, (int32_t)u);
        v = (uint32_t)eg_smlad(eg_sxtb16(w23), inputs, (int32_t)v);
    }
    *weights = w;
    output[0] = doubled_to_s8(j, doubled_upper(s, t));
    output[1] = doubled_to_s8(j, (int32_t)(t << 1));
    output[2] = doubled_to_s8(j, doubled_upper(u, v));
    output[3] = doubled_to_s8(j, (int32_t)(v << 1));
    return output + CHANNELS;
}

#endif

/* Eight inputs to halfwords, in the order 0, 2, 1, 3 of every four. */
static inline uint32_t *widen_eight(const int8_t *input, uint32_t *words)
{
    const uint32_t low = eg_load_word(input);
    const uint32_t high = eg_load_word(input + INPUTS / 2);

    words = eg_store_two(words, eg_sxtb16(low), eg_sxtb16_odd(low));
    return eg_store_two(words, eg_sxtb16(high), eg_sxtb16_odd(high));
}

/* All inputs; what is missing to multiples of INPUTS is 0. */
static void widen(const int8_t *input, int32_t depth, uint32_t *words)
{
    for (; depth >= INPUTS; depth -= INPUTS) {
        words = widen_eight(input, words);
        input += INPUTS;
    }
    if (depth > 0) {
        int8_t rest[INPUTS] = {0};

        memcpy(rest, input, (size_t)depth);
        widen_eight(rest, words);
    }
}

void eg_run_fully_connected_s8_dsp(const eg_fully_connected_s8_dsp *layer, const int8_t *input,
                                   int8_t *output, void *scratch)
{
    const int32_t depth = layer->input_depth;
    const int32_t ragged = layer->output_depth % CHANNELS;
    job j = {
        .end = (const uint32_t *)scratch + (depth + INPUTS - 1) / INPUTS * (INPUTS / 2),
        .entry = entry_of(depth),
        .scale = {layer->multiplier, layer->constant},
        .target.shift = layer->shift,
    };

    for (int32_t batch = 0; batch < layer->batches; ++batch) {
        const int32_t *stream = layer->stream;
        int8_t *const rest = output + layer->output_depth - ragged;
        int8_t spare[CHANNELS];
        const int8_t *end = rest;

        widen(input, depth, scratch);
        j.target.output = output;
        for (;;) {
            if (j.target.output == end) {
                if (end != rest || ragged == 0) {
                    break;
                }
                j.target.output = spare;
                end = spare + CHANNELS;
            }
            j.target.output = run_block(&j, scratch, &stream);
        }
        if (ragged != 0) {
            memcpy(rest, spare, (size_t)ragged);
        }
        input += depth;
        output += layer->output_depth;
    }
}
