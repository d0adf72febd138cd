/* The kernels of a plan for Armv7E-M; not for callers.
 *
 * Each goes from pixels to the part's bytes of the tensor, without resized rows in between. Without
 * the instructions the same C runs, made of their equivalents. */
#ifndef EDGEGEN_IMAGE_DSP_H
#define EDGEGEN_IMAGE_DSP_H

#include "edgegen/image/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* From RGB8 and BGR8, the channels in the source's order or not, to NHWC; from luma. To int8 and to
 * uint8; to both where they are levels plus a number. */
eg_image_part_writer eg_image_rgb_to_levels_dsp;
eg_image_part_writer eg_image_rgb_to_s8_dsp;
eg_image_part_writer eg_image_rgb_to_u8_dsp;
eg_image_part_writer eg_image_rgb_reversed_to_levels_dsp;
eg_image_part_writer eg_image_rgb_reversed_to_s8_dsp;
eg_image_part_writer eg_image_rgb_reversed_to_u8_dsp;
eg_image_part_writer eg_image_gray_to_levels_dsp;
eg_image_part_writer eg_image_gray_to_s8_dsp;
eg_image_part_writer eg_image_gray_to_u8_dsp;
eg_image_part_writer eg_image_yuyv_to_gray_levels_dsp;
eg_image_part_writer eg_image_yuyv_to_gray_s8_dsp;
eg_image_part_writer eg_image_yuyv_to_gray_u8_dsp;
eg_image_part_writer eg_image_nv12_to_gray_levels_dsp;
eg_image_part_writer eg_image_nv12_to_gray_s8_dsp;
eg_image_part_writer eg_image_nv12_to_gray_u8_dsp;

/* Makes the plan one of this path, if it takes such a plan: bilinear, to int8 or uint8. */
bool eg_image_use_dsp(eg_image_draft draft);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_IMAGE_DSP_H */
