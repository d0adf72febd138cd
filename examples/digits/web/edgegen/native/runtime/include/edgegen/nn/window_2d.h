/* How a filter moves over an image: shared by convolutions and pools.
 *
 * Images are [batch][row][column][channel], as in TensorFlow Lite. The tap (i, j) of the output
 * pixel (y, x) reads the input at row y * stride_height - pad_top + i * dilation_height and
 * column x * stride_width - pad_left + j * dilation_width; taps outside the image read nothing.
 */
#ifndef EDGEGEN_NN_WINDOW_2D_H
#define EDGEGEN_NN_WINDOW_2D_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_window_2d {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_depth;
    int32_t output_height;
    int32_t output_width;
    int32_t output_depth;
    int32_t filter_height;
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t pad_top;
    int32_t pad_left;
} eg_window_2d;

/* The taps of one output pixel that lie inside the image: a rectangle of the filter. */
typedef struct eg_patch {
    int32_t batch; /* the output pixel */
    int32_t y;
    int32_t x;
    int32_t first_row; /* of the filter */
    int32_t rows;      /* 0 where no tap is inside, and then so is columns */
    int32_t first_column;
    int32_t columns;
    int32_t input; /* index of the input element under the first of these taps, channel 0 */
} eg_patch;

/* Before the first output pixel: x is -1. */
#define EG_PATCH_START                                                                             \
    {                                                                                              \
        0, 0, -1, 0, 0, 0, 0, 0                                                                    \
    }

/* Moves on to the next output pixel, in the order of memory; false after the last one. */
bool eg_next_patch(const eg_window_2d *window, eg_patch *patch);

/* Whether taps of the patch's pixel fall outside the image. */
static inline bool eg_patch_is_clipped(const eg_window_2d *window, const eg_patch *patch)
{
    return patch->rows < window->filter_height || patch->columns < window->filter_width;
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_WINDOW_2D_H */
