/* eg_run_conv_2d_f32 for the instruction set that was included before. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_CONV_2D_F32_H
#define EDGEGEN_NN_SIMD_KERNELS_CONV_2D_F32_H

#include "edgegen/nn/simd/conv_2d_f32.h"
#include "edgegen/nn/simd/kernels/tile_f32.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Vectors in the block that begins with so many channels missing. */
static inline int32_t eg_f_block_vectors(int32_t vectors, int32_t channels, int32_t missing)
{
    while (vectors > 1 &&
           (channels < vectors * EG_F_LANES || missing <= vectors / 2 * EG_F_LANES)) {
        vectors /= 2;
    }
    return vectors;
}

/* One image, whose rows are `row` floats. */
static void eg_f_convolve(const eg_conv_2d_f32_simd *layer, const float *image, int32_t row,
                          float *output)
{
    const eg_window_2d *window = &layer->window;
    const int32_t channels = window->output_depth;
    const float *weights = layer->weights;
    eg_f_block block;

    block.rows = window->filter_height;
    block.row_step = window->dilation_height * row;
    block.columns = window->dilation_width == 1 ? 1 : window->filter_width;
    block.column_step = window->dilation_width * window->input_depth;
    block.inputs = layer->inputs;
    block.step = window->stride_width * window->input_depth;
    block.output_step = channels;
    block.stored = channels < EG_F_LANES ? channels : 0;
    block.limits = eg_f_load_limits(layer->activation_min, layer->activation_max);
    for (int32_t c = 0; c < channels;) {
        const int32_t vectors = eg_f_block_vectors(layer->vectors, channels, channels - c);
        const int32_t width = vectors * EG_F_LANES;
        const int32_t last = channels > width ? channels - width : 0;
        const int32_t first = c < last ? c : last;
        const float *in = image;
        float *out = output + first;

        block.weights = weights;
        block.bias = layer->bias + first;
        for (int32_t y = 0; y < window->output_height; ++y) {
            eg_f_tiles(&block, in, out, window->output_width, vectors);
            in += window->stride_height * row;
            out += window->output_width * channels;
        }
        weights += block.rows * block.columns * block.inputs * width;
        c += width;
    }
}

void EG_F(eg_run_conv_2d_f32)(const eg_conv_2d_f32_simd *layer, const float *input, float *output)
{
    const eg_window_2d *window = &layer->window;
    const int32_t row = window->input_width * window->input_depth;

    for (int32_t batch = 0; batch < window->batches; ++batch) {
        eg_f_convolve(layer, input, row, output);
        input += window->input_height * row;
        output += window->output_height * window->output_width * window->output_depth;
    }
}

static void eg_f_copy(float *to, const float *from, int32_t count)
{
    int32_t i = 0;

    for (; i + EG_F_LANES <= count; i += EG_F_LANES) {
        eg_f_save(to + i, eg_f_load(from + i));
    }
    for (; i < count; ++i) {
        to[i] = from[i];
    }
}

static void eg_f_zeros(float *to, int32_t count)
{
    for (int32_t i = 0; i < count; ++i) {
        to[i] = 0.0f;
    }
}

static inline int32_t eg_f_between(int32_t x, int32_t low, int32_t high)
{
    return x < low ? low : (x > high ? high : x);
}

/* What the filter sees of an image: `rows` of `row` floats, zeros around it included. */
static void eg_f_pad(const eg_window_2d *window, const float *input, int32_t rows, int32_t row,
                     float *to)
{
    const int32_t depth = window->input_depth;
    const int32_t line = window->input_width * depth;
    const int32_t start = eg_f_between(window->pad_left * depth, 0, row);
    const int32_t end = eg_f_between(window->pad_left * depth + line, start, row);

    for (int32_t y = -window->pad_top; y < rows - window->pad_top; ++y) {
        if (y < 0 || y >= window->input_height) {
            eg_f_zeros(to, row);
        } else {
            eg_f_zeros(to, start);
            eg_f_copy(to + start, input + y * line, end - start);
            eg_f_zeros(to + end, row - end);
        }
        to += row;
    }
}

void EG_F(eg_run_conv_2d_padded_f32)(const eg_conv_2d_f32_simd *layer, const float *input,
                                     float *output, void *scratch)
{
    const eg_window_2d *window = &layer->window;
    const int32_t rows = (window->output_height - 1) * window->stride_height +
                         (window->filter_height - 1) * window->dilation_height + 1;
    const int32_t columns = (window->output_width - 1) * window->stride_width +
                            (window->filter_width - 1) * window->dilation_width + 1;
    const int32_t row = columns * window->input_depth;
    float *const padded = (float *)scratch;

    for (int32_t batch = 0; batch < window->batches; ++batch) {
        eg_f_pad(window, input, rows, row, padded);
        eg_f_convolve(layer, padded, row, output);
        input += window->input_height * window->input_width * window->input_depth;
        output += window->output_height * window->output_width * window->output_depth;
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_CONV_2D_F32_H */
