#include "edgegen/nn/mve/depthwise_3x3.h"

enum { LANES = 4 };

/* sum + a line of taps. */
static inline eg_s32x4 add_taps(eg_s32x4 sum, const int32_t weights[3], eg_s32x4 x0, eg_s32x4 x1,
                                eg_s32x4 x2)
{
    return eg_vmla_n(eg_vmla_n(eg_vmla_n(sum, x0, weights[0]), x1, weights[1]), x2, weights[2]);
}

/* in: the even pixels; the odd ones lie `odd` bytes behind. */
static void run_strip(const eg_depthwise_channel_mve *channel, const int8_t *in, int32_t odd,
                      int32_t pitch, int8_t *out, eg_s32x4 offsets, int32_t step, int32_t lines)
{
    const int32_t w[3][3] = {
        {channel->weights[0][0], channel->weights[0][1], channel->weights[0][2]},
        {channel->weights[1][0], channel->weights[1][1], channel->weights[1][2]},
        {channel->weights[2][0], channel->weights[2][1], channel->weights[2][2]},
    };
    const eg_s32x4 bias = eg_vdup(channel->bias);
    const eg_s32x4 multiplier = eg_vdup(channel->multiplier);
    const eg_s32x4 constant = eg_vdup(channel->constant);
    eg_s32x4 sum = add_taps(bias, w[0], eg_vldrb(in), eg_vldrb(in + odd), eg_vldrb(in + 1));

    for (; lines > 0; --lines) {
        in += pitch;
        sum = add_taps(sum, w[1], eg_vldrb(in), eg_vldrb(in + odd), eg_vldrb(in + 1));
        in += pitch;

        const eg_s32x4 x0 = eg_vldrb(in), x1 = eg_vldrb(in + odd), x2 = eg_vldrb(in + 1);
        const eg_s32x4 product = eg_vmulh(add_taps(sum, w[2], x0, x1, x2), multiplier);

        eg_vstrb_scatter(out, offsets, eg_vqrshrn10(eg_vadd(product, constant)));
        sum = add_taps(bias, w[0], x0, x1, x2);
        out += step;
    }
}

/* Every other pixel of a line of the input, from padded pixel `first` on. */
static void gather_half(const eg_axis_mve *along, const int8_t *from, int32_t first, int8_t *to)
{
    const int32_t start = first < along->pad ? first + 2 - along->pad : first - along->pad;

    eg_gather(to + (first < along->pad ? 1 : 0), from + start * along->input_step,
              2 * along->input_step, (along->size - start + 1) / 2);
}

void eg_run_depthwise_3x3_s2_s8_mve(const eg_depthwise_3x3_s8_mve *layer, const int8_t *input,
                                    int8_t *output, void *scratch)
{
    const eg_axis_mve *along = &layer->along;
    const eg_axis_mve *across = &layer->across;
    const eg_depthwise_channel_mve *channel =
        (const eg_depthwise_channel_mve *)(const void *)layer->stream;
    const int32_t step = along->output_step;
    const eg_s32x4 offsets = eg_vector(0, step, 2 * step, 3 * step);
    const int32_t odd = (along->outputs + LANES - 1) / LANES * LANES + 1;
    const int32_t pitch = 2 * odd - 1;
    int8_t *const plane = scratch;

    eg_fill(plane, layer->zero_point, (2 * across->outputs + 1) * pitch);
    for (int32_t c = 0; c < layer->channels; ++c) {
        int8_t *line = plane + across->pad * pitch;
        const int8_t *from = input + c;

        for (int32_t left = across->size; left > 0; --left) {
            gather_half(along, from, 0, line);
            gather_half(along, from, 1, line + odd);
            line += pitch;
            from += across->input_step;
        }
        for (int32_t x = 0; x < along->outputs; x += LANES) {
            const int32_t last = along->outputs - LANES;
            const int32_t start = x < last ? x : last;

            run_strip(channel, plane + start, odd, pitch, output + c + start * step, offsets,
                      across->output_step, across->outputs);
        }
        ++channel;
    }
}
