/* The asm below takes every register there is, also where a frame pointer is asked for. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("omit-frame-pointer")
#endif

#include <string.h>

#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/depthwise_3x3.h"

/* What a strip of one channel needs. The order is that of the LDMs below, whose base is
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

/* A strip is all outputs that two lines are enough for: pairs of neighbours, one pair after the
 * other. An entry of both lines is the last row of taps of the `old` pair, the middle one of the
 * next pair and the first of the pair after that, which takes the old one's registers.
 *
 *   START   both pairs from the first entry, the one below it all zeros
 *   STEP    an entry: completes and stores the old pair
 *   FINISH  stores it, the entry above it all zeros
 */
#if EG_HAS_DSP && defined(__OPTIMIZE__)

/* STEP is 24 instructions with 13 registers. LDM loads ascending ones, hence the fixed ones: w0..w3
 * and b, and above them p0 and q0. A function of its own has them to itself whatever surrounds it;
 * without optimisation there are too few. */
#define APART __attribute__((noinline))
#define SUMS                                                                                       \
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

#define FETCH_LAST "ldmdb %[s], {%[w0], %[w1], %[w2], %[w3], %[b]}\n\t"

#define FETCH_ENTRY                                                                                \
    "ldr %[b], [%[in], %[b]]\n\t"                                                                  \
    "ldr %[a], [%[in]], #16\n\t"

#define LAST_TAPS                                                                                  \
    "smlad %[o0], %[a], %[w0], %[o0]\n\t"                                                          \
    "smlatb %[o1], %[a], %[w0], %[o1]\n\t"                                                         \
    "smlabt %[o0], %[b], %[w1], %[o0]\n\t"                                                         \
    "smlad %[o1], %[b], %[w1], %[o1]\n\t"

#define STORE                                                                                      \
    "smmla %[o0], %[o0], %[w2], %[w3]\n\t"                                                         \
    "smmla %[o1], %[o1], %[w2], %[w3]\n\t"                                                         \
    "ldrd %[w0], %[w1], [%[s], #20]\n\t"                                                           \
    "ssat %[o0], #8, %[o0], asr %[shift]\n\t"                                                      \
    "ssat %[o1], #8, %[o1], asr %[shift]\n\t"                                                      \
    "strb %[o1], [%[out], %[w0]]\n\t"                                                              \
    "strb %[o0], [%[out]]\n\t"

#define MIDDLE_AND_FIRST_TAPS                                                                      \
    "ldm %[s], {%[w0], %[w1], %[w2], %[w3], %[o0]}\n\t"                                            \
    "smlad %[m0], %[a], %[w0], %[m0]\n\t"                                                          \
    "smlatb %[m1], %[a], %[w0], %[m1]\n\t"                                                         \
    "smlabt %[m0], %[b], %[w1], %[m0]\n\t"                                                         \
    "smlad %[m1], %[b], %[w1], %[m1]\n\t"                                                          \
    "smlatb %[o1], %[a], %[w2], %[o0]\n\t"                                                         \
    "smlad %[o0], %[a], %[w2], %[o0]\n\t"                                                          \
    "smlad %[o1], %[b], %[w3], %[o1]\n\t"                                                          \
    "smlabt %[o0], %[b], %[w3], %[o0]\n\t"

#define RUN(text, old0, old1, middle0, middle1)                                                    \
    __asm__ volatile(text                                                                          \
                     : [o0] "+r"(old0), [o1] "+r"(old1), [m0] "+r"(middle0), [m1] "+r"(middle1),   \
                       [in] "+r"(in), [out] "+r"(out), [a] "=&r"(a), [b] "=&r"(b), [w0] "=&r"(w0), \
                       [w1] "=&r"(w1), [w2] "=&r"(w2), [w3] "=&r"(w3)                              \
                     : [s] "r"(s->weights1), [shift] "i"(EG_DEPTHWISE_SHIFT)                       \
                     : "memory")

#define START(first0, first1, second0, second1)                                                    \
    do {                                                                                           \
        (first0) = (first1) = s->bias;                                                             \
        __asm__ volatile("ldr %[b], [%[s], #-4]\n\t" FETCH_ENTRY MIDDLE_AND_FIRST_TAPS             \
                         : [m0] "+r"(first0), [m1] "+r"(first1), [o0] "=&r"(second0),              \
                           [o1] "=&r"(second1), [in] "+r"(in), [a] "=&r"(a), [b] "=&r"(b),         \
                           [w0] "=&r"(w0), [w1] "=&r"(w1), [w2] "=&r"(w2), [w3] "=&r"(w3)          \
                         : [s] "r"(s->weights1)                                                    \
                         : "memory");                                                              \
    } while (0)
#define STEP(old0, old1, middle0, middle1)                                                         \
    RUN(FETCH_LAST FETCH_ENTRY LAST_TAPS STORE                                                     \
        "add %[out], %[out], %[w1]\n\t" MIDDLE_AND_FIRST_TAPS,                                     \
        old0, old1, middle0, middle1)
