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

/* The sums of four channels: s is 256 * A + B of channels 0 and 1, t their B alone; u and v
 * likewise of channels 2 and 3. */
typedef struct sums {
    uint32_t s, t, u, v;
} sums;

#if EG_HAS_DSP && defined(__OPTIMIZE__)

/* Eight inputs of four channels: 32 products in 27 instructions. LDM takes its registers in order,
 * so that these have fixed ones: r0..r3 for inputs and r8..r11 for weights. With 4 sums and 2
 * pointers that is all 14; Clang keeps a frame pointer and loads two words of inputs at a time. */
#if !defined(__clang__)
#define HAS_14_REGISTERS 1
#define FETCH_INPUTS "ldmia.w %[x]!, {r0-r3}\n\t"
#define FETCH_MORE_INPUTS ""
#define X2 "r2"
#define X3 "r3"
#define INPUT_REGISTERS "r0", "r1", "r2", "r3"
#else
#define HAS_14_REGISTERS 0
#define FETCH_INPUTS "ldrd r0, r1, [%[x]], #8\n\t"
#define FETCH_MORE_INPUTS "ldrd r0, r1, [%[x]], #8\n\t"
#define X2 "r0"
#define X3 "r1"
#define INPUT_REGISTERS "r0", "r1"
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
#define SUMS(r, constraint)                                                                        \
    [s] constraint(r.s), [t] constraint(r.t), [u] constraint(r.u), [v] constraint(r.v)
#define CLOBBERS "cc", "memory", INPUT_REGISTERS, "r8", "r9", "r10", "r11"

#if HAS_14_REGISTERS

/* Bytes of the unrolled loop to jump over, so that whole turns of 64 inputs are left. */
static int32_t entry_of(int32_t input_depth)
{
    return (-((input_depth + INPUTS - 1) / INPUTS) & 7) * 27 * 4;
}

#define MULTIPLY(r, inputs, weights, end, entry)                                                   \
    __asm__ volatile(START "ldr r0, %[enter]\n\t"                                                  \
                           "add pc, r0\n\t"                                                        \
                           "nop\n"                                                                 \
                           "1:\n\t"                                                                \
                           ".rept 8\n\t" EIGHT_INPUTS ".endr\n\t"                                  \
                           "ldr r0, %[stop]\n\t"                                                   \
                           "cmp r0, %[x]\n\t"                                                      \
                           "bne 1b\n\t"                                                            \
                     : SUMS(r, "=&r"), [x] "+r"(inputs), [w] "+r"(weights)                         \
                     : [stop] "m"(end), [enter] "m"(entry)                                         \
                     : CLOBBERS)

#else

static int32_t entry_of(int32_t input_depth)
{
    (void)input_depth;
    return 0;
}

#define MULTIPLY(r, inputs, weights, end, entry)                                                   \
    do {                                                                                           \
        (void)(entry);                                                                             \
        __asm__ volatile(START : SUMS(r, "=&r"), [w] "+r"(weights) : : "memory");                  \
        while (inputs != end) {                                                                    \
            __asm__ volatile(EIGHT_INPUTS                                                          \
                             : SUMS(r, "+r"), [x] "+r"(inputs), [w] "+r"(weights)                  \
                             :                                                                     \
                             : CLOBBERS);                                                          \
        }                                                                                          \
    } while (0)

#endif

#else

static int32_t entry_of(int32_t input_depth)
{
    (void)input_depth;
    return 0;
}

static sums multiply(const uint32_t *x, const uint32_t *end, const int32_t **weights)
{
    const int32_t *w = *weights + CHANNELS;
    sums r = {(uint32_t)w[-4], (uint32_t)w[-3], (uint32_t)w[-2], (uint32_t)w[-1]};

    while (x != end) {
        const uint32_t inputs = *x++;
        const uint32_t w01 = (uint32_t)*w++;
        const uint32_t w23 = (uint32_t)*w++;

        r.s = (uint32_t)eg_smlad(w01, inputs, (int32_t)r.s);
        r.t = (uint32_t)eg_smlad(eg_sxtb16(w01), inputs, (int32_t)r.t);
        r.u = (uint32_t)eg_smlad(w23, inputs, (int32_t)r.u);
        r.v = (uint32_t)eg_smlad(eg_sxtb16(w23), inputs, (int32_t)r.v);
    }
    *weights = w;
    return r;
}

