/* eg_run_depthwise_conv_2d_s8 for the instruction set that was included before. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_DEPTHWISE_CONV_2D_S8_H
#define EDGEGEN_NN_SIMD_KERNELS_DEPTHWISE_CONV_2D_S8_H

#include <stddef.h>

#include "edgegen/nn/simd/depthwise_conv_2d.h"
#include "edgegen/nn/simd/kernels/image.h"
#include "edgegen/nn/simd/kernels/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is the same for a row of the output. */
typedef struct eg_v_depthwise {
    const eg_depthwise_conv_2d_s8_simd *layer;
    const eg_v_input *line[EG_MOST_LINES_SIMD];
    int32_t column_step; /* of the filter, in prepared inputs */
    int32_t weight_step;
    int32_t step; /* from one position to the next */
    int32_t stored;
    eg_v_limits limits;
} eg_v_depthwise;

/* A vector of channels from `channel` on, at `positions`, 1..6, a constant wherever this is
 * called. */
EG_V_INLINE void eg_v_depthwise_tile(const eg_v_depthwise *row, int32_t channel, ptrdiff_t first,
                                     int8_t *out, const int32_t positions)
{
    const eg_depthwise_conv_2d_s8_simd *layer = row->layer;
    const eg_output_simd *output = &layer->output;
    const ptrdiff_t step = row->step;
    const int8_t *weights = layer->weights + channel * EG_V_GROUP;
    const eg_v_sums bias = eg_v_load(output->bias + channel);
    eg_v_sums sums0 = bias, sums1 = bias, sums2 = bias, sums3 = bias, sums4 = bias, sums5 = bias;

#define EG_V_AT(NUMBER)                                                                            \
    if (positions > NUMBER) {                                                                      \
        sums##NUMBER = eg_v_dot(                                                                   \
            sums##NUMBER, tap,                                                                     \
            eg_v_load_inputs(NUMBER < 3 ? at + NUMBER * step : far + (NUMBER - 3) * step));        \
    }
    for (int32_t line = 0; line < layer->lines; ++line) {
        const eg_v_input *at = row->line[line] + first + channel * EG_V_GROUP;
        const eg_v_input *far = at + 3 * step;

        for (int32_t column = layer->window.filter_width; column > 0; --column) {
            const eg_v_groups tap = eg_v_load_weights(weights);

            EG_V_AT(0)
            EG_V_AT(1)
            EG_V_AT(2)
            EG_V_AT(3)
            EG_V_AT(4)
            EG_V_AT(5)
            weights += row->weight_step;
            at += row->column_step;
            far += row->column_step;
        }
    }
#undef EG_V_AT
    const eg_v_scale scale =
        eg_v_load_scale(output->multiplier + channel, output->shift + channel, output->zero_point);

#define EG_V_FINISH(NUMBER)                                                                        \
    if (positions > NUMBER) {                                                                      \
        const eg_v_sums outputs = upwards ? eg_v_rescale_upwards(sums##NUMBER, &scale)             \
                                          : eg_v_rescale(sums##NUMBER, &scale);                    \
                                                                                                   \
        if (row->stored != 0) {                                                                    \
            eg_v_store_some(out, outputs, &row->limits, row->stored);                              \
        } else {                                                                                   \
            eg_v_store(out, outputs, &row->limits);                                                \
        }                                                                                          \
        out += layer->window.output_depth;                                                         \
    }
#define EG_V_FINISH_ALL                                                                            \
    EG_V_FINISH(0)                                                                                 \
    EG_V_FINISH(1)                                                                                 \
    EG_V_FINISH(2)                                                                                 \
    EG_V_FINISH(3)                                                                                 \
    EG_V_FINISH(4)                                                                                 \
    EG_V_FINISH(5)
    if (output->ties_upwards) {
        const bool upwards = true;
        EG_V_FINISH_ALL
    } else {
        const bool upwards = false;
        EG_V_FINISH_ALL
    }
#undef EG_V_FINISH_ALL
#undef EG_V_FINISH
}

typedef void eg_v_depthwise_function(const eg_v_depthwise *row, int32_t channel, ptrdiff_t first,
                                     int8_t *out);

#define EG_V_TILE(POSITIONS)                                                                       \
    EG_V_ALONE void eg_v_depthwise_##POSITIONS(const eg_v_depthwise *row, int32_t channel,         \
                                               ptrdiff_t first, int8_t *out)                       \
    {                                                                                              \
        eg_v_depthwise_tile(row, channel, first, out, POSITIONS);                                  \
    }
EG_V_TILE(1)
EG_V_TILE(2)
EG_V_TILE(3)
EG_V_TILE(4)
EG_V_TILE(5)
EG_V_TILE(6)
#undef EG_V_TILE

enum { EG_V_DEPTHWISE_POSITIONS = 6 };

