#include "edgegen/nn/dsp/dot_s16.h"

#include <string.h>

#include "edgegen/isa_dsp.h"

enum { CHANNELS = 4 };

typedef struct sums {
    int32_t channel[CHANNELS];
} sums;

#if EG_HAS_DSP

/* Two words of weights: channels `a` and `b`, each times four inputs. */
#define TWO_CHANNELS(a, b)                                                                         \
    "ldrd %[w0], %[w1], [%[w]], #8\n\t"                                                            \
    "sxtb16 %[t], %[w0]\n\t"                                                                       \
    "sxtb16 %[w0], %[w0], ror #8\n\t"                                                              \
    "smlad " a ", %[t], %[x0], " a "\n\t"                                                          \
    "smlad " a ", %[w0], %[x1], " a "\n\t"                                                         \
    "sxtb16 %[t], %[w1]\n\t"                                                                       \
    "sxtb16 %[w1], %[w1], ror #8\n\t"                                                              \
    "smlad " b ", %[t], %[x0], " b "\n\t"                                                          \
    "smlad " b ", %[w1], %[x1], " b "\n\t"
#define FOUR_INPUTS                                                                                \
    "ldrd %[x0], %[x1], [%[x]], #8\n\t" TWO_CHANNELS("%[s0]", "%[s1]")                             \
        TWO_CHANNELS("%[s2]", "%[s3]")

/* 64 products in 40 instructions and 12 registers: 4 sums, 2 inputs, 2 words of weights, 1 half of
 * them widened, 2 pointers and where the inputs end. */
static inline const int32_t *add_block(const int16_t *x, const int16_t *end, const int32_t *w,
                                       sums *found)
{
    int32_t s0 = w[0];
    int32_t s1 = w[1];
    int32_t s2 = w[2];
    int32_t s3 = w[3];
    uint32_t x0, x1, w0, w1, t;

    w += CHANNELS;
    __asm__ volatile("1:\n\t" FOUR_INPUTS FOUR_INPUTS "cmp %[x], %[end]\n\t"
                     "bne 1b"
                     : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [x] "+r"(x),
                       [w] "+r"(w), [x0] "=&r"(x0), [x1] "=&r"(x1), [w0] "=&r"(w0),
                       [w1] "=&r"(w1), [t] "=&r"(t)
                     : [end] "r"(end)
                     : "cc", "memory");
    *found = (sums){{s0, s1, s2, s3}};
    return w;
}

#else

static const int32_t *add_block(const int16_t *x, const int16_t *end, const int32_t *w, sums *found)
{
    for (int32_t c = 0; c < CHANNELS; ++c) {
        found->channel[c] = *w++;
    }
    for (; x != end; x += 4) {
        const uint32_t x0 = eg_load_word(x);
        const uint32_t x1 = eg_load_word(x + 2);

        for (int32_t c = 0; c < CHANNELS; ++c) {
            const uint32_t bytes = (uint32_t)*w++;
            const int32_t first = eg_smlad(eg_sxtb16(bytes), x0, found->channel[c]);

            found->channel[c] = eg_smlad(eg_sxtb16_odd(bytes), x1, first);
        }
    }
    return w;
}

#endif

static void write_block(const sums *found, const int32_t *multipliers, eg_range_s16 range,
                        int16_t *output)
{
    output[0] = eg_output_of_s16(found->channel[0], multipliers[0], range);
    output[1] = eg_output_of_s16(found->channel[1], multipliers[1], range);
    output[2] = eg_output_of_s16(found->channel[2], multipliers[2], range);
    output[3] = eg_output_of_s16(found->channel[3], multipliers[3], range);
}

void eg_run_dot_s16_dsp(const eg_dot_s16_dsp *layer, const int16_t *input, int16_t *output)
{
    const int16_t *const end = input + layer->inputs;
    const int32_t *w = layer->stream;
    int32_t left = layer->channels;
    sums found;

    for (; left >= CHANNELS; left -= CHANNELS) {
        w = add_block(input, end, w, &found);
        write_block(&found, w, layer->range, output);
        w += CHANNELS;
        output += CHANNELS;
    }
    if (left > 0) {
        int16_t spare[CHANNELS];

        w = add_block(input, end, w, &found);
        write_block(&found, w, layer->range, spare);
        memcpy(output, spare, (size_t)left * sizeof *output);
    }
}
