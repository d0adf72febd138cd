/* eg_run_conv_2d_s8 for the instruction set that was included before. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_CONV_2D_S8_H
#define EDGEGEN_NN_SIMD_KERNELS_CONV_2D_S8_H

#include "edgegen/nn/simd/conv_2d.h"
#include "edgegen/nn/simd/kernels/image.h"
#include "edgegen/nn/simd/kernels/tile.h"

#ifdef __cplusplus
extern "C" {
#endif

static void eg_v_prepare_image(const eg_conv_2d_s8_simd *layer, const eg_v_image *image,
                               const int8_t *input, eg_v_input *to)
{
    const eg_window_2d *window = &layer->window;
    const eg_v_input zero = eg_v_prepared(layer->input_zero_point);
    const int32_t depth = window->input_depth;
    const int32_t start = image->first_column;
    const int32_t end = image->last_column;
    const bool is_whole = image->columns == window->input_width && window->pad_left == 0;

    if (is_whole && image->rows == window->input_height && window->pad_top == 0) {
        eg_v_prepare(to, input, image->rows * image->row);
        return;
    }
    for (int32_t y = -window->pad_top; y < image->rows - window->pad_top; ++y) {
        if (y < 0 || y >= window->input_height) {
            eg_v_fill_inputs(to, zero, image->row);
        } else {
            eg_v_fill_inputs(to, zero, start * depth);
            eg_v_prepare(to + start * depth, input + y * window->input_width * depth,
                         (end - start) * depth);
            eg_v_fill_inputs(to + end * depth, zero, (image->columns - end) * depth);
        }
        to += image->row;
    }
}

/* A block of channels at all positions. */
static void eg_v_convolve(const eg_v_block *block, const eg_window_2d *window, const eg_v_input *in,
                          int32_t in_row, int8_t *out, int32_t vectors)
{
    for (int32_t y = 0; y < window->output_height; ++y) {
        eg_v_tiles(block, in, out, window->output_width, vectors);
        in += window->stride_height * in_row;
        out += window->output_width * window->output_depth;
    }
}

/* Two vectors of sums, from a channel on, up to their outputs. */
EG_V_ALONE void eg_v_finish_vectors(const eg_output_simd *output, int32_t channel, eg_v_sums a,
                                    eg_v_sums b, const eg_v_limits *limits, int8_t *out)
{
    const int32_t *multiplier = output->multiplier + channel;
    const int32_t *shift = output->shift + channel;
    const eg_v_scale scale_a = eg_v_load_scale(multiplier, shift, output->zero_point);
    const eg_v_scale scale_b =
        eg_v_load_scale(multiplier + EG_V_LANES, shift + EG_V_LANES, output->zero_point);

    if (output->ties_upwards) {
        eg_v_store_two(out + channel, eg_v_rescale_upwards(a, &scale_a),
                       eg_v_rescale_upwards(b, &scale_b), limits);
    } else {
        eg_v_store_two(out + channel, eg_v_rescale(a, &scale_a), eg_v_rescale(b, &scale_b), limits);
    }
}

/* A matrix times a vector: every weight is used once, so what can be shared is the inputs, by two
 * blocks of two vectors. Returns how many channels that were. */
static int32_t eg_v_multiply_vector(const eg_conv_2d_s8_simd *layer, const eg_v_input *in,
                                    int8_t *out)
{
    const eg_output_simd *output = &layer->output;
    const eg_v_limits limits = eg_v_load_limits(output->activation_min, output->activation_max);
    const int32_t vector = EG_V_LANES * EG_V_GROUP;
    const int32_t width = 2 * EG_V_LANES;
    const int8_t *weights = layer->weights;
    int32_t channel = 0;

    if (output->lane_by_lane) {
        return 0;
    }
    for (; channel + 2 * width <= layer->window.output_depth; channel += 2 * width) {
        const int32_t *bias = output->bias + channel;
        const int8_t *further = weights + layer->groups * 2 * vector;
        const eg_v_input *at = in;
        eg_v_sums a = eg_v_load(bias);
        eg_v_sums b = eg_v_load(bias + EG_V_LANES);
        eg_v_sums c = eg_v_load(bias + 2 * EG_V_LANES);
        eg_v_sums d = eg_v_load(bias + 3 * EG_V_LANES);

        for (int32_t group = layer->groups; group > 0; --group) {
            const eg_v_groups x = eg_v_spread(at);

            a = eg_v_dot(a, eg_v_load_weights(weights), x);
            b = eg_v_dot(b, eg_v_load_weights(weights + vector), x);
            c = eg_v_dot(c, eg_v_load_weights(further), x);
            d = eg_v_dot(d, eg_v_load_weights(further + vector), x);
            at += EG_V_GROUP;
            weights += 2 * vector;
            further += 2 * vector;
        }
        weights = further;
        eg_v_finish_vectors(output, channel, a, b, &limits, out);
        eg_v_finish_vectors(output, channel + width, c, d, &limits, out);
    }
    return channel;
}

void EG_V(eg_run_conv_2d_s8)(const eg_conv_2d_s8_simd *layer, const int8_t *input, int8_t *output,
                             void *scratch)
{
    const eg_window_2d *window = &layer->window;
    const eg_v_image image = eg_v_image_of(window);
    const int32_t depth = window->input_depth;
    const int32_t channels = window->output_depth;
    eg_v_input *const prepared = (eg_v_input *)scratch;
    eg_v_block block;

    block.rows = window->filter_height;
    block.row_step = window->dilation_height * image.row;
    block.columns = window->dilation_width == 1 ? 1 : window->filter_width;
    block.column_step = window->dilation_width * depth;
    block.groups = layer->groups;
    block.step = window->stride_width * depth;
    for (int32_t batch = 0; batch < window->batches; ++batch) {
        const int8_t *weights = layer->weights;
        int32_t c = 0;

        eg_v_prepare_image(layer, &image, input, prepared);
        if (block.rows == 1 && block.columns == 1 && window->output_height == 1 &&
            window->output_width == 1) {
            c = eg_v_multiply_vector(layer, prepared, output);
            weights += c * block.groups * EG_V_GROUP;
        }
        while (c < channels) {
            const int32_t vectors = eg_v_vectors(channels, c);
            const int32_t width = vectors * EG_V_LANES;
            const int32_t first = eg_v_first(channels, c, vectors);

            block.weights = weights;
            block.bias = layer->output.bias + first;
            eg_v_begin_finishing(&block.finish, &layer->output, channels, first, vectors);
            eg_v_convolve(&block, window, prepared, image.row, output + first, vectors);
            weights += block.rows * block.columns * block.groups * width * EG_V_GROUP;
            c += width;
        }
        input += window->input_height * window->input_width * depth;
        output += window->output_height * window->output_width * channels;
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_CONV_2D_S8_H */
