/* The asm below takes 13 registers, also where a frame pointer is asked for; Clang has fewer. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("omit-frame-pointer")
#endif

#include <string.h>

#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/depthwise_3x3.h"

/* An output of one channel takes three entries of two lines, of which the last is the first of the
 * next output:
 *
 *   START  the first entry of the first output
 *   STEP   its other two; stores it and starts the next one
 *
 * START_PAIR and STEP_PAIR do so for it and its neighbour across the lines, which takes a third
 * one: less is loaded for each.
 */
#if EG_HAS_DSP && defined(__OPTIMIZE__)

/* LDM loads ascending registers, hence the fixed ones. Between the blocks w0 and w1 hold the
 * middle row of weights. A function of its own has the registers for them whatever surrounds it;
 * without optimisation there are too few. */
#define APART __attribute__((noinline))
#define REGISTERS                                                                                  \
    register uint32_t w0 __asm__("r0");                                                            \
    register uint32_t w1 __asm__("r1");                                                            \
    register uint32_t w2 __asm__("r2");                                                            \
    register uint32_t w3 __asm__("r3");                                                            \
    register int32_t sum __asm__("r4");                                                            \
    uint32_t a;                                                                                    \
    uint32_t b

#define FETCH_ENTRY                                                                                \
    "ldr %[b], [%[in], %[next]]\n\t"                                                               \
    "ldr %[a], [%[in]], #16\n\t"

#define FIRST_TAPS                                                                                 \
    "ldm %[s], {%[w0], %[w1], %[w2], %[w3], %[sum]}\n\t"                                           \
    "smlad %[sum], %[a], %[w2], %[sum]\n\t"                                                        \
    "smlabt %[sum], %[b], %[w3], %[sum]\n\t"

#define OTHER_TAPS                                                                                 \
    "smlad %[sum], %[a], %[w0], %[sum]\n\t"                                                        \
    "smlabt %[sum], %[b], %[w1], %[sum]\n\t"

#define START                                                                                      \
    __asm__ volatile(FETCH_ENTRY FIRST_TAPS                                                        \
                     : [sum] "=&r"(sum), [in] "+r"(in), [a] "=&r"(a), [b] "=&r"(b),                \
                       [w0] "=&r"(w0), [w1] "=&r"(w1), [w2] "=&r"(w2), [w3] "=&r"(w3)              \
                     : [s] "r"(channel->weights1), [next] "r"(next)                                \
                     : "memory")
#define STEP                                                                                       \
    __asm__ volatile(FETCH_ENTRY OTHER_TAPS FETCH_ENTRY                                            \
                     "ldmdb %[s], {%[w0], %[w1], %[w2], %[w3]}\n\t" OTHER_TAPS                     \
                     "smmla %[sum], %[sum], %[w2], %[w3]\n\t"                                      \
                     "ssat %[sum], #8, %[sum], asr %[shift]\n\t"                                   \
                     "strb %[sum], [%[out]]\n\t" FIRST_TAPS                                        \
                     : [sum] "+r"(sum), [in] "+r"(in), [a] "=&r"(a), [b] "=&r"(b), [w0] "+r"(w0),  \
                       [w1] "+r"(w1), [w2] "=&r"(w2), [w3] "=&r"(w3)                               \
                     : [s] "r"(channel->weights1), [next] "r"(next), [out] "r"(out),               \
                       [shift] "i"(EG_DEPTHWISE_SHIFT)                                             \
                     : "memory")

#define PAIR_REGISTERS                                                                             \
    REGISTERS;                                                                                     \
    int32_t other;                                                                                 \
    uint32_t c

#define FETCH_PAIR                                                                                 \
    "ldr %[b], [%[in], %[next]]\n\t"                                                               \
    "ldr %[c], [%[in], %[next], lsl #1]\n\t"                                                       \
    "ldr %[a], [%[in]], #16\n\t"

