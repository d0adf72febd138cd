#include "edgegen/nn/mve/depthwise_patches.h"

enum {
    OUTPUTS = 2 /* on each axis, of a patch */
};

#if EG_HAS_MVE

/* Four outputs in 12 instructions. q0..q3 are the filter for each of them, q5 the offsets of the
 * patch's columns, q7 those of the outputs. */
#define LOAD_WEIGHTS                                                                               \
    "vldrb.u8 q0, [r1, #5]\n\t"                                                                    \
    "vldrb.u8 q1, [r1, #4]\n\t"                                                                    \
    "vldrb.u8 q2, [r1, #1]\n\t"                                                                    \
    "vldrb.u8 q3, [r1]\n\t"
#define FOUR_OUTPUTS                                                                               \
    "vldrw.u32 q4, [r3, q5]\n\t"                                                                   \
    "vmladav.s8 r0, q4, q0\n\t"                                                                    \
    "vmladav.s8 r2, q4, q1\n\t"                                                                    \
    "vmladav.s8 r4, q4, q2\n\t"                                                                    \
    "vmladav.s8 r6, q4, q3\n\t" EG_FINISH_PATCH("q4", "d8", "d9")

static __attribute__((noinline)) void run_rows(const eg_patches_mve *patches)
{
    register const eg_patches_mve *r0 __asm__("r0") = patches;

    __asm__ volatile("add r1, r0, #32\n\t"
                     "ldm r1, {r1, r2, r3}\n\t"
                     "mov r4, #0\n\t"
                     "vmov d14, r4, r3\n\t"
                     "add r3, r3, r1\n\t"
                     "vmov d15, r1, r3\n\t"
                     "vmov d10, r4, r2\n\t"
                     "lsl r12, r2, #1\n\t"
                     "add r2, r2, r12\n\t"
                     "vmov d11, r12, r2\n\t" EG_LOOP_OVER_PATCHES(LOAD_WEIGHTS, FOUR_OUTPUTS)
                     : "+r"(r0)
                     :
                     : EG_PATCH_CLOBBERED);
}

#else

static void four_outputs(const eg_depthwise_channel_mve *channel, const eg_patches_mve *patches,
                         const int8_t *in, int8_t *out)
{
    for (int32_t row = 0; row < OUTPUTS; ++row) {
        for (int32_t column = 0; column < OUTPUTS; ++column) {
            out[row * patches->other + column * patches->along] =
                eg_output_of_patch(channel, patches, in, row, column);
        }
    }
}

static void run_rows(const eg_patches_mve *patches)
{
    const eg_depthwise_channel_mve *channel =
        (const eg_depthwise_channel_mve *)(const void *)patches->stream;
    const void *end = patches->stream_end;

    for (int32_t c = 0; (const void *)channel != end; ++c) {
        const int8_t *in = patches->in + c * EG_PATCH_ROWS;
        int8_t *out = patches->out + c;

        four_outputs(channel, patches, in, out);
        in += patches->first_in;
        out += patches->first_out;
        for (int32_t left = patches->more; left > 0; --left) {
            four_outputs(channel, patches, in, out);
            in += OUTPUTS * patches->column;
            out += patches->output_step;
        }
        ++channel;
    }
}

#endif

/* Rows are taken in twos; the last two of an odd number overlap those before them. */
static int32_t first_row(const eg_axis_mve *across, int32_t two)
{
    const int32_t last = across->outputs - OUTPUTS;

    return OUTPUTS * two < last ? OUTPUTS * two : last;
}

/* As many channels as there are lanes, or are left. The rows that the next two outputs need are
 * copied before these outputs are stored, for they may overwrite them. */
static void run_channels(const eg_depthwise_3x3_s8_mve *layer, const int8_t *input, int8_t *output,
                         int32_t channels, eg_patches_mve *patches, int8_t *scratch)
{
    const eg_axis_mve *across = &layer->across;
    const int32_t columns = layer->along.outputs + 2;
    const int32_t bytes = eg_patches_bytes(layer, columns);
    const int8_t *outside = scratch + 2 * bytes;
    const int32_t twos = (across->outputs + 1) / OUTPUTS;

    eg_copy_patches(layer, input, channels, -across->pad, EG_PATCH_ROWS, columns, outside, scratch);
    for (int32_t two = 0; two < twos; ++two) {
        if (two + 1 < twos) {
            eg_copy_patches(layer, input, channels, first_row(across, two + 1) - across->pad,
                            EG_PATCH_ROWS, columns, outside, scratch + (two + 1) % 2 * bytes);
        }
        patches->in = scratch + two % 2 * bytes;
        patches->out = output + first_row(across, two) * across->output_step;
        run_rows(patches);
    }
}

void eg_run_depthwise_3x3_s1_s8_mve(const eg_depthwise_3x3_s8_mve *layer, const int8_t *input,
                                    int8_t *output, void *scratch)
{
    const eg_axis_mve *along = &layer->along;
    const int32_t words = (int32_t)sizeof(eg_depthwise_channel_mve) / 4;
    const int32_t first = along->outputs % OUTPUTS == 0 ? OUTPUTS : 1;
    const int32_t column = layer->lanes * EG_PATCH_ROWS;
    eg_patches_mve patches = {
        .output_step = OUTPUTS * along->output_step,
        .first_in = first * column,
        .first_out = first * along->output_step,
        .more = (along->outputs - 1) / OUTPUTS,
        .stream = layer->stream,
        .along = along->output_step,
        .column = column,
        .other = layer->across.output_step,
    };

    eg_fill(scratch, layer->zero_point,
            2 * eg_patches_bytes(layer, along->outputs + 2) + EG_PATCH_LANES);
    for (int32_t c = 0; c < layer->channels; c += layer->lanes) {
        const int32_t left = layer->channels - c;
        const int32_t channels = left < layer->lanes ? left : layer->lanes;

        patches.stream_end = patches.stream + channels * words;
        run_channels(layer, input + c, output + c, channels, &patches, scratch);
        patches.stream = patches.stream_end;
    }
}
