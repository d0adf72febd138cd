#include "edgegen/nn/dsp/winograd.h"

#include <string.h>

enum {
    TAPS_WORDS = EG_WINOGRAD_CHANNELS * EG_WINOGRAD_TAPS, /* for four input channels */
    OUTPUTS = EG_WINOGRAD_TILE * EG_WINOGRAD_TILE,
    TRANSFORM_WORDS = 48
};

/* One layer at work, and the parts of its scratch. */
typedef struct job {
    const eg_winograd_s8_dsp *layer;
    const int8_t *input; /* one image */
    int8_t *output;
    int32_t tiles_across;
    int32_t pairs;   /* of input channels */
    uint32_t *v;     /* of two tiles, of the next two, ... */
    uint32_t *u;     /* of a block, of the next one, ... */
    uint32_t *sums;  /* M, its outputs and what its transform needs; or columns */
    int8_t *outside; /* a row of zero points */
} job;

static int32_t tiles_of(int32_t outputs)
{
    return (outputs + EG_WINOGRAD_TILE - 1) / EG_WINOGRAD_TILE;
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static job start(const eg_winograd_s8_dsp *layer, const int8_t *input, int8_t *output,
                 uint32_t *scratch)
{
    const eg_window_2d *window = &layer->window;
    const int32_t across = tiles_of(window->output_width);
    const int32_t pairs = window->input_depth / 2;
    const int32_t tile_pairs = (layer->tile_rows * across + 1) / 2;
    const int32_t columns = EG_WINOGRAD_TILE * across + 2;
    const int32_t sum_words = larger(EG_WINOGRAD_M_WORDS + TRANSFORM_WORDS + 2 * OUTPUTS,
                                     columns * EG_WINOGRAD_COLUMN_WORDS);
    job j = {
        .layer = layer,
        .input = input,
        .output = output,
        .tiles_across = across,
        .pairs = pairs,
        .v = scratch,
    };

    j.u = j.v + tile_pairs * pairs * EG_WINOGRAD_V_WORDS;
    j.sums = j.u + layer->kept_blocks * pairs * EG_WINOGRAD_U_WORDS;
    j.outside = (int8_t *)(j.sums + sum_words);
    memset(j.outside, layer->input_zero_point, (size_t)(window->input_width * window->input_depth));
    return j;
}

/* B d for all columns of a row of tiles, of the four channels from `first` on. */
static void make_columns(const job *j, int32_t tile_row, int32_t first)
{
    const eg_window_2d *window = &j->layer->window;
    const int32_t depth = window->input_depth;
    const int32_t pad = window->pad_left;
    const int32_t columns = EG_WINOGRAD_TILE * j->tiles_across + 2 - pad;
    const int32_t inside = smaller(columns, window->input_width);
    const int8_t *rows[EG_WINOGRAD_PATCH];
    const int8_t *outside[EG_WINOGRAD_PATCH];
    uint32_t *to = j->sums;

    for (int32_t i = 0; i < EG_WINOGRAD_PATCH; ++i) {
        const int32_t y = EG_WINOGRAD_TILE * tile_row - window->pad_top + i;
        const int has_row = y >= 0 && y < window->input_height;

        outside[i] = j->outside;
        rows[i] = has_row ? j->input + y * window->input_width * depth : j->outside;
    }
    to = eg_winograd_columns(outside, first, 0, pad, to);
    to = eg_winograd_columns(rows, first, depth, inside, to);
    eg_winograd_columns(outside, first, 0, columns - inside, to);
}

/* V of a row of tiles, the first of which is number `first` of those kept. */
static void make_row(const job *j, int32_t tile_row, int32_t first)
{
    for (int32_t pair = 0; pair < j->pairs; pair += 2) {
        const uint32_t *columns = j->sums;

        make_columns(j, tile_row, 2 * pair);
        for (int32_t x = 0; x < j->tiles_across; ++x) {
            const int32_t tile = first + x;
            uint32_t *v = j->v + ((tile >> 1) * j->pairs + pair) * EG_WINOGRAD_V_WORDS + (tile & 1);

            eg_winograd_input(columns, v);
            columns += EG_WINOGRAD_TILE * EG_WINOGRAD_COLUMN_WORDS;
        }
    }
}

static void make_filters(const job *j, const uint32_t *weights, uint32_t *u)
{
    for (int32_t pair = 0; pair < j->pairs; pair += 2) {
        for (int32_t c = 0; c < EG_WINOGRAD_CHANNELS; ++c) {
            eg_winograd_filter(weights, u + c);
            weights += EG_WINOGRAD_TAPS;
        }
        u += 2 * EG_WINOGRAD_U_WORDS;
    }
}

/* Four channels of a pixel, from words of two each that are 128 too much. */
static inline void put_pixel(uint32_t even, uint32_t odd, int8_t *pixel)
{
    const uint32_t word = (even | odd << 8) ^ UINT32_C(0x80808080);

    memcpy(pixel, &word, sizeof word);
}

/* Four channels of the tile whose first output is (y, x): all that is inside the image. */
static void put_tile(const job *j, const eg_winograd_channels *channels, uint32_t *m, int32_t y,
                     int32_t x, int32_t first_channel)
{
    const eg_window_2d *window = &j->layer->window;
    const int32_t depth = window->output_depth;
    const int32_t rows = smaller(window->output_height - y, EG_WINOGRAD_TILE);
    const int32_t columns = smaller(window->output_width - x, EG_WINOGRAD_TILE);
    uint32_t *even = j->sums + EG_WINOGRAD_M_WORDS;
    uint32_t *odd = even + OUTPUTS;
    int8_t *row = j->output + (y * window->output_width + x) * depth + first_channel;

    eg_winograd_output(channels, m, odd + OUTPUTS, even);
    eg_winograd_output(channels + 1, m + 2, odd + OUTPUTS, odd);
    for (int32_t i = 0; i < rows; ++i) {
        if (columns == EG_WINOGRAD_TILE) {
            put_pixel(even[0], odd[0], row);
            put_pixel(even[1], odd[1], row + depth);
            put_pixel(even[2], odd[2], row + 2 * depth);
            put_pixel(even[3], odd[3], row + 3 * depth);
        } else {
            for (int32_t k = 0; k < columns; ++k) {
                put_pixel(even[k], odd[k], row + k * depth);
            }
        }
        even += EG_WINOGRAD_TILE;
        odd += EG_WINOGRAD_TILE;
        row += window->output_width * depth;
    }
}

/* Four output channels of all tiles that are kept. */
static void run_block(const job *j, const eg_winograd_channels *channels, const uint32_t *u,
                      int32_t first_row, int32_t tiles, int32_t first_channel)
{
    const uint32_t *v = j->v;
    int32_t y = first_row * EG_WINOGRAD_TILE;
    int32_t x = 0;

    for (int32_t tile = 0; tile < tiles; ++tile) {
        if ((tile & 1) == 0) {
            eg_winograd_multiply(u, v, j->pairs, j->sums);
            v += j->pairs * EG_WINOGRAD_V_WORDS;
        }
        put_tile(j, channels, j->sums + (tile & 1) * 4, y, x, first_channel);
        x += EG_WINOGRAD_TILE;
        if (x >= j->layer->window.output_width) {
            x = 0;
            y += EG_WINOGRAD_TILE;
        }
    }
}

/* The rows of tiles from first_row on, `rows` of them. */
static void run_rows(const job *j, int32_t first_row, int32_t rows, int has_filters)
{
    const int32_t channels = j->layer->window.output_depth;
    const int32_t *stream = j->layer->stream;
    uint32_t *u = j->u;

    for (int32_t row = 0; row < rows; ++row) {
        make_row(j, first_row + row, row * j->tiles_across);
    }
    for (int32_t first = 0; first < channels; first += EG_WINOGRAD_CHANNELS) {
        const eg_winograd_channels *of_block = (const eg_winograd_channels *)stream;
        const uint32_t *weights = (const uint32_t *)(of_block + 2);

        if (!has_filters) {
            make_filters(j, weights, u);
        }
        run_block(j, of_block, u, first_row, rows * j->tiles_across, first);
        stream = (const int32_t *)(weights + j->pairs / 2 * TAPS_WORDS);
        u += j->layer->kept_blocks > 1 ? j->pairs * EG_WINOGRAD_U_WORDS : 0;
    }
}

void eg_run_winograd_s8_dsp(const eg_winograd_s8_dsp *layer, const int8_t *input, int8_t *output,
                            void *scratch)
{
    const eg_window_2d *window = &layer->window;
    const int32_t tile_rows = tiles_of(window->output_height);
    job j = start(layer, input, output, scratch);
    int has_filters = 0;

    for (int32_t batch = 0; batch < window->batches; ++batch) {
        for (int32_t row = 0; row < tile_rows; row += layer->tile_rows) {
            const int32_t left = tile_rows - row;

            run_rows(&j, row, smaller(left, layer->tile_rows), has_filters);
            has_filters = layer->kept_blocks * EG_WINOGRAD_CHANNELS == window->output_depth;
        }
        j.input += window->input_height * window->input_width * window->input_depth;
        j.output += window->output_height * window->output_width * window->output_depth;
    }
}
