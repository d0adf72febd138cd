#include "edgegen/nn/dsp/conv_2d.h"

#include <string.h>

/* One layer at work, and the parts of its scratch. */
typedef struct job {
    const eg_conv_2d_s8_dsp *layer;
    const int8_t *input; /* one image */
    int32_t line_bytes;
    int32_t pitch;        /* bytes of an image's row */
    int32_t first_column; /* of the input that the filter covers, and the one behind its last */
    int32_t end_column;
    const int8_t *first_line; /* in row 0 */
    int32_t direct_rows;      /* rows from here on must be padded */
    uint32_t *words;          /* widened lines */
    int8_t *outside;          /* a line of zero points */
    int8_t *padded[2];        /* lines that are in part outside the image */
    int8_t *outputs[2];       /* what must not reach the image */
} job;

static job start(const eg_conv_2d_s8_dsp *layer, int32_t lines, uint32_t *scratch)
{
    const int32_t line_bytes = EG_GROUP * layer->line_groups;
    const int32_t output_bytes = EG_CHANNELS_PER_BLOCK * layer->matrix.blocks;
    int8_t *bytes = (int8_t *)(scratch + EG_PAIR_GROUP_WORDS * layer->line_groups * lines);
    const job made = {
        .layer = layer,
        .line_bytes = line_bytes,
        .pitch = layer->window.input_width * layer->window.input_depth,
        .words = scratch,
        .outside = bytes,
        .padded = {bytes + line_bytes, bytes + 2 * line_bytes},
        .outputs = {bytes + 3 * line_bytes, bytes + 3 * line_bytes + output_bytes},
    };

    memset(made.outside, layer->input_zero_point, (size_t)line_bytes);
    return made;
}

/* What a row of the filter covers in a row of the input, where that isn't inside the image: a copy
 * of it in j->padded[which]. */
static const int8_t *padded_line(const job *j, int32_t row, int32_t which)
{
    const eg_window_2d *window = &j->layer->window;
    const int32_t depth = window->input_depth;
    const int32_t width = window->input_width;
    const int32_t first = j->first_column > 0 ? j->first_column : 0;
    const int32_t end = j->end_column < width ? j->end_column : width;

    memcpy(j->padded[which], j->outside, (size_t)j->line_bytes);
    if (first < end) {
        memcpy(j->padded[which] + (first - j->first_column) * depth,
               j->input + (row * width + first) * depth, (size_t)((end - first) * depth));
    }
    return j->padded[which];
}

/* The same for any row. Behind a line's end weights are 0, so any byte of the image will do. */
static inline const int8_t *line_at(const job *j, int32_t row, int32_t which)
{
    if ((uint32_t)row >= (uint32_t)j->layer->window.input_height) {
        return j->outside;
    }
    return row < j->direct_rows ? j->first_line + row * j->pitch : padded_line(j, row, which);
}

/* Moves on to the filter's column x. */
static void set_column(job *j, int32_t x)
{
    const eg_window_2d *window = &j->layer->window;
    const int32_t length = window->filter_width * window->input_depth;

    j->first_column = x * window->stride_width - window->pad_left;
    j->end_column = j->first_column + window->filter_width;
    j->first_line = j->input + j->first_column * window->input_depth;
    j->direct_rows = 0;
    if (j->first_column >= 0 && j->end_column <= window->input_width) {
        const int32_t behind = (window->input_width - j->end_column) * window->input_depth;
        const int is_last_safe = j->line_bytes <= length + behind;

        j->direct_rows = window->input_height - (is_last_safe ? 0 : 1);
    }
}

static void widen_column(const job *j, int32_t lines, int32_t distance)
{
    uint32_t *words = j->words;

    for (int32_t row = -j->layer->window.pad_top; lines > 0; --lines, ++row) {
        words = eg_widen_pair(line_at(j, row, 0), line_at(j, row + distance, 1),
                              j->layer->line_groups, words);
    }
}

static void multiply_column(const job *j, int32_t half, int8_t *output)
{
    const eg_window_2d *window = &j->layer->window;
    const eg_matmul_dsp *matrix = &j->layer->matrix;
    const int32_t channels = window->output_depth;
    const int32_t ragged = channels % EG_CHANNELS_PER_BLOCK;
    const int32_t pitch = window->output_width * channels;
    const uint32_t *words = j->words;

    for (int32_t y = 0; y < half; ++y) {
        const int has_b = y + half < window->output_height;
        int8_t *b = output + half * pitch;

        eg_multiply_pair(matrix, words, ragged ? j->outputs[0] : output,
                         ragged || !has_b ? j->outputs[1] : b);
        if (ragged) {
            memcpy(output, j->outputs[0], (size_t)channels);
        }
        if (ragged && has_b) {
            memcpy(b, j->outputs[1], (size_t)channels);
        }
        output += pitch;
        words += EG_PAIR_GROUP_WORDS * j->layer->line_groups * window->stride_height;
    }
}

void eg_run_conv_2d_s8_dsp(const eg_conv_2d_s8_dsp *layer, const int8_t *input, int8_t *output,
                           void *scratch)
{
    const eg_window_2d *window = &layer->window;
    const int32_t half = (window->output_height + 1) / 2;
    const int32_t lines = (half - 1) * window->stride_height + window->filter_height;
    job j = start(layer, lines, scratch);

    for (int32_t batch = 0; batch < window->batches; ++batch) {
        j.input = input;
        for (int32_t x = 0; x < window->output_width; ++x) {
            set_column(&j, x);
            widen_column(&j, lines, half * window->stride_height);
            multiply_column(&j, half, output + x * window->output_depth);
        }
        input += window->input_height * window->input_width * window->input_depth;
        output += window->output_height * window->output_width * window->output_depth;
    }
}
