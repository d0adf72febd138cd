#include <string.h>

#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/fully_connected.h"
#include "edgegen/nn/dsp/requantize.h"

enum {
    CHANNELS = 4, /* at once */
    INPUTS = 8
};

/* The sums of four channels: s is 256 * A + B of channels 0 and 1, t their B alone; u and v
 * likewise of channels 2 and 3. */
typedef struct sums {
    uint32_t s, t, u, v;
} sums;

/* Two inputs of four channels. */
static inline const int32_t *add_two(sums *sum, uint32_t inputs, const int32_t *weights)
{
    const uint32_t w01 = (uint32_t)weights[0];
    const uint32_t w23 = (uint32_t)weights[1];

    sum->s = (uint32_t)eg_smlad(w01, inputs, (int32_t)sum->s);
    sum->u = (uint32_t)eg_smlad(w23, inputs, (int32_t)sum->u);
    sum->t = (uint32_t)eg_smlad(eg_sxtb16(w01), inputs, (int32_t)sum->t);
    sum->v = (uint32_t)eg_smlad(eg_sxtb16(w23), inputs, (int32_t)sum->v);
    return weights + 2;
}

static inline const int32_t *add_four(sums *sum, const int8_t *input, const int32_t *weights)
{
    const uint32_t bytes = eg_load_word(input);

    weights = add_two(sum, eg_sxtb16(bytes), weights);
    return add_two(sum, eg_sxtb16_odd(bytes), weights);
}

static inline int8_t requantize(const eg_fully_connected_s8_dsp *layer, int32_t doubled)
{
    return eg_requantize_doubled(doubled, layer->multiplier, layer->constant, layer->shift);
}

/* 2 * A from 256 * A + B and B. */
static inline int32_t doubled_upper(uint32_t both, uint32_t lower)
{
    return (int32_t)(both - lower) >> 7;
}

void eg_run_fully_connected_direct_s8_dsp(const eg_fully_connected_s8_dsp *layer,
                                          const int8_t *input, int8_t *output)
{
    for (int32_t batch = 0; batch < layer->batches; ++batch) {
        const int32_t *w = layer->stream;

        for (int32_t left = layer->output_depth; left > 0; left -= CHANNELS) {
            sums sum = {(uint32_t)w[0], (uint32_t)w[1], (uint32_t)w[2], (uint32_t)w[3]};
            const int8_t *const end = input + layer->input_depth;
            int8_t found[CHANNELS];

            w += CHANNELS;
            for (const int8_t *x = input; x != end; x += INPUTS) {
                w = add_four(&sum, x, w);
                w = add_four(&sum, x + INPUTS / 2, w);
            }
            found[0] = requantize(layer, doubled_upper(sum.s, sum.t));
            found[1] = requantize(layer, (int32_t)(sum.t << 1));
            found[2] = requantize(layer, doubled_upper(sum.u, sum.v));
            found[3] = requantize(layer, (int32_t)(sum.v << 1));
            memcpy(output, found, (size_t)(left < CHANNELS ? left : CHANNELS));
            output += left < CHANNELS ? left : CHANNELS;
        }
        input += layer->input_depth;
    }
}