#define FINISH(old0, old1, middle0, middle1) RUN(FETCH_LAST STORE, old0, old1, middle0, middle1)

/* 8 instructions with 13 registers: all that a column needs is in them. */
#define EDGE_REGISTERS                                                                             \
    const uint32_t weights0 = s->weights0[side];                                                   \
    const uint32_t weights1 = s->weights1[side];                                                   \
    const uint32_t weights2 = s->weights2[side];                                                   \
    const int32_t multiplier = s->multiplier;                                                      \
    const int32_t constant = s->constant;                                                          \
    const int32_t bias = s->bias;                                                                  \
    const int32_t along = s->along;                                                                \
    uint32_t a
#define EDGE_STORE                                                                                 \
    "smmla %[old], %[old], %[multiplier], %[constant]\n\t"                                         \
    "ssat %[old], #8, %[old], asr %[shift]\n\t"                                                   \
    "strb %[old], [%[out]]\n\t"
#define EDGE_STEP(older, newer)                                                                    \
    __asm__ volatile("ldr %[a], [%[in]], #16\n\t"                                                  \
                     "smlad %[old], %[a], %[w2], %[old]\n\t" EDGE_STORE                            \
                     "add %[out], %[out], %[along]\n\t"                                            \
                     "smlad %[new], %[a], %[w1], %[new]\n\t"                                       \
                     "smlad %[old], %[a], %[w0], %[bias]\n\t"                                      \
                     : [old] "+r"(older), [new] "+r"(newer), [in] "+r"(in), [out] "+r"(out),       \
                       [a] "=&r"(a)                                                                \
                     : [w0] "r"(weights0), [w1] "r"(weights1), [w2] "r"(weights2),                 \
                       [multiplier] "r"(multiplier), [constant] "r"(constant), [bias] "r"(bias),   \
                       [along] "r"(along), [shift] "i"(EG_DEPTHWISE_SHIFT)                         \
                     : "memory")

#else

#define APART
#define SUMS                                                                                       \
    int32_t p0;                                                                                    \
    int32_t p1;                                                                                    \
    int32_t q0;                                                                                    \
    int32_t q1

static int32_t first_sum(const uint32_t weights[2], uint32_t a, uint32_t b, int32_t sum)
{
    return eg_smlabt(b, weights[1], eg_smlad(a, weights[0], sum));
}

static int32_t second_sum(const uint32_t weights[2], uint32_t a, uint32_t b, int32_t sum)
{
    return eg_smlad(b, weights[1], eg_smlatb(a, weights[0], sum));
}

static void put(const strip *s, int32_t sum, int8_t *out)
{
    const int32_t y = eg_smmla(sum, s->multiplier, s->constant);

    *out = (int8_t)eg_ssat8(y >> EG_DEPTHWISE_SHIFT);
}

static void store(const strip *s, int32_t sum0, int32_t sum1, int8_t *out)
{
    put(s, sum1, out + s->across);
    put(s, sum0, out);
}

#define START(first0, first1, second0, second1)                                                    \
    do {                                                                                           \
        const uint32_t a = *in;                                                                    \
        const uint32_t b = *(in + s->next_line / (int32_t)sizeof *in);                             \
                                                                                                   \
        in += EG_DEPTHWISE_LANES;                                                                  \
        (first0) = first_sum(s->weights1, a, b, s->bias);                                          \
        (first1) = second_sum(s->weights1, a, b, s->bias);                                         \
        (second0) = first_sum(s->weights0, a, b, s->bias);                                         \
        (second1) = second_sum(s->weights0, a, b, s->bias);                                        \
    } while (0)
#define STEP(old0, old1, middle0, middle1)                                                         \
    do {                                                                                           \
        const uint32_t a = *in;                                                                    \
        const uint32_t b = *(in + s->next_line / (int32_t)sizeof *in);                             \
                                                                                                   \
        in += EG_DEPTHWISE_LANES;                                                                  \
        store(s, first_sum(s->weights2, a, b, old0), second_sum(s->weights2, a, b, old1), out);    \
        out += s->along;                                                                           \
        (middle0) = first_sum(s->weights1, a, b, middle0);                                         \
        (middle1) = second_sum(s->weights1, a, b, middle1);                                        \
        (old0) = first_sum(s->weights0, a, b, s->bias);                                            \
        (old1) = second_sum(s->weights0, a, b, s->bias);                                           \
    } while (0)
#define FINISH(old0, old1, middle0, middle1) store(s, old0, old1, out)

#define EDGE_REGISTERS uint32_t a
#define EDGE_STEP(older, newer)                                                                    \
    do {                                                                                           \
        a = *in;                                                                                   \
        in += EG_DEPTHWISE_LANES;                                                                  \
        put(s, eg_smlad(a, s->weights2[side], older), out);                                        \
        out += s->along;                                                                           \
        (newer) = eg_smlad(a, s->weights1[side], newer);                                           \
        (older) = eg_smlad(a, s->weights0[side], s->bias);                                         \
    } while (0)

