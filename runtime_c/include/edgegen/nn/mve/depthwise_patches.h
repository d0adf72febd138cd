/* What the depthwise kernels of both strides share: the copy to patches, and what follows a sum. */
#ifndef EDGEGEN_NN_MVE_DEPTHWISE_PATCHES_H
#define EDGEGEN_NN_MVE_DEPTHWISE_PATCHES_H

#include <stdbool.h>

#include "edgegen/fixed_point.h"
#include "edgegen/isa_mve.h"
#include "edgegen/nn/mve/depthwise_3x3.h"

enum {
    EG_PATCH_LANES = 16, /* channels that are copied together at most */
    EG_PATCH_ROWS = 4,   /* of a column */
    EG_PATCH_COPIED = 64 /* bytes, of 16 channels: of 8, as many behind the last column are spoilt */
};

/* Four rows on their way to patches. */
typedef struct eg_patch_rows_mve {
    const int8_t *from[EG_PATCH_ROWS];
    int32_t step[EG_PATCH_ROWS]; /* bytes to the next column, 0 for rows outside the image */
    int8_t *to;
    int32_t columns;
    int32_t channels; /* 1..16 */
    int32_t column;   /* bytes of scratch; more of them are spoilt, up to 64 in all */
} eg_patch_rows_mve;

/* One of the loops below, for the channels from `stream` on. */
typedef struct eg_patches_mve {
    const int8_t *in; /* of the first channel */
    int8_t *out;
    int32_t output_step; /* bytes, of all outputs that are computed together */
    int32_t first_in;    /* how far the second ones are from the first, which they may overlap */
    int32_t first_out;
    int32_t more; /* times after the first */
    const int32_t *stream;
    const int32_t *stream_end;
    int32_t along; /* bytes from one output to the next */
    int32_t column; /* bytes of scratch */
    int32_t other; /* stride 1: bytes to the output below; stride 2: the last one of the four */
} eg_patches_mve;

#if EG_HAS_MVE

/* 64 bytes in 15 instructions. */
static __attribute__((noinline)) void eg_copy_patch_rows(const eg_patch_rows_mve *rows)
{
    register const eg_patch_rows_mve *r0 __asm__("r0") = rows;

    __asm__ volatile("ldm r0, {r1, r2, r3, r4, r5, r6, r8, r9, r10, r11, r12, lr}\n\t"
                     "vctp.8 r12\n\t"
                     "mov r12, lr\n\t"
                     "dls lr, r11\n"
                     "1:\n\t"
                     "vpstttt\n\t"
                     "vldrbt.u8 q0, [r1]\n\t"
                     "vldrbt.u8 q1, [r2]\n\t"
                     "vldrbt.u8 q2, [r3]\n\t"
                     "vldrbt.u8 q3, [r4]\n\t"
                     "add r1, r1, r5\n\t"
                     "add r2, r2, r6\n\t"
                     "add r3, r3, r8\n\t"
                     "add r4, r4, r9\n\t"
                     "vst40.8 {q0, q1, q2, q3}, [r10]\n\t"
                     "vst41.8 {q0, q1, q2, q3}, [r10]\n\t"
                     "vst42.8 {q0, q1, q2, q3}, [r10]\n\t"
                     "vst43.8 {q0, q1, q2, q3}, [r10]\n\t"
                     "add r10, r10, r12\n\t"
                     "le lr, 1b"
                     : "+r"(r0)
                     :
                     : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr",
                       "q0", "q1", "q2", "q3", "memory", "cc");
}

/* Sums r0 r2 r4 r6 of four outputs to int8, by way of PATCH, the vector of which D0 and D1 are the
 * halves. r8 is the bias, q6 the multiplier, r10 the constant, r11 the shift. */
#define EG_FINISH_PATCH(PATCH, D0, D1)                                                             \
    "vmov " D0 ", r0, r2\n\t"                                                                      \
    "vmov " D1 ", r4, r6\n\t"                                                                      \
    "vadd.i32 " PATCH ", " PATCH ", r8\n\t"                                                        \
    "vqrdmlash.s32 " PATCH ", q6, r10\n\t"                                                         \
    "vqshl.s32 " PATCH ", r11\n\t"                                                                 \
    "vshr.s32 " PATCH ", " PATCH ", #24\n\t"                                                       \
    "vstrb.32 " PATCH ", [r5, q7]\n\t"

/* The loop over channels and, inside, over the outputs that are computed together. r0 points to an
 * eg_patches_mve, of which in..stream_end lie on the stack while it runs.
 *
 *   r1 the stream     r3 in    r5 out    r9 output_step    r12 the step of in
 */
