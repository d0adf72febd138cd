/* Depthwise 3x3 convolutions with one filter per channel, for cores with the DSP instructions.
 *
 * Four channels at a time, the input is taken from NHWC to lines of pixel pairs: a line runs along
 * one of the image's axes, one entry per pixel of it, and an entry holds for each of the four
 * channels the word (pixel v, pixel v + 1) across the line, as halfwords, less the zero point. Line
 * j holds the pixels v = 2j - pad and v + 1; what lies outside the image is 0. Two lines hold all
 * that the outputs between them need, and SMLAD takes two taps at once.
 *
 * A sum is scaled so that every channel is shifted right by the same EG_DEPTHWISE_SHIFT at the
 * end, which then costs nothing:
 *
 *   output = saturate((((sum over taps of input * weight) + bias) * multiplier / 2^32 + constant)
 *                     >> EG_DEPTHWISE_SHIFT)
 *
 * The generator scales weights, bias and multiplier and proves for every sum that can come that
 * this is what eg_requantize gives.
 */
#ifndef EDGEGEN_NN_DSP_DEPTHWISE_3X3_H
#define EDGEGEN_NN_DSP_DEPTHWISE_3X3_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Words per entry of a line: channels that are convolved together. */
enum { EG_DEPTHWISE_LANES = 4 };

#define EG_DEPTHWISE_SHIFT 10

/* How one axis of the image is walked. */
typedef struct eg_depthwise_axis {
    int32_t size;        /* pixels of the input that are read */
    int32_t pad;         /* before the first line, or the first entry: 0 or 1 */
    int32_t input_step;  /* bytes from one pixel to the next */
    int32_t outputs;     /* pixels of the output */
    int32_t output_step; /* bytes */
} eg_depthwise_axis;

/* One channel's weights (r, k), r along the lines and k across them, and how it requantises. */
typedef struct eg_depthwise_channel {
    uint32_t weights2[2]; /* halfwords (2, 0) (2, 1), then (2, 1) (2, 2) */
    int32_t multiplier;
    int32_t constant;
    uint32_t weights1[2];
    uint32_t weights0[2];
    int32_t bias;
} eg_depthwise_channel;

typedef struct eg_depthwise_3x3_s8 {
    eg_depthwise_axis along;            /* the lines */
    eg_depthwise_axis across;           /* them */
    int32_t lines;                      /* kept at once, at least 2 where there are as many */
    int32_t channels;                   /* at least 4 */
    int8_t outside[EG_DEPTHWISE_LANES]; /* the input's zero point */
    /* Of the channels 0..3, 4..7, ...; the last four are channels - 4..channels - 1. */
    const int32_t *stream;
} eg_depthwise_3x3_s8;

/* Stride 1, output as large as the input, at least 2 pixels along. across.pad is 1 where
 * across.size is odd, otherwise 0: the image and its lines end together. Scratch: 16 bytes per
 * pixel of every line that is kept. The output may be the input itself where the channels are a
 * multiple of 4: the channels are worked on in fours, and a pixel is read before it is written.
 * Otherwise they must not overlap. */
void eg_run_depthwise_3x3_s1_s8(const eg_depthwise_3x3_s8 *layer, const int8_t *input,
                                int8_t *output, void *scratch);

/* Stride 2 on both axes, two or three lines kept; three are faster. Scratch: 16 bytes per entry of
 * them; a line has 2 * along.outputs + 1.
 * Input and output must not overlap. */
void eg_run_depthwise_3x3_s2_s8(const eg_depthwise_3x3_s8 *layer, const int8_t *input,
                                int8_t *output, void *scratch);

/* The same with less memory: one row of outputs after another, of all channels, across being the
 * rows. The output may lie over rows of the input that no later one takes. */
void eg_run_depthwise_3x3_s2_by_rows_s8(const eg_depthwise_3x3_s8 *layer, const int8_t *input,
                                        int8_t *output, void *scratch);

/* Writes the entries of line `number`, of the four channels from `input` on. */
void eg_gather_line(const eg_depthwise_3x3_s8 *layer, const int8_t *input, int32_t number,
                    uint32_t *line);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_DSP_DEPTHWISE_3X3_H */