/* The row's outputs of a vector of channels, in tiles of nearly the same size. */
static void eg_v_depthwise_row(const eg_v_depthwise *row, int32_t channel, int8_t *out)
{
    static eg_v_depthwise_function *const tiles[EG_V_DEPTHWISE_POSITIONS] = {
        eg_v_depthwise_1, eg_v_depthwise_2, eg_v_depthwise_3,
        eg_v_depthwise_4, eg_v_depthwise_5, eg_v_depthwise_6,
    };
    const eg_window_2d *window = &row->layer->window;
    const int32_t count = window->output_width;
    const int32_t number = (count + EG_V_DEPTHWISE_POSITIONS - 1) / EG_V_DEPTHWISE_POSITIONS;
    const int32_t positions = count / number;
    const int32_t larger = count % number;
    ptrdiff_t first = 0;

    for (int32_t i = 0; i < number; ++i) {
        const int32_t together = positions + (i < larger ? 1 : 0);

        tiles[together - 1](row, channel, first, out);
        first += together * row->step;
        out += together * window->output_depth;
    }
}

/* The input's rows from `first` on side by side; outside the image there are zero points. */
static void eg_v_prepare_line(const eg_window_2d *window, const eg_v_image *image,
                              const int8_t *input, const int8_t *outside, int32_t first,
                              eg_v_input *to)
{
    const int32_t depth = window->input_depth;
    const int32_t there = (image->last_column - image->first_column) * depth;
    const int8_t *rows[EG_V_GROUP];

    for (int32_t k = 0; k < EG_V_GROUP; ++k) {
        const int32_t y = first + k * window->dilation_height;

        rows[k] =
            y >= 0 && y < window->input_height ? input + y * window->input_width * depth : outside;
    }
    eg_v_interleave(to + image->first_column * depth * EG_V_GROUP, rows, there);
}

static void eg_v_depthwise_image(const eg_depthwise_conv_2d_s8_simd *layer, const int8_t *input,
                                 int8_t *output, void *scratch)
{
    const eg_window_2d *window = &layer->window;
    const eg_v_image image = eg_v_image_of(window);
    const int32_t channels = window->input_depth;
    const int32_t apart = EG_V_GROUP * window->dilation_height; /* rows, from line to line */
    const int32_t kept = (layer->lines - 1) * apart + 1;
    const int32_t line_inputs = image.row * EG_V_GROUP;
    int32_t *const first_rows = (int32_t *)scratch; /* what every kept line holds */
    eg_v_input *const lines = (eg_v_input *)(first_rows + kept);
    int8_t *const outside = (int8_t *)(lines + kept * line_inputs + EG_V_LANES * EG_V_GROUP);
    eg_v_depthwise row;

    row.layer = layer;
    row.column_step = window->dilation_width * channels * EG_V_GROUP;
    row.weight_step = (channels > EG_V_LANES ? channels : EG_V_LANES) * EG_V_GROUP;
    row.step = window->stride_width * channels * EG_V_GROUP;
    row.stored = channels < EG_V_LANES ? channels : 0;
    row.limits = eg_v_load_limits(layer->output.activation_min, layer->output.activation_max);
    eg_v_fill_inputs(lines, eg_v_prepared(layer->input_zero_point),
                     kept * line_inputs + EG_V_LANES * EG_V_GROUP);
    memset(outside, layer->input_zero_point, (size_t)(window->input_width * channels));
    for (int32_t k = 0; k < kept; ++k) {
        first_rows[k] = INT32_MIN;
    }
    for (int32_t y = 0; y < window->output_height; ++y) {
        const int32_t top = y * window->stride_height; /* counted from the padding's first row */

        for (int32_t line = 0; line < layer->lines; ++line) {
            const int32_t first = top + line * apart;
            eg_v_input *const place = lines + first % kept * line_inputs;

            if (first_rows[first % kept] != first) {
                first_rows[first % kept] = first;
                eg_v_prepare_line(window, &image, input, outside, first - window->pad_top, place);
            }
            row.line[line] = place;
        }
        for (int32_t c = 0; c < channels; c += EG_V_LANES) {
            const int32_t last = channels > EG_V_LANES ? channels - EG_V_LANES : 0;
            const int32_t channel = c < last ? c : last;

            eg_v_depthwise_row(&row, channel, output + channel);
        }
        output += window->output_width * channels;
    }
}

void EG_V(eg_run_depthwise_conv_2d_s8)(const eg_depthwise_conv_2d_s8_simd *layer,
                                       const int8_t *input, int8_t *output, void *scratch)
{
    const eg_window_2d *window = &layer->window;

    for (int32_t batch = 0; batch < window->batches; ++batch) {
        eg_v_depthwise_image(layer, input, output, scratch);
        input += window->input_height * window->input_width * window->input_depth;
        output += window->output_height * window->output_width * window->output_depth;
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_DEPTHWISE_CONV_2D_S8_H */
