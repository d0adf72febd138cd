/* eg_run_depthwise_conv_2d_s8 for the instruction set that was included before. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_DEPTHWISE_CONV_2D_S8_H
#define EDGEGEN_NN_SIMD_KERNELS_DEPTHWISE_CONV_2D_S8_H

#include <stddef.h>

#include "edgegen/nn/simd/depthwise_conv_2d.h"
#include "edgegen/nn/simd/kernels/finish.h"
#include "edgegen/nn/simd/kernels/image.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef EG_V_DEPTHWISE_POSITIONS
#define EG_V_DEPTHWISE_POSITIONS 6
#endif

/* What is the same for a row of the output. */
typedef struct eg_v_depthwise {
    const eg_depthwise_conv_2d_s8_simd *layer;
    const eg_v_input *line[EG_MOST_LINES_SIMD];
    int32_t column_step; /* of the filter, in prepared inputs */
    int32_t weight_step;
    int32_t step; /* from one position to the next */
} eg_v_depthwise;

/* A vector of channels from `channel` on, at `positions`, 1..6, a constant wherever this is
 * called. */
EG_V_INLINE void eg_v_depthwise_tile(const eg_v_depthwise *row, int32_t channel, ptrdiff_t first,
                                     int32_t *sums, int32_t sum_step, const int32_t positions)
{
    const eg_depthwise_conv_2d_s8_simd *layer = row->layer;
    const ptrdiff_t step = row->step;
    const int8_t *weights = layer->weights + channel * EG_V_GROUP;
    const eg_v_sums bias = eg_v_load(layer->output.bias + channel);
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
#define EG_V_SAVE(NUMBER)                                                                          \
    if (positions > NUMBER) {                                                                      \
        eg_v_save(sums + NUMBER * sum_step, sums##NUMBER);                                         \
    }
    EG_V_SAVE(0)
    EG_V_SAVE(1)
    EG_V_SAVE(2)
    EG_V_SAVE(3)
    EG_V_SAVE(4)
    EG_V_SAVE(5)
#undef EG_V_SAVE
}

typedef void eg_v_depthwise_function(const eg_v_depthwise *row, int32_t channel, ptrdiff_t first,
                                     int32_t *sums, int32_t sum_step);

#define EG_V_TILE(POSITIONS)                                                                       \
    EG_V_ALONE void eg_v_depthwise_##POSITIONS(const eg_v_depthwise *row, int32_t channel,         \
                                               ptrdiff_t first, int32_t *sums, int32_t sum_step)   \
    {                                                                                              \
        eg_v_depthwise_tile(row, channel, first, sums, sum_step, POSITIONS);                       \
    }
EG_V_TILE(1)
EG_V_TILE(2)
EG_V_TILE(3)
#if EG_V_DEPTHWISE_POSITIONS > 3
EG_V_TILE(4)
EG_V_TILE(5)
EG_V_TILE(6)
#endif
#undef EG_V_TILE

/* The sums of a vector of channels at `count` positions, in tiles of nearly the same size. */
static void eg_v_depthwise_sums(const eg_v_depthwise *row, int32_t channel, ptrdiff_t first,
                                int32_t *sums, int32_t sum_step, int32_t count)
{
    static eg_v_depthwise_function *const tiles[EG_V_DEPTHWISE_POSITIONS] = {
        eg_v_depthwise_1,
        eg_v_depthwise_2,
        eg_v_depthwise_3,
#if EG_V_DEPTHWISE_POSITIONS > 3
        eg_v_depthwise_4,
        eg_v_depthwise_5,
        eg_v_depthwise_6,
#endif
    };
    const int32_t number = (count + EG_V_DEPTHWISE_POSITIONS - 1) / EG_V_DEPTHWISE_POSITIONS;
    const int32_t positions = count / number;
    const int32_t larger = count % number;

    for (int32_t i = 0; i < number; ++i) {
        const int32_t together = positions + (i < larger ? 1 : 0);

        tiles[together - 1](row, channel, first, sums, sum_step);
        first += together * row->step;
        sums += together * sum_step;
    }
}

/* Lines of a filter of 3 rows. */
enum { EG_V_LINES_OF_THREE = (3 + EG_V_GROUP - 1) / EG_V_GROUP };

/* The same for filters of three columns that move by `stride` columns, 1 or 2, a constant wherever
 * this is called: the whole filter is in registers, and every column of the image is loaded once.
 * What a column adds to the sums of later positions is kept in `next` and `after`. */
