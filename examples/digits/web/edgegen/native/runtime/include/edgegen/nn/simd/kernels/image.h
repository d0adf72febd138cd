/* Images as filters see them. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_IMAGE_H
#define EDGEGEN_NN_SIMD_KERNELS_IMAGE_H

#ifndef EG_V
#include "edgegen/nn/simd/isa/c.h"
#endif
#include "edgegen/nn/window_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline int32_t eg_v_between(int32_t x, int32_t low, int32_t high)
{
    return x < low ? low : (x > high ? high : x);
}

typedef struct eg_v_image {
    int32_t rows;
    int32_t columns;
    int32_t row;          /* prepared inputs */
    int32_t first_column; /* that the input has: it may be narrower than the padding */
    int32_t last_column;  /* the one behind */
} eg_v_image;

/* What the filter sees of an image, zero points around it included. */
static inline eg_v_image eg_v_image_of(const eg_window_2d *window)
{
    eg_v_image image;

    image.rows = (window->output_height - 1) * window->stride_height +
                 (window->filter_height - 1) * window->dilation_height + 1;
    image.columns = (window->output_width - 1) * window->stride_width +
                    (window->filter_width - 1) * window->dilation_width + 1;
    image.row = image.columns * window->input_depth;
    image.first_column = eg_v_between(window->pad_left, 0, image.columns);
    image.last_column =
        eg_v_between(window->pad_left + window->input_width, image.first_column, image.columns);
    return image;
}

static inline void eg_v_fill_inputs(eg_v_input *to, eg_v_input value, int32_t count)
{
    for (int32_t i = 0; i < count; ++i) {
        to[i] = value;
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_IMAGE_H */
