#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/depthwise_3x3.h"

/* What a strip of one channel needs. The order is that of the LDMs in STEP, whose base is
 * weights1. */
typedef struct strip {
    uint32_t weights2[2];
    int32_t multiplier;
    int32_t constant;
    int32_t next_line; /* bytes from the strip's first line to its second */
    uint32_t weights1[2];
    uint32_t weights0[2];
    int32_t bias;
    int32_t across; /* bytes from an output to its neighbour in the next line */
    int32_t along;  /* and in the same line */
} strip;

/* Two outputs side by side, p complete after the step, q after the next one: a line's entry is
 * the last of p's taps, the middle one of q's, and the first of those that p becomes. */

#if EG_HAS_DSP

/* 24 instructions with 13 registers, the most that a compiler with a frame pointer has. LDM loads
 * ascending registers, hence the fixed ones: w0..w3 and b, and above them p0 and q0. The neighbour
 * is stored first: behind the last column of an odd image `across` is 0. */
#define STEP(old0, old1, middle0, middle1)                                                         \
    __asm__ volatile("ldmdb %[s], {%[w0], %[w1], %[w2], %[w3], %[b]}\n\t"                          \
                     "ldr %[b], [%[in], %[b]]\n\t"                                                 \
                     "ldr %[a], [%[in]], #16\n\t"                                                  \
                     "smlad %[p0], %[a], %[w0], %[p0]\n\t"                                         \
                     "smlatb %[p1], %[a], %[w0], %[p1]\n\t"                                        \
                     "smlabt %[p0], %[b], %[w1], %[p0]\n\t"                                        \
                     "smlad %[p1], %[b], %[w1], %[p1]\n\t"                                         \
                     "smmla %[p0], %[p0], %[w2], %[w3]\n\t"                                        \
                     "smmla %[p1], %[p1], %[w2], %[w3]\n\t"                                        \
                     "ldrd %[w0], %[w1], [%[s], #20]\n\t"                                          \
                     "ssat %[p1], #8, %[p1], asr %[shift]\n\t"                                     \
                     "ssat %[p0], #8, %[p0], asr %[shift]\n\t"                                     \
                     "strb %[p1], [%[out], %[w0]]\n\t"                                             \
                     "strb %[p0], [%[out]]\n\t"                                                    \
                     "add %[out], %[out], %[w1]\n\t"                                               \
                     "ldm %[s], {%[w0], %[w1], %[w2], %[w3], %[p0]}\n\t"                           \
                     "smlad %[q0], %[a], %[w0], %[q0]\n\t"                                         \
                     "smlatb %[q1], %[a], %[w0], %[q1]\n\t"                                        \
                     "smlabt %[q0], %[b], %[w1], %[q0]\n\t"                                        \
                     "smlad %[q1], %[b], %[w1], %[q1]\n\t"                                         \
                     "smlatb %[p1], %[a], %[w2], %[p0]\n\t"                                        \
                     "smlad %[p0], %[a], %[w2], %[p0]\n\t"                                         \
                     "smlad %[p1], %[b], %[w3], %[p1]\n\t"                                         \
                     "smlabt %[p0], %[b], %[w3], %[p0]\n\t"                                        \
                     : [p0] "+r"(old0), [p1] "+r"(old1), [q0] "+r"(middle0), [q1] "+r"(middle1),   \
                       [in] "+r"(in), [out] "+r"(out), [a] "=&r"(a), [b] "=&r"(b), [w0] "=&r"(w0), \
                       [w1] "=&r"(w1), [w2] "=&r"(w2), [w3] "=&r"(w3)                              \
                     : [s] "r"(s->weights1), [shift] "i"(EG_DEPTHWISE_SHIFT)                       \
                     : "memory")

#define DECLARE_SUMS                                                                               \
    register uint32_t w0 __asm__("r0");                                                            \
    register uint32_t w1 __asm__("r1");                                                            \
    register uint32_t w2 __asm__("r2");                                                            \
    register uint32_t w3 __asm__("r3");                                                            \
    register uint32_t b __asm__("r4");                                                             \
    register int32_t p0 __asm__("r5");                                                             \
    register int32_t q0 __asm__("r6");                                                             \
    uint32_t a;                                                                                    \
    int32_t p1;                                                                                    \
    int32_t q1

#else

#define STEP(old0, old1, middle0, middle1)                                                         \
    step(s, &in, &out, &(old0), &(old1), &(middle0), &(middle1))

#define DECLARE_SUMS                                                                               \
    int32_t p0;                                                                                    \
    int32_t p1;                                                                                    \
    int32_t q0;                                                                                    \
    int32_t q1

#endif

