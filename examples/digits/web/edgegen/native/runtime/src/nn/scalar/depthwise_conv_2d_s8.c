/* The asm below takes every register there is, also where a frame pointer is asked for. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("omit-frame-pointer")
#endif

#include "edgegen/nn/scalar/depthwise_conv_2d.h"

#include "edgegen/nn/scalar/requantize.h"

enum { LANES = 4 }; /* channels */

typedef struct lane_sums {
    uint32_t sum0, sum1, sum2, sum3;
} lane_sums;

/* The taps of a position that lie inside the image. */
typedef struct taps {
    int32_t rows;       /* 0 where there is none */
    int32_t row_bytes;  /* of inputs and of weights: neighbouring taps touch in memory */
    int32_t input_skip; /* bytes from the end of a row to the next one */
    int32_t weight_skip;
    int32_t first_weight; /* bytes before the first one's */
} taps;

static taps taps_inside(const eg_window_2d *window, const eg_patch *patch)
{
    const int32_t depth = window->input_depth;
    const taps found = {
        .rows = patch->rows,
        .row_bytes = patch->columns * depth,
        .input_skip = (window->input_width - patch->columns) * depth,
        .weight_skip = (window->filter_width - patch->columns) * depth,
        .first_weight = (patch->first_row * window->filter_width + patch->first_column) * depth,
    };

    return found;
}

#if defined(__ARM_ARCH_6M__) && defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__) &&            \
    !defined(__clang__)

#define ADD_PRODUCT(lane, sum)                                                                     \
    "ldrsb %[value], [%[x], " lane "]\n\t"                                                         \
    "ldrsb %[weight], [%[w], " lane "]\n\t"                                                        \
    "muls %[value], %[weight]\n\t"                                                                 \
    "add " sum ", %[value]\n\t"

/* Adds the taps of four channels: 21 instructions each. The register budget: r0-r7, and five more
 * which only moves and additions reach; the rest comes from the stack. */
static void add_inside(lane_sums *sums, const taps *inside, const int8_t *x, const int8_t *w,
                       int32_t depth)
{
    const int32_t row_bytes = inside->row_bytes;
    const int32_t input_skip = inside->input_skip;
    const int32_t weight_skip = inside->weight_skip;
    const int8_t *row_end;
    const int8_t *end;
    int32_t value, weight;

    w += inside->first_weight;
    row_end = w + row_bytes;
    end = w + inside->rows * (row_bytes + weight_skip);
    __asm__ volatile(".syntax unified\n"
                     "1:\n\t"
                     ADD_PRODUCT("%[lane0]", "%[sum0]")
                     ADD_PRODUCT("%[lane1]", "%[sum1]")
                     ADD_PRODUCT("%[lane2]", "%[sum2]")
                     ADD_PRODUCT("%[lane3]", "%[sum3]")
                     "add %[x], %[depth]\n\t"
                     "add %[w], %[depth]\n\t"
                     "ldr %[value], %[row_end]\n\t"
                     "cmp %[w], %[value]\n\t"
                     "bne 1b\n\t"
                     "ldr %[value], %[input_skip]\n\t"
                     "add %[x], %[value]\n\t"
                     "ldr %[value], %[weight_skip]\n\t"
                     "add %[w], %[value]\n\t"
                     "ldr %[value], %[row_bytes]\n\t"
                     "adds %[value], %[w]\n\t"
                     "str %[value], %[row_end]\n\t"
                     "ldr %[value], %[end]\n\t"
                     "cmp %[w], %[value]\n\t"
                     "bne 1b\n\t"
                     : [sum0] "+h"(sums->sum0), [sum1] "+h"(sums->sum1), [sum2] "+h"(sums->sum2),
                       [sum3] "+h"(sums->sum3), [x] "+l"(x), [w] "+l"(w), [value] "=&l"(value),
                       [weight] "=&l"(weight), [row_end] "+m"(row_end)
                     : [end] "m"(end), [row_bytes] "m"(row_bytes), [input_skip] "m"(input_skip),
                       [weight_skip] "m"(weight_skip), [depth] "h"(depth), [lane0] "l"(0),
                       [lane1] "l"(1), [lane2] "l"(2), [lane3] "l"(3)
                     : "cc", "memory");
}

