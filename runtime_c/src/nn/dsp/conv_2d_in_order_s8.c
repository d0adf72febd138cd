#include <string.h>

#include "edgegen/nn/dsp/conv_2d.h"

/* One layer at work on one image. */
typedef struct job {
    const eg_window_2d *window;
    const int8_t *input;
    int32_t pitch;      /* bytes of an image's row */
    int32_t line_bytes; /* that are read for a row of the filter: whole groups */
    int8_t zero_point;
} job;

/* Where the filter stands. */
typedef struct place {
    int32_t row;
    int32_t column;
} place;

static place place_of(const eg_window_2d *window, int32_t position)
{
    const int32_t y = position / window->output_width;
    const int32_t x = position - y * window->output_width;

    return (place){y * window->stride_height - window->pad_top,
                   x * window->stride_width - window->pad_left};
}

/* A copy, in `line`, of what a row of the filter covers in a row that is in part outside. */
static const int8_t *padded_line(const job *j, int32_t row, int32_t column, int8_t *line)
{
    const eg_window_2d *window = j->window;
    const int32_t depth = window->input_depth;
    const int32_t end = column + window->filter_width;
    const int32_t first = column > 0 ? column : 0;
    const int32_t last = end < window->input_width ? end : window->input_width;

    memset(line, j->zero_point, (size_t)j->line_bytes);
    if (row >= 0 && row < window->input_height && first < last) {
        memcpy(line + (first - column) * depth, j->input + row * j->pitch + first * depth,
               (size_t)((last - first) * depth));
    }
    return line;
}

/* Behind a line's end weights are 0, so that any byte of the image will do. */
static const int8_t *line_at(const job *j, int32_t row, int32_t column, int8_t *padded)
{
    const eg_window_2d *window = j->window;
    const int32_t start = row * j->pitch + column * window->input_depth;

    if (row >= 0 && row < window->input_height && column >= 0 &&
        column + window->filter_width <= window->input_width &&
        start + j->line_bytes <= window->input_height * j->pitch) {
        return j->input + start;
    }
    return padded_line(j, row, column, padded);
}

static void widen(const job *j, place a, place b, int32_t line_groups, uint32_t *words)
{
    int8_t *padded =
        (int8_t *)(words + EG_PAIR_GROUP_WORDS * line_groups * j->window->filter_height);

    for (int32_t i = 0; i < j->window->filter_height; ++i) {
        words = eg_widen_pair(line_at(j, a.row + i, a.column, padded),
                              line_at(j, b.row + i, b.column, padded + j->line_bytes), line_groups,
                              words);
    }
}

/* Every channel of the positions a and b, which may be the same. */
static void multiply(const eg_conv_2d_s8_dsp *layer, uint32_t *words, int8_t *a, int8_t *b)
{
    const eg_matmul_dsp *matrix = &layer->matrix;
    const int32_t channels = layer->window.output_depth;
    const int32_t computed = EG_CHANNELS_PER_BLOCK * matrix->blocks;

    if (computed == channels) {
        eg_multiply_pair(matrix, words, a, b);
    } else {
        /* What is computed too many must not reach the image. Behind the words lie padded lines,
         * which are no longer needed, and room for this. */
        int8_t *const own = (int8_t *)(words + EG_PAIR_GROUP_WORDS * matrix->groups);

        eg_multiply_pair(matrix, words, own, own + computed);
        memcpy(b, own + computed, (size_t)channels);
        memcpy(a, own, (size_t)channels);
    }
}

void eg_run_conv_2d_in_order_s8_dsp(const eg_conv_2d_s8_dsp *layer, const int8_t *input,
                                    int8_t *output, void *scratch)
{
    const eg_window_2d *window = &layer->window;
    const int32_t positions = window->output_height * window->output_width;
    job j = {
        .window = window,
        .input = input,
        .pitch = window->input_width * window->input_depth,
        .line_bytes = EG_GROUP * layer->line_groups,
        .zero_point = (int8_t)layer->input_zero_point,
    };

    for (int32_t batch = 0; batch < window->batches; ++batch) {
        for (int32_t done = 0; done < positions; done += 2) {
            /* The last position of an odd number is computed twice. */
            const int32_t next = done + 1 < positions ? 1 : 0;

            widen(&j, place_of(window, done), place_of(window, done + next), layer->line_groups,
                  scratch);
            multiply(layer, scratch, output, output + next * window->output_depth);
            output += (1 + next) * window->output_depth;
        }
        j.input += window->input_height * j.pitch;
    }
}
