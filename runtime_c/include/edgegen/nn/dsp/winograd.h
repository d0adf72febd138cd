/* int8 3x3 convolutions of stride 1 by Winograd's F(4x4, 3x3) with the DSP instructions, bit for
 * bit what nn/conv_2d.h describes: a fourth of its multiplications, all in integers.
 *
 * A tile is 4x4 outputs and the 6x6 inputs d they take. With filters g, for the 36 coordinates of
 *
 *   V = B d B^T,  U = G g G^T,  M = the sum over input channels of U * V
 *
 *       (4  0 -5  0  1  0)      (1  0  0)
 *       (0 -4 -4  1  1  0)      (4  4  4)          (6 -1 -1  1  1  0)
 *   B = (0  4 -4 -1  1  0)  G = (4 -4  4)      A = (0 -1  1  2 -2  0)
 *       (0 -2 -1  2  1  0)      (1  2  4)          (0 -1 -1  4  4  0)
 *       (0  2 -1 -2  1  0)      (1 -2  4)          (0 -1  1  8 -8 24)
 *       (0  4  0 -5  0  1)      (0  0  1)
 *
 * A M A^T is 576 times the tile's sums, modulo 2^32. U and V are int16: |U| <= 144 * 128 and, of
 * inputs 0..255, |V| <= 68 * 255. A constant added to M's coordinate (1, 1) is added to all 16
 * sums: that is how a bias comes in.
 *
 * One output is then, exactly as the generator has proved for every sum that can come,
 *
 *   saturate(((scaled * multiplier / 2^32) + constant - (256 if scaled < 0)) >> shift)
 *
 * with scaled = 576 * (sum + bias) + a little, and saturated to 0..255, 128 too much.
 */
#ifndef EDGEGEN_NN_DSP_WINOGRAD_H
#define EDGEGEN_NN_DSP_WINOGRAD_H

#include <stdint.h>

#include "edgegen/nn/window_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    EG_WINOGRAD_CHANNELS = 4, /* of inputs and of outputs that are worked on together */
    EG_WINOGRAD_COORDINATES = 36,
    EG_WINOGRAD_TILE = 4,  /* outputs, each way */
    EG_WINOGRAD_PATCH = 6, /* inputs, each way */
    EG_WINOGRAD_TAPS = 9,
    EG_WINOGRAD_COLUMN_WORDS = 2 * EG_WINOGRAD_PATCH, /* of four input channels */
    /* Words for two input channels: of U for four output channels, of V for two tiles. */
    EG_WINOGRAD_U_WORDS = 4 * EG_WINOGRAD_COORDINATES,
    EG_WINOGRAD_V_WORDS = 2 * EG_WINOGRAD_COORDINATES,
    EG_WINOGRAD_M_WORDS = 8 * EG_WINOGRAD_COORDINATES
};

/* Two output channels, whose sums are worked on together. */
typedef struct eg_winograd_channels {
    int32_t bias[2];
    struct {
        int32_t multiplier;
        int32_t constant;
    } scale[2];
    int32_t shift[2];
} eg_winograd_channels;

/* Channels in and out are multiples of 4, strides and dilations are 1. For every four output
 * channels the stream holds
 *
 *   eg_winograd_channels of 0 and 2, then of 1 and 3
 *   for every four input channels, every output channel 0..3 and every tap, row by row: a word of
 *   four weights
 */
typedef struct eg_winograd_s8_dsp {
    eg_window_2d window;
    int32_t input_zero_point;
    int32_t tile_rows;   /* whose V are kept at once */
    int32_t kept_blocks; /* of four output channels, whose U are kept: 1 or all */
    const int32_t *stream;
} eg_winograd_s8_dsp;

/* Input, output and scratch must not overlap. Scratch is aligned to 4 bytes. With the words of U
 * and V for every two input channels it is
 *
 *   V of tile_rows * (output_width / 4, rounded up) tiles, rounded up to an even number
 *   U of the blocks kept
 *   M and 80 words, or 12 words for each column of the tiles, whichever is more
 *   input_width * input_depth bytes */
void eg_run_winograd_s8_dsp(const eg_winograd_s8_dsp *layer, const int8_t *input, int8_t *output,
                            void *scratch);

/* Its parts. */

/* U of one output channel and four input channels. weights: EG_WINOGRAD_TAPS words; u: of the
 * output channel, the words of input channels 0 and 2, and behind them those of 1 and 3. */
void eg_winograd_filter(const uint32_t *weights, uint32_t *u);

/* B d for `count` columns and four channels. Each is 6 words of channels 0 and 2, then 6 of 1 and
 * 3, both as 65536 * (channel 2 or 3) + (channel 0 or 1) of the inputs + 128. Returns the end.
 * rows: of the first column's 6 pixels, `offset` bytes before them; step: to the next column. */
uint32_t *eg_winograd_columns(const int8_t *const rows[EG_WINOGRAD_PATCH], int32_t offset,
                              int32_t step, int32_t count, uint32_t *columns);

/* V of one tile and four channels, from its 6 columns. v: the tile's words of channels 0 and 2,
 * and behind them those of 1 and 3. */
void eg_winograd_input(const uint32_t *columns, uint32_t *v);

/* M of two tiles and four output channels. For each coordinate the sums of a tile's channels
 * 0, 2, 1, 3, then those of the other tile. */
void eg_winograd_multiply(const uint32_t *u, const uint32_t *v, int32_t channel_pairs, uint32_t *m);

/* A tile's two channels, whose parameters these are: a word for every output, one channel in bits
 * 0..7, the other in bits 16..23, both 128 too much. m: the first of the two sums of coordinate
 * (0, 0). scratch: 48 words. */
void eg_winograd_output(const eg_winograd_channels *channels, uint32_t *m, uint32_t *scratch,
                        uint32_t outputs[EG_WINOGRAD_TILE * EG_WINOGRAD_TILE]);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_DSP_WINOGRAD_H */
