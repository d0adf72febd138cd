#include "edgegen/nn/dsp/conv_2d.h"

#include <string.h>

/* One layer at work, and the parts of its scratch. */
typedef struct job {
    const eg_conv_2d_s8_dsp *layer;
    const int8_t *input; /* one image */
    int32_t line_bytes;
    int32_t first_column; /* of the input that the filter covers, and the one behind its last */
    int32_t end_column;
    uint32_t *words;     /* widened lines */
    int8_t *outside;     /* a line of zero points */
    int8_t *padded[2];   /* lines that are in part outside the image */
    int8_t *outputs[2];  /* what must not reach the image */
} job;

static job start(const eg_conv_2d_s8_dsp *layer, int32_t lines, uint32_t *scratch)
{
    const int32_t line_bytes = EG_GROUP * layer->line_groups;
    const int32_t output_bytes = EG_CHANNELS_PER_BLOCK * layer->matrix.blocks;
    int8_t *bytes = (int8_t *)(scratch + EG_PAIR_GROUP_WORDS * layer->line_groups * lines);
    const job made = {
        .layer = layer,
        .line_bytes = line_bytes,
        .words = scratch,
        .outside = bytes,
        .padded = {bytes + line_bytes, bytes + 2 * line_bytes},
        .outputs = {bytes + 3 * line_bytes, bytes + 3 * line_bytes + output_bytes},
    };

    memset(made.outside, layer->input_zero_point, (size_t)line_bytes);
    return made;
}

/* What a row of the filter covers in a row of the input; which = 0 or 1 tells apart two lines that
 * are needed at once. */
static const int8_t *line_at(const job *j, int32_t row, int32_t which)
{
    const eg_window_2d *window = &j->layer->window;
    const int32_t depth = window->input_depth;
    const int32_t width = window->input_width;
    const int32_t first = j->first_column > 0 ? j->first_column : 0;
    const int32_t end = j->end_column < width ? j->end_column : width;
    const int8_t *image_end = j->input + window->input_height * width * depth;
    const int8_t *line;

    if (row < 0 || row >= window->input_height || first >= end) {
        return j->outside;
    }
    line = j->input + (row * width + first) * depth;
    /* Behind the line's end weights are 0, so any byte of the image will do. */
    if (end - first == window->filter_width && j->line_bytes <= image_end - line) {
        return line;
    }
    memcpy(j->padded[which], j->outside, (size_t)j->line_bytes);
    memcpy(j->padded[which] + (first - j->first_column) * depth, line,
           (size_t)((end - first) * depth));
    return j->padded[which];
}

static void run_column(const job *j, int32_t x, int32_t half, int32_t lines, int8_t *output)
{
    const eg_window_2d *window = &j->layer->window;
    const eg_matmul_dsp *matrix = &j->layer->matrix;
    const int32_t channels = window->output_depth;
    const int32_t ragged = channels % EG_CHANNELS_PER_BLOCK;
    const int32_t pitch = window->output_width * channels;
    uint32_t *words = j->words;

    for (int32_t line = 0; line < lines; ++line) {
        const int32_t row = line - window->pad_top;
        const int8_t *a = line_at(j, row, 0);
        const int8_t *b = line_at(j, row + half * window->stride_height, 1);

        words = eg_widen_pair(a, b, j->layer->line_groups, words);
    }
    output += x * channels;
    words = j->words;
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
            j.first_column = x * window->stride_width - window->pad_left;
            j.end_column = j.first_column + window->filter_width;
            run_column(&j, x, half, lines, output);
        }
        input += window->input_height * window->input_width * window->input_depth;
        output += window->output_height * window->output_width * window->output_depth;
    }
}