EG_V_INLINE void eg_v_depthwise_three(const eg_v_depthwise *row, int32_t channel, ptrdiff_t first,
                                      int32_t *sums, int32_t sum_step, int32_t count,
                                      const int32_t stride)
{
    const eg_depthwise_conv_2d_s8_simd *layer = row->layer;
    const int8_t *weights = layer->weights + channel * EG_V_GROUP;
    const eg_v_sums bias = eg_v_load(layer->output.bias + channel);
    const ptrdiff_t column = row->column_step;
    const eg_v_input *at = row->line[0] + first + channel * EG_V_GROUP;
    const eg_v_groups left = eg_v_load_weights(weights);
    const eg_v_groups middle = eg_v_load_weights(weights + row->weight_step);
    const eg_v_groups right = eg_v_load_weights(weights + 2 * row->weight_step);
#if EG_V_GROUP < 3
    const ptrdiff_t below = row->line[EG_V_LINES_OF_THREE - 1] - row->line[0];
    const int8_t *more = weights + 3 * row->weight_step;
    const eg_v_groups left_below = eg_v_load_weights(more);
    const eg_v_groups middle_below = eg_v_load_weights(more + row->weight_step);
    const eg_v_groups right_below = eg_v_load_weights(more + 2 * row->weight_step);
#define EG_V_ADD(SUMS, TAP)                                                                        \
    eg_v_dot(eg_v_dot(SUMS, TAP, eg_v_load_inputs(at)), TAP##_below, eg_v_load_inputs(at + below))
#else
#define EG_V_ADD(SUMS, TAP) eg_v_dot(SUMS, TAP, eg_v_load_inputs(at))
#endif
    eg_v_sums next = EG_V_ADD(bias, left);
    eg_v_sums after = bias;

    at += column;
    if (stride == 1) {
        next = EG_V_ADD(next, middle);
        after = EG_V_ADD(bias, left);
        at += column;
    }
    for (; count > 0; --count) {
        if (stride == 2) {
            next = EG_V_ADD(next, middle);
            at += column;
        }
        eg_v_save(sums, EG_V_ADD(next, right));
        next = stride == 1 ? EG_V_ADD(after, middle) : EG_V_ADD(bias, left);
        if (stride == 1) {
            after = EG_V_ADD(bias, left);
        }
        at += column;
        sums += sum_step;
    }
#undef EG_V_ADD
}

EG_V_ALONE void eg_v_depthwise_three_by_1(const eg_v_depthwise *row, int32_t channel,
                                          ptrdiff_t first, int32_t *sums, int32_t sum_step,
                                          int32_t count)
{
    eg_v_depthwise_three(row, channel, first, sums, sum_step, count, 1);
}

EG_V_ALONE void eg_v_depthwise_three_by_2(const eg_v_depthwise *row, int32_t channel,
                                          ptrdiff_t first, int32_t *sums, int32_t sum_step,
                                          int32_t count)
{
    eg_v_depthwise_three(row, channel, first, sums, sum_step, count, 2);
}

typedef void eg_v_depthwise_way(const eg_v_depthwise *row, int32_t channel, ptrdiff_t first,
                                int32_t *sums, int32_t sum_step, int32_t count);

static eg_v_depthwise_way *eg_v_depthwise_way_of(const eg_depthwise_conv_2d_s8_simd *layer)
{
    const eg_window_2d *window = &layer->window;

    if (window->filter_width != 3 || window->dilation_width != 1 ||
        layer->lines != EG_V_LINES_OF_THREE || window->stride_width > 2) {
        return eg_v_depthwise_sums;
    }
    return window->stride_width == 1 ? eg_v_depthwise_three_by_1 : eg_v_depthwise_three_by_2;
}

/* The outputs of one vector of channels or of two in so many rows. Several rows have no more than
 * EG_POSITIONS_SIMD positions. */
static void eg_v_depthwise_rows(const eg_v_depthwise *rows, int32_t number, eg_v_depthwise_way *way,
                                int32_t channel, int32_t vectors, int8_t *out)
{
    const eg_depthwise_conv_2d_s8_simd *layer = rows[0].layer;
    const int32_t count = layer->window.output_width;
    const int32_t step = vectors * EG_V_LANES;
    eg_v_finishing finish;

    eg_v_begin_finishing(&finish, &layer->output, layer->window.output_depth, channel, vectors);
    for (int32_t x = 0; x < count; x += EG_POSITIONS_SIMD) {
        const int32_t together = count - x < EG_POSITIONS_SIMD ? count - x : EG_POSITIONS_SIMD;
        int32_t sums[EG_POSITIONS_SIMD * 2 * EG_V_LANES];

        for (int32_t i = 0; i < number * vectors; ++i) {
            const eg_v_depthwise *row = &rows[i / vectors];
            const int32_t vector = i % vectors;

            way(row, channel + vector * EG_V_LANES, (ptrdiff_t)x * row->step,
                sums + i / vectors * together * step + vector * EG_V_LANES, step, together);
        }
        eg_v_finish(&finish, sums, out + x * finish.step, number * together, vectors);
    }
}

/* Zero points to the left and to the right of what a line has of the image; `pixel` prepared inputs
 * are a column. */
static void eg_v_fill_beside(const eg_v_image *image, eg_v_input zero, int32_t pixel,
                             eg_v_input *line)
{
    eg_v_fill_inputs(line, zero, image->first_column * pixel);
    eg_v_fill_inputs(line + image->last_column * pixel, zero,
                     (image->columns - image->last_column) * pixel);
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

/* Small images: what is prepared for a block of channels serves several rows. */
static inline int32_t eg_v_rows_together(const eg_window_2d *window)
{
    const int32_t room = EG_POSITIONS_SIMD / window->output_width;
    const int32_t most =
        window->output_height < EG_MOST_ROWS_SIMD ? window->output_height : EG_MOST_ROWS_SIMD;

    return room < 1 ? 1 : (room < most ? room : most);
}

static void eg_v_depthwise_image(const eg_depthwise_conv_2d_s8_simd *layer, const int8_t *input,
                                 int8_t *output, void *scratch)
{
    const eg_window_2d *window = &layer->window;
    const eg_v_image image = eg_v_image_of(window);
    const int32_t channels = window->input_depth;
    const int32_t together = eg_v_rows_together(window);
    const int32_t apart = EG_V_GROUP * window->dilation_height; /* rows, from line to line */
    const int32_t kept = (together - 1) * window->stride_height + (layer->lines - 1) * apart + 1;
    const int32_t line_inputs = image.row * EG_V_GROUP;
    int32_t *const first_rows = (int32_t *)scratch; /* what every kept line holds */
    eg_v_input *const lines = (eg_v_input *)(first_rows + kept);
    int8_t *const outside = (int8_t *)(lines + kept * line_inputs + EG_V_LANES * EG_V_GROUP);
    eg_v_depthwise_way *const way = eg_v_depthwise_way_of(layer);
    const eg_v_input zero = eg_v_prepared(layer->input_zero_point);
    const int32_t group = channels * EG_V_GROUP;
    eg_v_depthwise rows[EG_MOST_ROWS_SIMD];

    memset(outside, layer->input_zero_point, (size_t)(window->input_width * channels));
    for (int32_t k = 0; k < kept; ++k) {
        first_rows[k] = INT32_MIN;
        eg_v_fill_beside(&image, zero, group, lines + k * line_inputs);
    }
    eg_v_fill_inputs(lines + kept * line_inputs, zero, EG_V_LANES * EG_V_GROUP);
    for (int32_t i = 0; i < together; ++i) {
        rows[i].layer = layer;
        rows[i].column_step = window->dilation_width * group;
        rows[i].weight_step = (channels > EG_V_LANES ? channels : EG_V_LANES) * EG_V_GROUP;
        rows[i].step = window->stride_width * group;
    }
    for (int32_t y = 0; y < window->output_height; y += together) {
        const int32_t left = window->output_height - y;
        const int32_t number = left < together ? left : together;

        for (int32_t i = 0; i < number * layer->lines; ++i) {
            const int32_t row = i / layer->lines;
            const int32_t line = i % layer->lines;
            /* Counted from the padding's first row. */
            const int32_t first = (y + row) * window->stride_height + line * apart;
            eg_v_input *const place = lines + first % kept * line_inputs;

            if (first_rows[first % kept] != first) {
                first_rows[first % kept] = first;
                eg_v_prepare_line(window, &image, input, outside, first - window->pad_top, place);
            }
            rows[row].line[line] = place;
        }
        for (int32_t c = 0; c < channels;) {
            const int32_t vectors = eg_v_vectors(channels, c);
            const int32_t first = eg_v_first(channels, c, vectors);

            eg_v_depthwise_rows(rows, number, way, first, vectors, output + first);
            c += vectors * EG_V_LANES;
        }
        output += number * window->output_width * channels;
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
