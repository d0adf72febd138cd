#include "edgegen/nn/mve/depthwise_patches.h"

#include <stdbool.h>

/* Four rows on their way to patches. */
typedef struct patch_rows {
    const int8_t *from[EG_PATCH_ROWS];
    int32_t step[EG_PATCH_ROWS]; /* bytes to the next column, 0 for rows outside the image */
    int8_t *to;
    int32_t columns;
    int32_t channels; /* 1..16 */
    int32_t column;   /* bytes of scratch; more of them are spoilt, up to 64 in all */
} patch_rows;

#if EG_HAS_MVE

/* 64 bytes in 15 instructions. */
static void copy_rows(const patch_rows *rows)
{
    register const patch_rows *r0 __asm__("r0") = rows;

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

#else

/* As the instructions do, it writes all 16 lanes: a 0 in those that have no channel. */
static void copy_rows(const patch_rows *rows)
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

#endif

void eg_copy_patches(const eg_depthwise_3x3_s8_mve *layer, const int8_t *input, int32_t channels,
                     int32_t first, int32_t rows, int32_t columns, const int8_t *outside,
                     int8_t *to)
{
    const eg_axis_mve *along = &layer->along;
    const eg_axis_mve *across = &layer->across;
    const int32_t column = layer->lanes * EG_PATCH_ROWS;
    const int32_t end = along->pad + along->size;
    patch_rows copied = {.to = to + along->pad * column,
                         .columns = along->size,
                         .channels = channels,
                         .column = column};

    for (int32_t i = 0; i < EG_PATCH_ROWS; ++i) {
        const int32_t row = first + (i < rows ? i : rows - 1);
        const bool is_inside = row >= 0 && row < across->size;

        copied.from[i] = is_inside ? input + row * across->input_step : outside;
        copied.step[i] = is_inside ? along->input_step : 0;
    }
    copy_rows(&copied);
    if (layer->lanes < EG_PATCH_LANES && end < columns) {
        eg_fill(to + end * column, layer->zero_point, (columns - end) * column);
    }
}
