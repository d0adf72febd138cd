/* The kernels of a plan for Armv7E-M; not for callers.
 *
 * Where the portable path keeps two resized rows, this one keeps one row of pairs: a word has a
 * value of the upper row in its low halfword and the one below it in its high halfword, as SMLAD
 * mixes them. A row of them takes the place of both rows: plan->rows[1] follows plan->rows[0],
 * which is aligned to 4 bytes. Without the instructions the same C runs, made of their equivalents.
 */
#ifndef EDGEGEN_IMAGE_DSP_H
#define EDGEGEN_IMAGE_DSP_H

#include "edgegen/image/kernels.h"
#include "edgegen/isa_dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Pairs of rows `y` and `y` + 1; of the last row, where nothing of the next one counts, with
 * itself. Three channels only for NHWC. */
eg_image_row_reader eg_image_read_rgb_dsp; /* channels in the source's order */
eg_image_row_reader eg_image_read_rgb_reversed_dsp;
eg_image_row_reader eg_image_read_rgba_dsp;
eg_image_row_reader eg_image_read_rgba_reversed_dsp;
eg_image_row_reader eg_image_read_gray_dsp;
eg_image_row_reader eg_image_read_yuyv_as_gray_dsp;
eg_image_row_reader eg_image_read_nv12_as_gray_dsp;

/* The part, by read_row, one of those above. */
eg_image_part_writer eg_image_write_rgb_s8_dsp;
eg_image_part_writer eg_image_write_rgb_u8_dsp;
eg_image_part_writer eg_image_write_gray_s8_dsp;
eg_image_part_writer eg_image_write_gray_u8_dsp;
eg_image_part_writer eg_image_write_levels_dsp; /* int8 and uint8, where a level is a step */

/* Whether a tensor is levels plus a number: what the last of those takes. */
bool eg_image_is_levels_dsp(const eg_image_plan *plan);

/* Makes the plan one of this path, if it takes such a plan: bilinear, to int8 or uint8. */
bool eg_image_use_dsp(eg_image_draft draft);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_IMAGE_DSP_H */