/* The taps of one row of the filter, for both outputs. */
static inline int32_t first_taps(const uint32_t weights[2], uint32_t a, uint32_t b, int32_t sum)
{
    return eg_smlabt(b, weights[1], eg_smlad(a, weights[0], sum));
}

static inline int32_t second_taps(const uint32_t weights[2], uint32_t a, uint32_t b, int32_t sum)
{
    return eg_smlad(b, weights[1], eg_smlatb(a, weights[0], sum));
}

static inline int8_t finish(const strip *s, int32_t sum)
{
    return (int8_t)eg_ssat8(eg_smmla(sum, s->multiplier, s->constant) >> EG_DEPTHWISE_SHIFT);
}

static inline uint32_t second_line(const strip *s, const uint32_t *in)
{
    return eg_load_word((const char *)in + s->next_line);
}

#if !EG_HAS_DSP

static void step(const strip *s, const uint32_t **in, int8_t **out, int32_t *p0, int32_t *p1,
                 int32_t *q0, int32_t *q1)
{
    const uint32_t a = **in;
    const uint32_t b = second_line(s, *in);

    (*out)[s->across] = finish(s, second_taps(s->weights2, a, b, *p1));
    (*out)[0] = finish(s, first_taps(s->weights2, a, b, *p0));
    *in += EG_DEPTHWISE_LANES;
    *out += s->along;
    *q0 = first_taps(s->weights1, a, b, *q0);
    *q1 = second_taps(s->weights1, a, b, *q1);
    *p0 = first_taps(s->weights0, a, b, s->bias);
    *p1 = second_taps(s->weights0, a, b, s->bias);
}

#endif

/* All outputs between two lines, which start at `in` with this channel's words. */
static void run_strip(const strip *s, const uint32_t *in, int8_t *out, int32_t length)
{
    DECLARE_SUMS;
    const uint32_t first = *in;
    const uint32_t second = second_line(s, in);

    in += EG_DEPTHWISE_LANES;
    p1 = second_taps(s->weights1, first, second, s->bias);
    q1 = second_taps(s->weights0, first, second, s->bias);
    p0 = first_taps(s->weights1, first, second, s->bias);
    q0 = first_taps(s->weights0, first, second, s->bias);
    while ((length -= 2) > 0) {
        STEP(p0, p1, q0, q1);
        STEP(q0, q1, p0, p1);
    }
    if (length == 0) {
        STEP(p0, p1, q0, q1);
        p0 = q0;
        p1 = q1;
    }
    out[s->across] = finish(s, p1);
    *out = finish(s, p0);
}

static void prepare(const eg_depthwise_3x3_s8 *layer, const eg_depthwise_channel *channel, strip *s)
{
    for (int32_t k = 0; k < 2; ++k) {
        s->weights0[k] = channel->weights0[k];
        s->weights1[k] = channel->weights1[k];
        s->weights2[k] = channel->weights2[k];
    }
    s->multiplier = channel->multiplier;
    s->constant = channel->constant;
    s->bias = channel->bias;
    s->across = layer->across.output_step;
    s->along = layer->along.output_step;
}

static void run_channels(const eg_depthwise_3x3_s8 *layer, strip strips[EG_DEPTHWISE_LANES],
                         const int8_t *input, int8_t *output, uint32_t *line)
{
    const int32_t length = layer->along.size;
    int32_t words = length * EG_DEPTHWISE_LANES; /* from this line to the next one */

    eg_gather_line(layer, input, 0, 0, length, line);
    for (int32_t column = 0; column < layer->across.size; column += 2) {
        eg_gather_line(layer, input, column / 2 + 1, 0, length, line + words);
        for (int32_t c = 0; c < EG_DEPTHWISE_LANES; ++c) {
            strips[c].next_line = words * (int32_t)sizeof *line;
            if (column + 1 == layer->across.size) {
                strips[c].across = 0;
            }
            run_strip(&strips[c], line + c, output + c, length);
        }
        output += 2 * layer->across.output_step;
        line += words;
        words = -words;
    }
}

void eg_run_depthwise_3x3_s1_s8(const eg_depthwise_3x3_s8 *layer, const int8_t *input,
                                int8_t *output, void *scratch)
{
    const eg_depthwise_channel *channel = (const eg_depthwise_channel *)layer->stream;

    for (int32_t done = 0; done < layer->channels; done += EG_DEPTHWISE_LANES) {
        const int32_t last = layer->channels - EG_DEPTHWISE_LANES;
        const int32_t first = done < last ? done : last;
        strip strips[EG_DEPTHWISE_LANES];

        for (int32_t c = 0; c < EG_DEPTHWISE_LANES; ++c) {
            prepare(layer, channel++, &strips[c]);
        }
        run_channels(layer, strips, input + first, output + first, scratch);
    }
}