#define EG_LOOP_OVER_PATCHES(WEIGHTS, OUTPUTS)                                                     \
    "ldm r0, {r1, r2, r3, r4, r5, r6, r8, r9}\n\t"                                                 \
    "push {r1, r2, r3, r4, r5, r6, r8, r9}\n\t"                                                    \
    "mov r1, r8\n"                                                                                 \
    "1:\n\t"                                                                                       \
    "ldm r1!, {r8, r9, r10, r11}\n\t"                                                              \
    "vdup.32 q6, r9\n\t" WEIGHTS "add r1, r1, #24\n\t"                                             \
    "ldm sp, {r3, r5, r9}\n\t"                                                                     \
    "add r0, r3, #4\n\t"                                                                           \
    "add r2, r5, #1\n\t"                                                                           \
    "strd r0, r2, [sp]\n\t" OUTPUTS "add r0, sp, #12\n\t"                                          \
    "ldm r0, {r0, r2, r4}\n\t"                                                                     \
    "add r3, r3, r0\n\t"                                                                           \
    "add r5, r5, r2\n\t"                                                                           \
    "wls lr, r4, 3f\n"                                                                             \
    "2:\n\t" OUTPUTS "add r3, r3, r12\n\t"                                                         \
    "add r5, r5, r9\n\t"                                                                           \
    "le lr, 2b\n"                                                                                  \
    "3:\n\t"                                                                                       \
    "ldr r0, [sp, #28]\n\t"                                                                        \
    "cmp r1, r0\n\t"                                                                               \
    "bne 1b\n\t"                                                                                   \
    "add sp, sp, #32"

#define EG_PATCH_CLOBBERED                                                                         \
    "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "q0", "q1", "q2",   \
        "q3", "q4", "q5", "q6", "q7", "memory", "cc"

#else

/* As the instructions do, it writes all 16 lanes: a 0 in those that have no channel. */
static void eg_copy_patch_rows(const eg_patch_rows_mve *rows)
{
    for (int32_t x = 0; x < rows->columns; ++x) {
        int8_t *to = rows->to + x * rows->column;

        for (int32_t c = 0; c < EG_PATCH_LANES; ++c) {
            for (int32_t i = 0; i < EG_PATCH_ROWS; ++i) {
                const int8_t *from = rows->from[i] + x * rows->step[i];

                *to++ = c < rows->channels ? from[c] : 0;
            }
        }
    }
}

/* One output of the patch's: the one that lies `row` rows and `column` columns from the first. */
static inline int8_t eg_output_of_patch(const eg_depthwise_channel_mve *channel,
                                        const eg_patches_mve *patches, const int8_t *in,
                                        int32_t row, int32_t column)
{
    const int8_t *weights = channel->weights + 5;
    int32_t sum = channel->bias;

    for (int32_t x = 0; x < 3; ++x) {
        for (int32_t y = 0; y < 3; ++y) {
            sum += weights[x * EG_PATCH_ROWS + y] * in[(x + column) * patches->column + y + row];
        }
    }
    return (int8_t)eg_requantize(sum, channel->multiplier, channel->left_shift - 24, -128, -128,
                                 127);
}

#endif

/* Of that many columns of scratch. */
static inline int32_t eg_patches_bytes(const eg_depthwise_3x3_s8_mve *layer, int32_t columns)
{
    return (columns - 1) * layer->lanes * EG_PATCH_ROWS + EG_PATCH_COPIED;
}

/* Rows first..first + rows - 1 of some channels, the last of them again up to four rows; those
 * outside the image are read from `outside`, 16 zero points. `columns` of scratch are used. */
static inline void eg_copy_patches(const eg_depthwise_3x3_s8_mve *layer, const int8_t *input,
                                   int32_t channels, int32_t first, int32_t rows, int32_t columns,
                                   const int8_t *outside, int8_t *to)
{
    const eg_axis_mve *along = &layer->along;
    const eg_axis_mve *across = &layer->across;
    const int32_t column = layer->lanes * EG_PATCH_ROWS;
    const int32_t end = along->pad + along->size;
    eg_patch_rows_mve copied = {.to = to + along->pad * column,
                                .columns = along->size,
                                .channels = channels,
                                .column = column};

    for (int32_t i = 0; i < EG_PATCH_ROWS; ++i) {
        const int32_t row = first + (i < rows ? i : rows - 1);
        const bool is_inside = row >= 0 && row < across->size;

        copied.from[i] = is_inside ? input + row * across->input_step : outside;
        copied.step[i] = is_inside ? along->input_step : 0;
    }
    eg_copy_patch_rows(&copied);
    if (layer->lanes < EG_PATCH_LANES && end < columns) {
        eg_fill(to + end * column, layer->zero_point, (columns - end) * column);
    }
}

#endif /* EDGEGEN_NN_MVE_DEPTHWISE_PATCHES_H */
