/* The kernels of a plan for NEON, of AArch64 and of Armv7-A; not for callers.
 *
 * Rows are those of the portable path, so any reader goes with any writer. Whole blocks of 8 pixels
 * are computed, so rows have memory for that. */
#ifndef EDGEGEN_IMAGE_NEON_H
#define EDGEGEN_IMAGE_NEON_H

#include "edgegen/image/kernels.h"

#if EG_IMAGE_HAS_NEON

#include <arm_neon.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EG_IMAGE_NEON_BLOCK = 8 /* values of a vector; also pixels of a block */ };

/* From RGB8, BGR8 and RGBA8 to three channels; the plan has four fractions for each column, and its
 * inner columns are those from which 8 bytes may be read. */
eg_image_row_reader eg_image_read_rgb_neon;

eg_image_row_writer eg_image_write_f32_neon;
eg_image_row_writer eg_image_write_q8_neon; /* int8 and uint8 */

/* As eg_image_mix. Lanes that nobody looks at may wrap, so sums are of unsigned numbers. */
static inline int16x8_t eg_image_mix_neon(int16x8_t a, int16x8_t b, int16x8_t fraction)
{
    const uint16x8_t from = vreinterpretq_u16_s16(a);
    const uint16x8_t distance = vsubq_u16(vreinterpretq_u16_s16(b), from);
    const int16x8_t step = vqrdmulhq_s16(vreinterpretq_s16_u16(distance), fraction);

    return vreinterpretq_s16_u16(vaddq_u16(from, vreinterpretq_u16_s16(step)));
}

/* Eight values between two rows, from index `i` on. */
static inline int16x8_t eg_image_mix_rows_neon(eg_image_rows rows, int32_t i)
{
    return eg_image_mix_neon(vld1q_s16(rows.upper + i), vld1q_s16(rows.lower + i),
                             vdupq_n_s16((int16_t)rows.fraction));
}

#ifdef __cplusplus
}
#endif

#endif

#endif /* EDGEGEN_IMAGE_NEON_H */
