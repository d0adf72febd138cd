#include "edgegen/nn/mve/depthwise_patches.h"

enum {
    OUTPUTS = 4, /* side by side, computed together */
    ROWS = 3,    /* of the input, for a line of outputs */
    STRIDE = 2
};

#if EG_HAS_MVE

/* Four outputs in 15 instructions. q0 is the filter, q1..q4 are the offsets of the columns of each
 * output, q7 those of the outputs. */
#define LOAD_WEIGHTS "vldrb.u8 q0, [r1, #5]\n\t"
#define OUTPUT(SUM, OFFSETS)                                                                       \
    "vldrw.u32 q5, [r3, " OFFSETS "]\n\t"                                                          \
    "vmladav.s8 " SUM ", q5, q0\n\t"
#define FOUR_OUTPUTS                                                                               \
    OUTPUT("r0", "q1")                                                                             \
    OUTPUT("r2", "q2") OUTPUT("r4", "q3") OUTPUT("r6", "q4") EG_FINISH_PATCH("q5", "d10", "d11")

/* Where a line has fewer than four outputs its last one is computed several times. */
static __attribute__((noinline)) void run_row(const eg_patches_mve *patches)
{
    register const eg_patches_mve *r0 __asm__("r0") = patches;

    __asm__ volatile("add r1, r0, #32\n\t"
                     "ldm r1, {r1, r8, r9}\n\t"
                     "mov r2, #0\n\t"
                     "vidup.u32 q7, r2, #1\n\t"
                     "vdup.32 q1, r9\n\t"
                     "vmin.s32 q7, q7, q1\n\t"
                     "lsl r12, r8, #1\n\t"
                     "vmul.i32 q5, q7, r12\n\t"
                     "vmov r2, r3, d10\n\t"
                     "vmov r4, r5, d11\n\t"
                     "vmul.i32 q7, q7, r1\n\t"
                     "mov r6, #0\n\t"
                     "vidup.u32 q1, r6, #1\n\t"
                     "vmul.i32 q1, q1, r8\n\t"
                     "vadd.i32 q2, q1, r3\n\t"
                     "vadd.i32 q3, q1, r4\n\t"
                     "vadd.i32 q4, q1, r5\n\t"
                     "lsl r12, r8, #3\n\t" EG_LOOP_OVER_PATCHES(LOAD_WEIGHTS, FOUR_OUTPUTS)
                     : "+r"(r0)
                     :
                     : EG_PATCH_CLOBBERED);
}

#else

static void four_outputs(const eg_depthwise_channel_mve *channel, const eg_patches_mve *patches,
                         const int8_t *in, int8_t *out)
{
    for (int32_t column = 0; column <= patches->other; ++column) {
        out[column * patches->along] = eg_output_of_patch(channel, patches, in, 0, STRIDE * column);
    }
}

static void run_row(const eg_patches_mve *patches)
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
            in += STRIDE * OUTPUTS * patches->column;
            out += patches->output_step;
        }
        ++channel;
    }
}

#endif

void eg_run_depthwise_3x3_s2_s8_mve(const eg_depthwise_3x3_s8_mve *layer, const int8_t *input,
                                    int8_t *output, void *scratch)
{
    const eg_axis_mve *along = &layer->along;
    const eg_axis_mve *across = &layer->across;
    const int32_t words = (int32_t)sizeof(eg_depthwise_channel_mve) / 4;
    const int32_t column = layer->lanes * EG_PATCH_ROWS;
    const int32_t columns = STRIDE * along->outputs + 1;
    const int32_t bytes = eg_patches_bytes(layer, columns);
    const int8_t *outside = (const int8_t *)scratch + bytes;
    const int32_t first = (along->outputs - 1) % OUTPUTS + 1;
    eg_patches_mve patches = {
        .in = scratch,
        .output_step = OUTPUTS * along->output_step,
        .first_in = first * STRIDE * column,
        .first_out = first * along->output_step,
        .more = (along->outputs - 1) / OUTPUTS,
        .along = along->output_step,
        .column = column,
        .other = along->outputs < OUTPUTS ? along->outputs - 1 : OUTPUTS - 1,
    };

    eg_fill(scratch, layer->zero_point, bytes + EG_PATCH_LANES);
    for (int32_t y = 0; y < across->outputs; ++y) {
        const int32_t first_row = STRIDE * y - across->pad;

        patches.stream = layer->stream;
        for (int32_t c = 0; c < layer->channels; c += layer->lanes) {
            const int32_t left = layer->channels - c;
            const int32_t channels = left < layer->lanes ? left : layer->lanes;

            eg_copy_patches(layer, input + c, channels, first_row, ROWS, columns, outside, scratch);
            patches.stream_end = patches.stream + channels * words;
            patches.out = output + c + y * across->output_step;
            run_row(&patches);
            patches.stream = patches.stream_end;
        }
    }
}
