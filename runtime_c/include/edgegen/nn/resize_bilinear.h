/* RESIZE_BILINEAR: each output pixel is a mixture of four of the input's.
 *
 * Which four, and how much of each, depends on the output's row and on its column alone; edgegen
 * writes that down for every row and column. Input and output must not overlap.
 */
#ifndef EDGEGEN_NN_RESIZE_BILINEAR_H
#define EDGEGEN_NN_RESIZE_BILINEAR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_resize_shape {
    int32_t batches;
    int32_t height; /* of the output */
    int32_t width;
    int32_t depth;
    int32_t image;         /* elements of one input image */
    const int32_t *row;    /* [height][2]: elements from an image to its upper and lower row */
    const int32_t *column; /* [width][2]: from a row to its left and right pixel */
} eg_resize_shape;

/* Rounds to the nearest, ties away from 0. */
typedef struct eg_resize_bilinear_s8 {
    eg_resize_shape shape;
    const int32_t *lower; /* [height]: weight of the lower row, in 1/1024; the upper has the rest */
    const int32_t *right; /* [width]: of the right pixel */
} eg_resize_bilinear_s8;

void eg_run_resize_bilinear_s8(const eg_resize_bilinear_s8 *layer, const int8_t *input,
                               int8_t *output);

typedef struct eg_resize_bilinear_f32 {
    eg_resize_shape shape;
    const float *lower; /* [height]: weight of the lower row; the upper has the rest of 1 */
    const float *right; /* [width]: of the right pixel */
} eg_resize_bilinear_f32;

void eg_run_resize_bilinear_f32(const eg_resize_bilinear_f32 *layer, const float *input,
                                float *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_RESIZE_BILINEAR_H */