#endif

/* The lines start at `in` with this channel's words. */
static void run_strip(const strip *s, const uint32_t *in, int8_t *out, int32_t length)
{
    SUMS;

    START(p0, p1, q0, q1);
    for (int32_t twice = (length - 1) / 2; twice > 0; --twice) {
        STEP(p0, p1, q0, q1);
        STEP(q0, q1, p0, p1);
    }
    if (length % 2 == 0) {
        STEP(p0, p1, q0, q1);
        FINISH(q0, q1, p0, p1);
    } else {
        FINISH(p0, p1, q0, q1);
    }
}

/* `count` strips next to each other, all along the lines from `in` on. */
APART static void run_strips(const strip *s, int32_t count, const uint32_t *in, int8_t *out,
                             int32_t length)
{
    for (; count > 0; --count) {
        run_strip(s, in, out, length);
        in += length * EG_DEPTHWISE_LANES;
        out += 2 * s->across;
    }
}

/* The first column of an image (side 1) or the last (side 0), beyond which all is 0: one line and
 * two columns of taps. */
APART static void run_edge(const strip *s, int32_t side, const uint32_t *in, int8_t *out,
                           int32_t length)
{
    int32_t p;
    int32_t q;
    EDGE_REGISTERS;

    a = *in;
    in += EG_DEPTHWISE_LANES;
    p = eg_smlad(a, s->weights1[side], s->bias);
    q = eg_smlad(a, s->weights0[side], s->bias);
    for (int32_t twice = (length - 1) / 2; twice > 0; --twice) {
        EDGE_STEP(p, q);
        EDGE_STEP(q, p);
    }
    if (length % 2 == 0) {
        EDGE_STEP(p, q);
        p = q;
    }
    p = eg_smmla(p, s->multiplier, s->constant);
    *out = (int8_t)eg_ssat8(p >> EG_DEPTHWISE_SHIFT);
}

static void run_edges(const strip *strips, int32_t side, const uint32_t *line, int8_t *output,
                      int32_t length)
{
    for (int32_t c = 0; c < EG_DEPTHWISE_LANES; ++c) {
        run_edge(strips + c, side, line + c, output + c, length);
    }
}

static void prepare(const eg_depthwise_3x3_s8 *layer, const eg_depthwise_channel *channel, strip *s)
{
    memcpy(s->weights2, channel->weights2, sizeof s->weights2);
    s->multiplier = channel->multiplier;
    s->constant = channel->constant;
    s->next_line = layer->along.size * EG_DEPTHWISE_LANES * (int32_t)sizeof(uint32_t);
    memcpy(s->weights1, channel->weights1, sizeof s->weights1);
    memcpy(s->weights0, channel->weights0, sizeof s->weights0);
    s->bias = channel->bias;
    s->across = layer->across.output_step;
    s->along = layer->along.output_step;
}

/* Lines end where the image does; where they begin there as well the first column is an edge. The
 * last line of a group of strips is the first of the next one. */
static void run_channels(const eg_depthwise_3x3_s8 *layer, const eg_depthwise_channel *channels,
                         const int8_t *input, int8_t *output, uint32_t *lines)
{
    const int32_t length = layer->along.size;
    const int32_t words = length * EG_DEPTHWISE_LANES;
    const int32_t all = (layer->across.size - 1) / 2;
    strip strips[EG_DEPTHWISE_LANES];
    uint32_t *line = lines;
    int32_t number = 0;

    for (int32_t c = 0; c < EG_DEPTHWISE_LANES; ++c) {
        prepare(layer, channels + c, strips + c);
    }
    eg_gather_line(layer, input, 0, lines);
    if (layer->across.pad == 0) {
        run_edges(strips, 1, lines, output, length);
        output += layer->across.output_step;
    }
    while (number < all) {
        int32_t count = 0;

        if (line != lines) {
            memcpy(lines, line, (size_t)words * sizeof *lines);
            line = lines;
        }
        while (count < layer->lines - 1 && number < all) {
            line += words;
            ++count;
            eg_gather_line(layer, input, ++number, line);
        }
        for (int32_t c = 0; c < EG_DEPTHWISE_LANES; ++c) {
            run_strips(strips + c, count, lines + c, output + c, length);
        }
        output += 2 * count * layer->across.output_step;
    }
    run_edges(strips, 0, line, output, length);
}

void eg_run_depthwise_3x3_s1_s8(const eg_depthwise_3x3_s8 *layer, const int8_t *input,
                                int8_t *output, void *scratch)
{
    const eg_depthwise_channel *channels = (const eg_depthwise_channel *)layer->stream;

    for (int32_t done = 0; done < layer->channels; done += EG_DEPTHWISE_LANES) {
        const int32_t last = layer->channels - EG_DEPTHWISE_LANES;
        const int32_t first = done < last ? done : last;

        run_channels(layer, channels, input + first, output + first, scratch);
        channels += EG_DEPTHWISE_LANES;
    }
}
