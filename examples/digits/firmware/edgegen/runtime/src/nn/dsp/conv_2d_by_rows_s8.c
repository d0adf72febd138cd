#include <string.h>

#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/conv_2d.h"

/* One layer at work, and the parts of its scratch. */
typedef struct job {
    const eg_conv_2d_by_rows_s8_dsp *layer;
    int32_t filter_row; /* bytes of it, and whole groups */
    int32_t groups;
    int32_t step;      /* bytes from one view to the next */
    int32_t row_bytes; /* of the image */
    int32_t before;    /* bytes in a line before the image's first */
    int32_t pitch;     /* bytes of a line */
    uint32_t *words;
    int8_t *lines;      /* that the filter covers for a row of outputs, padded */
    int8_t *outputs[2]; /* what must not reach the image */
} job;

static job start(const eg_conv_2d_by_rows_s8_dsp *layer, uint32_t *scratch)
{
    const eg_window_2d *window = &layer->window;
    const int32_t depth = window->input_depth;
    const int32_t row = window->filter_width * depth;
    uint32_t *end = scratch + EG_PAIR_GROUP_WORDS * layer->matrix.groups;
    int8_t *lines = (int8_t *)end;
    int8_t *outputs = lines + window->filter_height * layer->line_bytes;

    memset(lines, layer->input_zero_point, (size_t)(outputs - lines)); /* all padding, for now */
    /* The last words may be filled up: by 0, as nothing may be read that was never written. */
    end[-1] = end[-2] = 0;
    return (job){
        .layer = layer,
        .filter_row = row,
        .groups = row / EG_GROUP,
        .step = window->stride_width * depth,
        .row_bytes = window->input_width * depth,
        .before = (window->pad_left * depth + 3) / 4 * 4,
        .pitch = layer->line_bytes,
        .words = scratch,
        .lines = lines,
        .outputs = {outputs, outputs + EG_CHANNELS_PER_BLOCK * layer->matrix.blocks},
    };
}

/* What the filter covers from the image's row `top` on. */
static void fill_lines(const job *j, const int8_t *image, int32_t top)
{
    const eg_window_2d *window = &j->layer->window;
    const int32_t space = j->pitch - j->before;
    const size_t inside = (size_t)(j->row_bytes < space ? j->row_bytes : space);
    int8_t *line = j->lines + j->before;

    for (int32_t row = top; row < top + window->filter_height; ++row) {
        if (row >= 0 && row < window->input_height) {
            memcpy(line, image + row * j->row_bytes, inside);
        } else {
            memset(line, j->layer->input_zero_point, inside);
        }
        line += j->pitch;
    }
}

/* A byte of a row of the filter and another's, a pair. */
static inline uint32_t pair_of(const int8_t *low, const int8_t *high)
{
    return eg_pkhbt((uint32_t)*low, (uint32_t)*high);
}

/* Widens a view and the one `other` bytes away. A last row without a second is its own, with
 * weights of 0. */
static void widen_views(const job *j, const int8_t *row, int32_t other)
{
    uint32_t *words = j->words;

    for (int32_t rows = j->layer->window.filter_height; rows > 0; rows -= 2) {
        const int8_t *second = row;

        words = eg_widen_pair(row, row + other, j->groups, words);
        if (rows > 1) {
            second += j->pitch;
            words = eg_widen_pair(second, second + other, j->groups, words);
        }
        for (int32_t i = EG_GROUP * j->groups; i < j->filter_row; ++i) {
            words = eg_store_two(words, pair_of(row + i, second + i),
                                 pair_of(row + other + i, second + other + i));
        }
        row = second + j->pitch;
    }
}

static inline uint32_t *widen_eight(const int8_t *row, const int8_t *other, uint32_t *words)
{
    words = eg_widen_group(row, other, words);
    return eg_widen_group(row + EG_GROUP, other + EG_GROUP, words);
}

/* The same for rows of nine bytes, as of 3x3 filters on images of three channels, the usual first
 * layer. */
static void widen_nines(const job *j, const int8_t *row, int32_t other)
{
    uint32_t *words = j->words;

    for (int32_t rows = j->layer->window.filter_height; rows > 0; rows -= 2) {
        const int8_t *other_row = row + other;
        const int8_t *second = row;
        const int8_t *other_second = other_row;

        words = widen_eight(row, other_row, words);
        if (rows > 1) {
            second += j->pitch;
            other_second += j->pitch;
            words = widen_eight(second, other_second, words);
        }
        words = eg_store_two(words, pair_of(row + 8, second + 8),
                             pair_of(other_row + 8, other_second + 8));
        row = second + j->pitch;
    }
}

/* The outputs of two positions. */
static void multiply_views(const job *j, int8_t *a, int8_t *b)
{
    const size_t channels = (size_t)j->layer->window.output_depth;

    if (channels % EG_CHANNELS_PER_BLOCK == 0) {
        eg_multiply_pair(&j->layer->matrix, j->words, a, b);
        return;
    }
    eg_multiply_pair(&j->layer->matrix, j->words, j->outputs[0], j->outputs[1]);
    memcpy(a, j->outputs[0], channels);
    memcpy(b, j->outputs[1], channels);
}

void eg_run_conv_2d_by_rows_s8_dsp(const eg_conv_2d_by_rows_s8_dsp *layer, const int8_t *input,
                                   int8_t *output, void *scratch)
{
    const eg_window_2d *window = &layer->window;
    const int32_t channels = window->output_depth;
    const int32_t width = window->output_width;
    const job j = start(layer, scratch);

    for (int32_t batch = 0; batch < window->batches; ++batch) {
        for (int32_t y = 0; y < window->output_height; ++y) {
            const int8_t *view = j.lines + j.before - window->pad_left * window->input_depth;

            fill_lines(&j, input, y * window->stride_height - window->pad_top);
            for (int32_t left = width; left > 0; left -= 2) {
                /* The last position of an odd number is computed twice. */
                const int is_last = left == 1;

                (j.filter_row == 9 ? widen_nines : widen_views)(&j, view, is_last ? 0 : j.step);
                multiply_views(&j, output, is_last ? output : output + channels);
                view += 2 * j.step;
                output += is_last ? channels : 2 * channels;
            }
        }
        input += window->input_height * j.row_bytes;
    }
}
