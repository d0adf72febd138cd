/* eg_run_depthwise_conv_2d_f32 for the instruction set that was included before. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_DEPTHWISE_CONV_2D_F32_H
#define EDGEGEN_NN_SIMD_KERNELS_DEPTHWISE_CONV_2D_F32_H

#include <stddef.h>

#include "edgegen/nn/simd/depthwise_conv_2d_f32.h"
#include "edgegen/nn/simd/kernels/vector_f32.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Taps in the image: of all rows, and of some or all columns. */
typedef struct eg_f_taps {
    const float *weights; /* of the first of them */
    int32_t rows;
    int32_t columns;
} eg_f_taps;

/* What is the same for a layer. */
typedef struct eg_f_depthwise {
    const eg_depthwise_conv_2d_f32_simd *layer;
    int32_t row_step; /* of taps, in the input */
    int32_t column_step;
    int32_t weight_row;
    int32_t step; /* from one position to the next */
    eg_f_limits limits;
} eg_f_depthwise;

/* A vector of channels from `channel` on, at `positions`, 1..6, a constant wherever this is
 * called. */
EG_F_INLINE void eg_f_depthwise_tile(const eg_f_depthwise *all, const eg_f_taps *taps,
                                     int32_t channel, const float *in, float *out,
                                     const int32_t positions)
{
    const eg_f_vector zero = eg_f_fill(0.0f);
    const int32_t channels = all->layer->window.input_depth;
    const ptrdiff_t step = all->step;
    const float *row_weights = taps->weights + channel;
    eg_f_vector s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero, s5 = zero;

    in += channel;
#define EG_F_AT(NUMBER)                                                                            \
    if (positions > NUMBER) {                                                                      \
        const eg_f_vector x =                                                                      \
            eg_f_load(NUMBER < 3 ? at + NUMBER * step : far + (NUMBER - 3) * step);                \
                                                                                                   \
        s##NUMBER = eg_f_add(s##NUMBER, eg_f_multiply(tap, x));                                    \
    }
    for (int32_t row = taps->rows; row > 0; --row) {
        const float *weights = row_weights;
        const float *at = in;
        const float *far = positions > 3 ? at + 3 * step : at;

        for (int32_t column = taps->columns; column > 0; --column) {
            const eg_f_vector tap = eg_f_load(weights);

            EG_F_AT(0)
            EG_F_AT(1)
            EG_F_AT(2)
            EG_F_AT(3)
            EG_F_AT(4)
            EG_F_AT(5)
            weights += channels;
            at += all->column_step;
            far += all->column_step;
        }
        row_weights += all->weight_row;
        in += all->row_step;
    }
#undef EG_F_AT
    const eg_f_vector bias = eg_f_load(all->layer->bias + channel);

    out += channel;
#define EG_F_FINISH(NUMBER)                                                                        \
    if (positions > NUMBER) {                                                                      \
        eg_f_save(out, eg_f_clamp(eg_f_add(s##NUMBER, bias), &all->limits));                       \
        out += channels;                                                                           \
    }
    EG_F_FINISH(0)
    EG_F_FINISH(1)
    EG_F_FINISH(2)
    EG_F_FINISH(3)
    EG_F_FINISH(4)
    EG_F_FINISH(5)
#undef EG_F_FINISH
}

/* All channels at so many positions. */
typedef void eg_f_depthwise_function(const eg_f_depthwise *all, const eg_f_taps *taps,
                                     const float *in, float *out);

#define EG_F_TILE(POSITIONS)                                                                       \
    EG_F_ALONE void eg_f_depthwise_##POSITIONS(const eg_f_depthwise *all, const eg_f_taps *taps,   \
                                               const float *in, float *out)                        \
    {                                                                                              \
        const int32_t channels = all->layer->window.input_depth;                                   \
                                                                                                   \
        for (int32_t c = 0; c < channels; c += EG_F_LANES) {                                       \
            eg_f_depthwise_tile(all, taps, eg_f_begin(c, channels), in, out, POSITIONS);           \
        }                                                                                          \
    }
EG_F_TILE(1)
EG_F_TILE(2)
EG_F_TILE(3)
EG_F_TILE(4)
EG_F_TILE(5)
EG_F_TILE(6)
#undef EG_F_TILE

enum { EG_F_DEPTHWISE_POSITIONS = 6 };

/* Positions whose columns are all in the image, in tiles of nearly the same size. */
static void eg_f_depthwise_tiles(const eg_f_depthwise *all, const eg_f_taps *taps, const float *in,
                                 float *out, int32_t count)
{
    static eg_f_depthwise_function *const tiles[EG_F_DEPTHWISE_POSITIONS] = {
        eg_f_depthwise_1, eg_f_depthwise_2, eg_f_depthwise_3,
        eg_f_depthwise_4, eg_f_depthwise_5, eg_f_depthwise_6,
    };
    const int32_t number = (count + EG_F_DEPTHWISE_POSITIONS - 1) / EG_F_DEPTHWISE_POSITIONS;

    for (int32_t i = 0; i < number; ++i) {
        const int32_t together = count / number + (i < count % number ? 1 : 0);

        tiles[together - 1](all, taps, in, out);
        in += together * all->step;
        out += together * all->layer->window.output_depth;
    }
}

/* Of taps at origin, origin + dilation, ...: the first one in 0..size - 1. */
static inline int32_t eg_f_first_tap(int32_t origin, int32_t dilation)
{
    return origin < 0 ? (dilation - 1 - origin) / dilation : 0;
}

/* And how many there are from it on. */
static inline int32_t eg_f_taps_from(int32_t first, int32_t origin, int32_t taps, int32_t dilation,
                                     int32_t size)
{
    const int32_t end = origin < size ? (size - 1 - origin) / dilation + 1 : 0;
    const int32_t last = end < taps ? end : taps;

    return first < last ? last - first : 0;
}

static void eg_f_depthwise_row(const eg_f_depthwise *all, int32_t y, const float *image, float *out)
{
    const eg_window_2d *window = &all->layer->window;
    const int32_t channels = window->input_depth;
    const int32_t reach = (window->filter_width - 1) * window->dilation_width;
    const int32_t top = y * window->stride_height - window->pad_top;
    const int32_t row = eg_f_first_tap(top, window->dilation_height);
    const float *weights = all->layer->weights + row * all->weight_row;
    const float *line =
        image + (top + row * window->dilation_height) * window->input_width * channels;
    eg_f_taps taps;

    taps.rows = eg_f_taps_from(row, top, window->filter_height, window->dilation_height,
                               window->input_height);
    for (int32_t x = 0; x < window->output_width;) {
        const int32_t left = x * window->stride_width - window->pad_left;
        const int32_t room = window->input_width - 1 - reach - left;
        int32_t count = 1;

        if (left >= 0 && room >= 0) {
            const int32_t inside = room / window->stride_width + 1;
            const int32_t missing = window->output_width - x;

            count = inside < missing ? inside : missing;
            taps.weights = weights;
            taps.columns = window->filter_width;
            eg_f_depthwise_tiles(all, &taps, line + left * channels, out, count);
        } else {
            const int32_t first = eg_f_first_tap(left, window->dilation_width);

            taps.weights = weights + first * channels;
            taps.columns = eg_f_taps_from(first, left, window->filter_width, window->dilation_width,
                                          window->input_width);
            eg_f_depthwise_1(all, &taps, line + (left + first * window->dilation_width) * channels,
                             out);
        }
        x += count;
        out += count * channels;
    }
}

void EG_F(eg_run_depthwise_conv_2d_f32)(const eg_depthwise_conv_2d_f32_simd *layer,
                                        const float *input, float *output)
{
    const eg_window_2d *window = &layer->window;
    const int32_t row = window->input_width * window->input_depth;
    eg_f_depthwise all;

    all.layer = layer;
    all.row_step = window->dilation_height * row;
    all.column_step = window->dilation_width * window->input_depth;
    all.weight_row = window->filter_width * window->input_depth;
    all.step = window->stride_width * window->input_depth;
    all.limits = eg_f_load_limits(layer->activation_min, layer->activation_max);
    for (int32_t batch = 0; batch < window->batches; ++batch) {
        for (int32_t y = 0; y < window->output_height; ++y) {
            eg_f_depthwise_row(&all, y, input, output);
            output += window->output_width * window->output_depth;
        }
        input += window->input_height * row;
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_DEPTHWISE_CONV_2D_F32_H */