#define FIRST_TAPS_OF_PAIR                                                                         \
    "ldm %[s], {%[w0], %[w1], %[w2], %[w3], %[sum]}\n\t"                                           \
    "smlad %[other], %[b], %[w2], %[sum]\n\t"                                                      \
    "smlad %[sum], %[a], %[w2], %[sum]\n\t"                                                        \
    "smlabt %[other], %[c], %[w3], %[other]\n\t"                                                   \
    "smlabt %[sum], %[b], %[w3], %[sum]\n\t"

#define OTHER_TAPS_OF_PAIR                                                                         \
    OTHER_TAPS                                                                                     \
    "smlad %[other], %[b], %[w0], %[other]\n\t"                                                    \
    "smlabt %[other], %[c], %[w1], %[other]\n\t"

#define START_PAIR                                                                                 \
    __asm__ volatile(FETCH_PAIR FIRST_TAPS_OF_PAIR                                                 \
                     : [sum] "=&r"(sum), [other] "=&r"(other), [in] "+r"(in), [a] "=&r"(a),        \
                       [b] "=&r"(b), [c] "=&r"(c), [w0] "=&r"(w0), [w1] "=&r"(w1),                 \
                       [w2] "=&r"(w2), [w3] "=&r"(w3)                                              \
                     : [s] "r"(channel->weights1), [next] "r"(next)                                \
                     : "memory")
#define STEP_PAIR                                                                                  \
    __asm__ volatile(FETCH_PAIR OTHER_TAPS_OF_PAIR FETCH_PAIR                                      \
                     "ldmdb %[s], {%[w0], %[w1], %[w2], %[w3]}\n\t" OTHER_TAPS_OF_PAIR             \
                     "smmla %[sum], %[sum], %[w2], %[w3]\n\t"                                      \
                     "smmla %[other], %[other], %[w2], %[w3]\n\t"                                  \
                     "ldr %[w2], %[across]\n\t"                                                    \
                     "ssat %[sum], #8, %[sum], asr %[shift]\n\t"                                   \
                     "ssat %[other], #8, %[other], asr %[shift]\n\t"                               \
                     "strb %[other], [%[out], %[w2]]\n\t"                                          \
                     "strb %[sum], [%[out]]\n\t" FIRST_TAPS_OF_PAIR                                \
                     : [sum] "+r"(sum), [other] "+r"(other), [in] "+r"(in), [a] "=&r"(a),          \
                       [b] "=&r"(b), [c] "=&r"(c), [w0] "+r"(w0), [w1] "+r"(w1),                   \
                       [w2] "=&r"(w2), [w3] "=&r"(w3)                                              \
                     : [s] "r"(channel->weights1), [next] "r"(next), [out] "r"(out),               \
                       [across] "m"(across), [shift] "i"(EG_DEPTHWISE_SHIFT)                       \
                     : "memory")

#else

static int32_t add_taps(const uint32_t weights[2], const uint32_t *in, int32_t next, int32_t sum)
{
    const uint32_t second = *(in + next / (int32_t)sizeof *in);

    return eg_smlabt(second, weights[1], eg_smlad(*in, weights[0], sum));
}

static void put(const eg_depthwise_channel *channel, int32_t sum, int8_t *out)
{
    const int32_t y = eg_smmla(sum, channel->multiplier, channel->constant);

    *out = (int8_t)eg_ssat8(y >> EG_DEPTHWISE_SHIFT);
}

#define APART
#define REGISTERS int32_t sum
#define START                                                                                      \
    do {                                                                                           \
        sum = add_taps(channel->weights0, in, next, channel->bias);                                \
        in += EG_DEPTHWISE_LANES;                                                                  \
    } while (0)
#define STEP                                                                                       \
    do {                                                                                           \
        sum = add_taps(channel->weights1, in, next, sum);                                          \
        in += EG_DEPTHWISE_LANES;                                                                  \
        sum = add_taps(channel->weights2, in, next, sum);                                          \
        put(channel, sum, out);                                                                    \
        START;                                                                                     \
    } while (0)

#define PAIR_REGISTERS                                                                             \
    REGISTERS;                                                                                     \
    int32_t other;                                                                                 \
    const int32_t words = next / (int32_t)sizeof *in