#else

static void add_inside(lane_sums *sums, const taps *inside, const int8_t *x, const int8_t *w,
                       int32_t depth)
{
    lane_sums s = *sums;

    w += inside->first_weight;
    for (int32_t row = inside->rows; row > 0; --row) {
        for (const int8_t *const end = w + inside->row_bytes; w != end; w += depth) {
            s.sum0 += (uint32_t)(x[0] * w[0]);
            s.sum1 += (uint32_t)(x[1] * w[1]);
            s.sum2 += (uint32_t)(x[2] * w[2]);
            s.sum3 += (uint32_t)(x[3] * w[3]);
            x += depth;
        }
        x += inside->input_skip;
        w += inside->weight_skip;
    }
    *sums = s;
}

#endif

/* What taps outside the image add: their weights times the zero point. */
static void add_outside(lane_sums *sums, const eg_depthwise_conv_2d_s8_scalar *layer,
                        const eg_patch *patch, const int8_t *w)
{
    const eg_window_2d *window = &layer->window;
    const int32_t zero_point = layer->input_zero_point;

    for (int32_t i = 0; i < window->filter_height; ++i) {
        const bool row_inside = i >= patch->first_row && i < patch->first_row + patch->rows;

        for (int32_t j = 0; j < window->filter_width; ++j) {
            const bool column_inside =
                j >= patch->first_column && j < patch->first_column + patch->columns;

            if (!row_inside || !column_inside) {
                sums->sum0 += (uint32_t)(zero_point * w[0]);
                sums->sum1 += (uint32_t)(zero_point * w[1]);
                sums->sum2 += (uint32_t)(zero_point * w[2]);
                sums->sum3 += (uint32_t)(zero_point * w[3]);
            }
            w += window->input_depth;
        }
    }
}

static void put_rounded(const lane_sums *sums, const int32_t *channel, int8_t *output)
{
    const uint32_t of_lane[LANES] = {sums->sum0, sums->sum1, sums->sum2, sums->sum3};

    for (int32_t i = 0; i < LANES; ++i) {
        output[i] = eg_requantize_channel(of_lane[i], channel);
        channel += EG_CHANNEL_WORDS;
    }
}

void eg_run_depthwise_conv_2d_s8_scalar(const eg_depthwise_conv_2d_s8_scalar *layer,
                                        const int8_t *input, int8_t *output)
{
    const eg_window_2d *window = &layer->window;
    const int32_t depth = window->input_depth;
    eg_patch patch = EG_PATCH_START;

    while (eg_next_patch(window, &patch)) {
        const taps inside = taps_inside(window, &patch);
        const bool clipped = eg_patch_is_clipped(window, &patch);

        for (int32_t done = 0; done < depth; done += LANES) {
            /* The last four overlap the ones before where there is a remainder. */
            const int32_t c = done < depth - LANES ? done : depth - LANES;
            lane_sums sums = {0, 0, 0, 0};

            if (inside.rows > 0) {
                add_inside(&sums, &inside, input + patch.input + c, layer->weights + c, depth);
            }
            if (clipped) {
                add_outside(&sums, layer, &patch, layer->weights + c);
            }
            if (layer->is_fitted) {
                const int32_t *channel = layer->channels + c * EG_FITTED_WORDS;

                output[c] = eg_requantize_fitted(sums.sum0, channel);
                output[c + 1] = eg_requantize_fitted(sums.sum1, channel + EG_FITTED_WORDS);
                output[c + 2] = eg_requantize_fitted(sums.sum2, channel + 2 * EG_FITTED_WORDS);
                output[c + 3] = eg_requantize_fitted(sums.sum3, channel + 3 * EG_FITTED_WORDS);
            } else {
                put_rounded(&sums, layer->channels + c * EG_CHANNEL_WORDS, output + c);
            }
        }
        output += depth;
    }
}
