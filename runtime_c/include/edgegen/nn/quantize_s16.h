/* Arrays between float and int16 with zero point 0: real = scale * q, scale > 0.
 *
 * The arithmetic is TensorFlow Lite Micro's QUANTIZE and DEQUANTIZE, bit for bit, as quantize.h's
 * for int8. Input and output must not overlap.
 */
#ifndef EDGEGEN_NN_QUANTIZE_S16_H
#define EDGEGEN_NN_QUANTIZE_S16_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* output[i] = clamp(round(input[i] / scale), -32768, 32767), ties away from zero. NaN becomes 0. */
void eg_run_quantize_f32_s16(const float *input, int32_t count, float scale, int16_t *output);

/* output[i] = scale * input[i], rounded once, to nearest even. */
void eg_run_dequantize_s16_f32(const int16_t *input, int32_t count, float scale, float *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_QUANTIZE_S16_H */
