/* What the depthwise kernels of both strides share: the copy to patches, and what follows a sum. */
#ifndef EDGEGEN_NN_MVE_DEPTHWISE_PATCHES_H
#define EDGEGEN_NN_MVE_DEPTHWISE_PATCHES_H

#include "edgegen/fixed_point.h"
#include "edgegen/isa_mve.h"
#include "edgegen/nn/mve/depthwise_3x3.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    EG_PATCH_LANES = 16, /* channels that are copied together at most */
    EG_PATCH_ROWS = 4,   /* of a column */
    EG_PATCH_COPIED = 64 /* bytes at a time; with 8 channels half of them spoil what is behind */
};

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
    int32_t along;  /* bytes from one output to the next */
    int32_t column; /* bytes of scratch */
    int32_t other;  /* stride 1: bytes to the output below; stride 2: the last one of the four */
} eg_patches_mve;

#if EG_HAS_MVE

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
void eg_copy_patches(const eg_depthwise_3x3_s8_mve *layer, const int8_t *input, int32_t channels,
                     int32_t first, int32_t rows, int32_t columns, const int8_t *outside,
                     int8_t *to);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_MVE_DEPTHWISE_PATCHES_H */