#define START_PAIR                                                                                 \
    do {                                                                                           \
        other = add_taps(channel->weights0, in + words, next, channel->bias);                      \
        START;                                                                                     \
    } while (0)
#define STEP_PAIR                                                                                  \
    do {                                                                                           \
        other = add_taps(channel->weights1, in + words, next, other);                              \
        other = add_taps(channel->weights2, in + words + EG_DEPTHWISE_LANES, next, other);         \
        put(channel, other, out + across);                                                         \
        other = add_taps(channel->weights0, in + words + EG_DEPTHWISE_LANES, next, channel->bias); \
        STEP;                                                                                      \
    } while (0)

#endif

static int32_t line_words(const eg_depthwise_3x3_s8 *layer)
{
    return (2 * layer->along.outputs + 1) * EG_DEPTHWISE_LANES;
}

/* The outputs between two lines, of which the first starts at `in` with this channel's words and
 * the second `next` bytes behind it. */
APART static void run_column(const eg_depthwise_3x3_s8 *layer, const eg_depthwise_channel *channel,
                             const uint32_t *in, int32_t next, int8_t *out)
{
    const int32_t along = layer->along.output_step;
    REGISTERS;

    START;
    for (int32_t k = layer->along.outputs; k > 0; --k) {
        STEP;
        out += along;
    }
}

/* And those between it and a third one. */
#if EG_HAS_DSP && defined(__OPTIMIZE__) && defined(__clang__)

static void run_columns(const eg_depthwise_3x3_s8 *layer, const eg_depthwise_channel *channel,
                        const uint32_t *in, int32_t next, int8_t *out)
{
    run_column(layer, channel, in, next, out);
    run_column(layer, channel, in + next / (int32_t)sizeof *in, next,
               out + layer->across.output_step);
}

#else

APART static void run_columns(const eg_depthwise_3x3_s8 *layer, const eg_depthwise_channel *channel,
                              const uint32_t *in, int32_t next, int8_t *out)
{
    const int32_t along = layer->along.output_step;
    const int32_t across = layer->across.output_step;
    PAIR_REGISTERS;

    START_PAIR;
    for (int32_t k = layer->along.outputs; k > 0; --k) {
        STEP_PAIR;
        out += along;
    }
}

#endif

static void run_channels(const eg_depthwise_3x3_s8 *layer, const eg_depthwise_channel *channels,
                         const int8_t *input, int8_t *output, uint32_t *line)
{
    const int32_t lead = layer->along.pad * EG_DEPTHWISE_LANES;
    const int32_t columns = layer->across.outputs;
    int32_t words = line_words(layer); /* from this line to the next one */

    eg_gather_line(layer, input, 0, line + lead);
    for (int32_t column = 0; column < columns;) {
        const int32_t next = words * (int32_t)sizeof *line;
        const int32_t count = layer->lines > 2 && column + 1 < columns ? 2 : 1;

        for (int32_t k = 1; k <= count; ++k) {
            eg_gather_line(layer, input, column + k, line + lead + k * words);
        }
        for (int32_t c = 0; c < EG_DEPTHWISE_LANES; ++c) {
            if (count == 2) {
                run_columns(layer, channels + c, line + c, next, output + c);
            } else {
                run_column(layer, channels + c, line + c, next, output + c);
            }
        }
        column += count;
        output += count * layer->across.output_step;
        line += count * words;
        words = -words;
    }
}

void eg_run_depthwise_3x3_s2_s8(const eg_depthwise_3x3_s8 *layer, const int8_t *input,
                                int8_t *output, void *scratch)
{
    const eg_depthwise_channel *channels = (const eg_depthwise_channel *)layer->stream;

    /* The padding at the ends of all lines stays 0. */
    memset(scratch, 0, (size_t)(layer->lines * line_words(layer)) * sizeof(uint32_t));
    for (int32_t done = 0; done < layer->channels; done += EG_DEPTHWISE_LANES) {
        const int32_t last = layer->channels - EG_DEPTHWISE_LANES;
        const int32_t first = done < last ? done : last;

        run_channels(layer, channels, input + first, output + first, scratch);
        channels += EG_DEPTHWISE_LANES;
    }
}
