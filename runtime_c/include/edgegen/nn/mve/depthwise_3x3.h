/* Depthwise 3x3 convolutions with one filter per channel, with Helium.
 *
 * A channel at a time is copied from NHWC to a plane in scratch, with its border of zero points,
 * and convolved in strips: four outputs of a line and all those beside them in the next lines, so
 * that every vector of inputs is loaded once. Strips overlap where the outputs of a line are not a
 * multiple of 4.
 *
 * Sums are scaled such that all channels are shifted right by 10 bits in the end:
 *
 *   output = saturate(round((floor((bias + sum over taps of input * weight) * multiplier / 2^32)
 *                            + constant) / 2^10))
 *
 * The generator scales weights, bias and multiplier, folds the input's zero point into the bias,
 * and proves for every sum that can come that this is what eg_requantize gives. Sums wrap modulo
 * 2^32.
 */
#ifndef EDGEGEN_NN_MVE_DEPTHWISE_3X3_H
#define EDGEGEN_NN_MVE_DEPTHWISE_3X3_H

#include <stdint.h>

#include "edgegen/isa_mve.h"

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
    int32_t weights[3][3]; /* [line][pixel of the line] */
    int32_t bias;
    int32_t multiplier;
    int32_t constant;
} eg_depthwise_channel_mve;

/* Rounded up, the outputs along a line are a multiple of 4 called `width` below. */
typedef struct eg_depthwise_3x3_s8_mve {
    eg_axis_mve along;  /* the lines; at least 4 outputs, and 14 * along.input_step < 2^16 */
    eg_axis_mve across; /* them */
    int32_t channels;
    int32_t zero_point;
    const int32_t *stream; /* an eg_depthwise_channel_mve for each channel */
} eg_depthwise_3x3_s8_mve;

/* Stride 1. Input and output must not overlap. Scratch: across.outputs + 2 lines of width + 2
 * bytes. */
void eg_run_depthwise_3x3_s1_s8_mve(const eg_depthwise_3x3_s8_mve *layer, const int8_t *input,
                                    int8_t *output, void *scratch);

/* Stride 2 on both axes. Input and output must not overlap. Scratch: 2 * across.outputs + 1 lines
 * of 2 * width + 1 bytes, the even pixels before the odd ones. */
void eg_run_depthwise_3x3_s2_s8_mve(const eg_depthwise_3x3_s8_mve *layer, const int8_t *input,
                                    int8_t *output, void *scratch);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_MVE_DEPTHWISE_3X3_H */
