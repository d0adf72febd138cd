#include "edgegen/nn/mve/depthwise_3x3.h"

enum { LANES = 4 };

/* sum + a line of taps. */
static inline eg_s32x4 add_taps(eg_s32x4 sum, const int32_t weights[3], eg_s32x4 x0, eg_s32x4 x1,
                                eg_s32x4 x2)
{
    return eg_vmla_n(eg_vmla_n(eg_vmla_n(sum, x0, weights[0]), x1, weights[1]), x2, weights[2]);
}

/* Takes a line: completes and stores `old`, goes on with `next`, and starts another in `old`. */
#define STEP(old, next)                                                                            \
    do {                                                                                           \
        const eg_s32x4 x0 = eg_vldrb(in), x1 = eg_vldrb(in + 1), x2 = eg_vldrb(in + 2);            \
        const eg_s32x4 sum = add_taps(old, w[2], x0, x1, x2);                                      \
        const eg_s32x4 scaled = eg_vadd(eg_vmulh(sum, multiplier), constant);                      \
                                                                                                   \
        eg_vstrb_scatter(out, offsets, eg_vqrshrn10(scaled));                                      \
        (next) = add_taps(next, w[1], x0, x1, x2);                                                 \
        (old) = add_taps(bias, w[0], x0, x1, x2);                                                  \
        in += pitch;                                                                               \
        out += step;                                                                               \
    } while (0)

static void run_strip(const eg_depthwise_channel_mve *channel, const int8_t *in, int32_t pitch,
                      int8_t *out, eg_s32x4 offsets, int32_t step, int32_t lines)
{
    const int32_t w[3][3] = {
        {channel->weights[0][0], channel->weights[0][1], channel->weights[0][2]},
        {channel->weights[1][0], channel->weights[1][1], channel->weights[1][2]},
        {channel->weights[2][0], channel->weights[2][1], channel->weights[2][2]},
    };
    const eg_s32x4 bias = eg_vdup(channel->bias);
    const eg_s32x4 multiplier = eg_vdup(channel->multiplier);
    const eg_s32x4 constant = eg_vdup(channel->constant);
    const int8_t *const second = in + pitch;
    eg_s32x4 even = add_taps(bias, w[0], eg_vldrb(in), eg_vldrb(in + 1), eg_vldrb(in + 2));
    eg_s32x4 odd;

    even = add_taps(even, w[1], eg_vldrb(second), eg_vldrb(second + 1), eg_vldrb(second + 2));
    odd = add_taps(bias, w[0], eg_vldrb(second), eg_vldrb(second + 1), eg_vldrb(second + 2));
    in = second + pitch;
    for (; lines > 1; lines -= 2) {
        STEP(even, odd);
        STEP(odd, even);
    }
    if (lines == 1) {
        STEP(even, odd);
    }
}

void eg_run_depthwise_3x3_s1_s8_mve(const eg_depthwise_3x3_s8_mve *layer, const int8_t *input,
                                    int8_t *output, void *scratch)
{
    const eg_axis_mve *along = &layer->along;
    const eg_axis_mve *across = &layer->across;
    const eg_depthwise_channel_mve *channel =
        (const eg_depthwise_channel_mve *)(const void *)layer->stream;
    const int32_t step = along->output_step;
    const eg_s32x4 offsets = eg_vector(0, step, 2 * step, 3 * step);
    const int32_t pitch = (along->outputs + LANES - 1) / LANES * LANES + 2;
    int8_t *const plane = scratch;

    eg_fill(plane, layer->zero_point, (across->outputs + 2) * pitch);
    for (int32_t c = 0; c < layer->channels; ++c) {
        int8_t *line = plane + across->pad * pitch + along->pad;
        const int8_t *from = input + c;

        for (int32_t left = across->size; left > 0; --left) {
            eg_gather(line, from, along->input_step, along->size);
            line += pitch;
            from += across->input_step;
        }
        for (int32_t x = 0; x < along->outputs; x += LANES) {
            const int32_t last = along->outputs - LANES;
            const int32_t start = x < last ? x : last;

            run_strip(channel, plane + start, pitch, output + c + start * step, offsets,
                      across->output_step, across->outputs);
        }
        ++channel;
    }
}