#define MULTIPLY(r, inputs, weights, end, entry)                                                   \
    do {                                                                                           \
        (void)(entry);                                                                             \
        (r) = multiply(inputs, end, &(weights));                                                   \
    } while (0)

#endif

/* Widens the inputs to halfwords, in the order 0, 2, 1, 3 of every four; what is missing to
 * multiples of INPUTS is 0. */
static void widen(const int8_t *input, int32_t depth, uint32_t *words)
{
    for (; depth > 0; depth -= INPUTS) {
        uint32_t low;
        uint32_t high;

        if (depth >= INPUTS) {
            low = eg_load_word(input);
            high = eg_load_word(input + INPUTS / 2);
        } else {
            int8_t rest[INPUTS] = {0};

            memcpy(rest, input, (size_t)depth);
            low = eg_load_word(rest);
            high = eg_load_word(rest + INPUTS / 2);
        }
        words[0] = eg_sxtb16(low);
        words[1] = eg_sxtb16_odd(low);
        words[2] = eg_sxtb16(high);
        words[3] = eg_sxtb16_odd(high);
        input += INPUTS;
        words += INPUTS / 2;
    }
}

/* 2 * A from 256 * A + B and B. */
static uint32_t doubled_upper(uint32_t both, uint32_t lower)
{
    return (uint32_t)((int32_t)(both - lower) >> 7);
}

static inline void finish(const eg_fully_connected_s8_dsp *layer, const sums *r, int8_t *output)
{
    const int32_t m = layer->multiplier;
    const int32_t c = layer->constant;
    const int32_t n = layer->shift;
    const int32_t doubled[CHANNELS] = {
        (int32_t)doubled_upper(r->s, r->t),
        (int32_t)(r->t << 1),
        (int32_t)doubled_upper(r->u, r->v),
        (int32_t)(r->v << 1),
    };

    output[0] = eg_requantize_doubled(doubled[0], m, c, n);
    output[1] = eg_requantize_doubled(doubled[1], m, c, n);
    output[2] = eg_requantize_doubled(doubled[2], m, c, n);
    output[3] = eg_requantize_doubled(doubled[3], m, c, n);
}

/* The channels up to the output `end`. Returns the stream of the next. */
static const int32_t *run(const eg_fully_connected_s8_dsp *layer, const uint32_t *words,
                          const uint32_t *words_end, const int32_t *stream, int8_t *output,
                          const int8_t *end)
{
    const int32_t entry = entry_of(layer->input_depth);

    for (; output != end; output += CHANNELS) {
        const uint32_t *x = words;
        sums r;

        MULTIPLY(r, x, stream, words_end, entry);
        finish(layer, &r, output);
    }
    return stream;
}

void eg_run_fully_connected_s8_dsp(const eg_fully_connected_s8_dsp *layer, const int8_t *input,
                                   int8_t *output, void *scratch)
{
    const int32_t depth = layer->input_depth;
    const int32_t ragged = layer->output_depth % CHANNELS;
    const int32_t whole = layer->output_depth - ragged;
    const uint32_t *end = (const uint32_t *)scratch + (depth + INPUTS - 1) / INPUTS * (INPUTS / 2);

    for (int32_t batch = 0; batch < layer->batches; ++batch) {
        const int32_t *stream;
        int8_t spare[CHANNELS];

        widen(input, depth, scratch);
        stream = run(layer, scratch, end, layer->stream, output, output + whole);
        if (ragged != 0) {
            run(layer, scratch, end, stream, spare, spare + CHANNELS);
            memcpy(output + whole, spare, (size_t)ragged);
        }
        input += depth;
        output += layer->output_depth;
    }
}
