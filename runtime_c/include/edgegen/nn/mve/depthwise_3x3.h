/* Depthwise 3x3 convolutions with one filter per channel, with Helium.
 *
 * A vector of 16 bytes is a patch of an image: four columns of four rows of one channel. Times a
 * filter moved by up to a row and a column, it gives the sums of 2 x 2 outputs at once. For that,
 * four rows of 16 channels (or 8, to save memory) are copied to scratch, with zero points around
 * them:
 *
 *   [column][channel][row]
 *
 * The output must have a zero point of -128 and all of int8; then it is, bit for bit, that of
 * eg_requantize (fixed_point.h) where the generator has proved, for every input that can come:
 *   - the sum with the bias in it is an int32;
 *   - the real multiplier is below 1/2 and not below 2^-25: n = -shift is in 1..24.
 *
 * Why: VQRDMLASH is the doubling high multiply and adds 2^(n-1) - 128 * 2^n. What comes out is
 * shifted left by 24 - n, saturated, and right by 24: a division by 2^n that rounds ties upwards,
 * not away from zero. Negative numbers, where that differs, become -128 either way.
 */
#ifndef EDGEGEN_NN_MVE_DEPTHWISE_3X3_H
#define EDGEGEN_NN_MVE_DEPTHWISE_3X3_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How one axis of the image is walked. */
typedef struct eg_axis_mve {
    int32_t size;        /* pixels of the input that are read */
    int32_t pad;         /* before the image: 0 or 1 */
    int32_t input_step;  /* bytes from one pixel to the next */
    int32_t outputs;     /* pixels of the output */
    int32_t output_step; /* bytes */
} eg_axis_mve;

typedef struct eg_depthwise_channel_mve {
    int32_t bias; /* the input's zero point folded in */
    int32_t multiplier;
    int32_t constant;   /* 2^(n-1) - 128 * 2^n */
    int32_t left_shift; /* 24 - n */
    int8_t weights[24]; /* 5 times 0, three columns of three weights and a 0, 7 times 0 */
} eg_depthwise_channel_mve;

/* Columns lie along `along`, rows across it. */
typedef struct eg_depthwise_3x3_s8_mve {
    eg_axis_mve along;
    eg_axis_mve across;
    int32_t lanes; /* channels in scratch: 16 or 8 */
    int32_t channels;
    int32_t zero_point;
    const int32_t *stream; /* an eg_depthwise_channel_mve for each channel */
} eg_depthwise_3x3_s8_mve;

/* Stride 1, at least 2 x 2 outputs. The output may overwrite the input, if it is of the same size.
 * Scratch: 2 * (4 * lanes * (columns - 1) + 64) + 16 bytes, with along.outputs + 2 columns. */
void eg_run_depthwise_3x3_s1_s8_mve(const eg_depthwise_3x3_s8_mve *layer, const int8_t *input,
                                    int8_t *output, void *scratch);

/* Stride 2 on both axes. Line by line, a line of the output is stored over what only it and those
 * before it read; otherwise input and output must not overlap. Scratch:
 * 4 * lanes * (columns - 1) + 64 + 16 bytes, with 2 * along.outputs + 1 columns. */
void eg_run_depthwise_3x3_s2_s8_mve(const eg_depthwise_3x3_s8_mve *layer, const int8_t *input,
                                    int8_t *output, void *scratch);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_MVE_DEPTHWISE_3X3_H */
