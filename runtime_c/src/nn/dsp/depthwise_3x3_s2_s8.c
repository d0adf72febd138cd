#include <string.h>

#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/depthwise_3x3.h"

/* An output of one channel takes three entries of two lines, of which the last is the first of the
 * next output:
 *
 *   START  the first entry of the first output
 *   STEP   its other two; stores it and starts the next one
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

#else

static int32_t add_taps(const uint32_t weights[2], const uint32_t *in, int32_t next, int32_t sum)
{
    const uint32_t second = *(in + next / (int32_t)sizeof *in);

    return eg_smlabt(second, weights[1], eg_smlad(*in, weights[0], sum));
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
        sum = eg_smmla(sum, channel->multiplier, channel->constant);                               \
        *out = (int8_t)eg_ssat8(sum >> EG_DEPTHWISE_SHIFT);                                        \
        START;                                                                                     \
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

static void run_channels(const eg_depthwise_3x3_s8 *layer, const eg_depthwise_channel *channels,
                         const int8_t *input, int8_t *output, uint32_t *line)
{
    const int32_t lead = layer->along.pad * EG_DEPTHWISE_LANES;
    int32_t words = line_words(layer); /* from this line to the next one */

    eg_gather_line(layer, input, 0, line + lead);
    for (int32_t column = 0; column < layer->across.outputs; ++column) {
        eg_gather_line(layer, input, column + 1, line + lead + words);

        const int32_t next = words * (int32_t)sizeof *line;

        for (int32_t c = 0; c < EG_DEPTHWISE_LANES; ++c) {
            run_column(layer, channels + c, line + c, next, output + c);
        }
        output += layer->across.output_step;
        line += words;
        words = -words;
    }
}

void eg_run_depthwise_3x3_s2_s8(const eg_depthwise_3x3_s8 *layer, const int8_t *input,
                                int8_t *output, void *scratch)
{
    const eg_depthwise_channel *channels = (const eg_depthwise_channel *)layer->stream;

    /* The padding at the ends of both lines stays 0. */
    memset(scratch, 0, 2 * (size_t)line_words(layer) * sizeof(uint32_t));
    for (int32_t done = 0; done < layer->channels; done += EG_DEPTHWISE_LANES) {
        const int32_t last = layer->channels - EG_DEPTHWISE_LANES;
        const int32_t first = done < last ? done : last;

        run_channels(layer, channels, input + first, output + first, scratch);
        channels += EG_DEPTHWISE_LANES;
    }
}
