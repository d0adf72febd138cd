#include "edgegen/fixed_point.h"
#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/average_pool.h"

enum { LANES = 4 };

static int8_t mean(const eg_average_pool_dsp_s8 *layer, uint32_t halfword)
{
    const int32_t sum = (int16_t)(halfword & 0xFFFFU);
    const int32_t half = layer->pixels / 2;
    const int32_t rounded = (sum > 0 ? sum + half : sum - half) / layer->pixels;

    return (int8_t)eg_clamp_i32(rounded, layer->activation_min, layer->activation_max);
}

/* Four channels at once: two sums to a word. */
static void pool_lanes(const eg_average_pool_dsp_s8 *layer, const int8_t *input, int8_t *output)
{
    uint32_t even = 0;
    uint32_t odd = 0;

    for (int32_t left = layer->pixels; left > 0; --left) {
        const uint32_t bytes = eg_load_word(input);

        even = eg_sxtab16(even, bytes);
        odd = eg_sxtab16_odd(odd, bytes);
        input += layer->channels;
    }
    output[0] = mean(layer, even);
    output[1] = mean(layer, odd);
    output[2] = mean(layer, even >> 16);
    output[3] = mean(layer, odd >> 16);
}

void eg_run_average_pool_dsp_s8(const eg_average_pool_dsp_s8 *layer, const int8_t *input,
                                int8_t *output)
{
    for (int32_t done = 0; done < layer->channels; done += LANES) {
        const int32_t last = layer->channels - LANES;
        const int32_t first = done < last ? done : last;

        pool_lanes(layer, input + first, output + first);
    }
}
