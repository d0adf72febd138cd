/* The mean over some dimensions.
 *
 * The dimensions that stay and those that are averaged are listed apart, each outermost first,
 * with neighbours of the same sort merged; unused places have size 1. Strides count elements of
 * the input. The output holds the dimensions that stay, in order.
 *
 * Input and output must not overlap.
 */
#ifndef EDGEGEN_NN_MEAN_H
#define EDGEGEN_NN_MEAN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EG_MEAN_LEVELS = 3 };

typedef struct eg_mean_shape {
    int32_t kept_size[EG_MEAN_LEVELS];
    int32_t kept_stride[EG_MEAN_LEVELS];
    int32_t size[EG_MEAN_LEVELS]; /* of what is averaged */
    int32_t stride[EG_MEAN_LEVELS];
} eg_mean_shape;

/* output = (sum + sum_offset) * multiplier * 2^(shift - 31) + output_offset, clamped to int8.
 *
 * The number of elements averaged is part of multiplier and shift, as TFLM puts it there:
 * multiplier need not have its top bit set. */
typedef struct eg_mean_s8 {
    eg_mean_shape shape;
    int32_t sum_offset; /* minus the input's zero point, once per element averaged */
    int32_t multiplier;
    int32_t shift; /* see eg_multiply_by_quantized_multiplier */
    int32_t output_offset;
} eg_mean_s8;

void eg_run_mean_s8(const eg_mean_s8 *layer, const int8_t *input, int8_t *output);

/* Sums in the order of memory, then divides by `count`. */
typedef struct eg_mean_f32 {
    eg_mean_shape shape;
    float count; /* elements averaged */
} eg_mean_f32;

void eg_run_mean_f32(const eg_mean_f32 *layer, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_MEAN_H */
