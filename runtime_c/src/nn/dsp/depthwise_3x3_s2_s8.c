#include <string.h>

#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/depthwise_3x3.h"

/* The taps of one row of the filter: three pixels, one and a half words. */
static inline int32_t add_taps(const uint32_t weights[2], const uint32_t *in, int32_t words,
                               int32_t sum)
{
    return eg_smlabt(in[words], weights[1], eg_smlad(*in, weights[0], sum));
}

static int32_t line_words(const eg_depthwise_3x3_s8 *layer)
{
    return (2 * layer->along.outputs + 1) * EG_DEPTHWISE_LANES;
}

/* The outputs between two lines, of which the first starts at `in` with this channel's words and
 * the second `words` behind it. A row between two outputs is the last of one and the first of the
 * other. */
static void run_column(const eg_depthwise_3x3_s8 *layer, const eg_depthwise_channel *channel,
                       const uint32_t *in, int32_t words, int8_t *out)
{
    const eg_depthwise_channel own = *channel;
    const int32_t step = layer->along.output_step;
    int32_t sum = add_taps(own.weights0, in, words, own.bias);

    for (int32_t k = layer->along.outputs; k > 0; --k) {
        sum = add_taps(own.weights1, in + EG_DEPTHWISE_LANES, words, sum);
        in += 2 * EG_DEPTHWISE_LANES;

        const uint32_t a = in[0];
        const uint32_t b = in[words];

        sum = eg_smlabt(b, own.weights2[1], eg_smlad(a, own.weights2[0], sum));
        *out = (int8_t)eg_ssat8(eg_smmla(sum, own.multiplier, own.constant) >> EG_DEPTHWISE_SHIFT);
        out += step;
        sum = eg_smlabt(b, own.weights0[1], eg_smlad(a, own.weights0[0], own.bias));
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
        for (int32_t c = 0; c < EG_DEPTHWISE_LANES; ++c) {
            run_column(layer, channels + c, line + c, words, output + c);
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
