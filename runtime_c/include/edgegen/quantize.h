/* Arrays between float and int8: real = scale * (q - zero_point).
 *
 * The arithmetic is TensorFlow Lite Micro's QUANTIZE and DEQUANTIZE, bit for bit, on any machine
 * with IEEE 754 single precision and no excess precision (FLT_EVAL_METHOD 0).
 *
 * `scale` is finite and above 0, `zero_point` lies in -128..127; anything else, and a NULL array
 * with a count above 0, is EG_INVALID_ARGUMENT with nothing written. Input and output must not
 * overlap. No state, no allocation, no libm.
 */
#ifndef EDGEGEN_QUANTIZE_H
#define EDGEGEN_QUANTIZE_H

#include <stddef.h>
#include <stdint.h>

#include "edgegen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* output[i] = clamp(round(input[i] / scale) + zero_point, -128, 127)
 *
 * Ties round away from zero (2.5 -> 3, -2.5 -> -3). Infinities and values beyond the range
 * saturate. NaN becomes zero_point, the code for 0 (TFLM leaves it undefined). */
eg_status eg_quantize_f32_s8(const float *input, size_t count, float scale, int32_t zero_point,
                             int8_t *output);

/* output[i] = scale * (input[i] - zero_point), rounded once, to nearest even. A scale above
 * FLT_MAX / 255 may give infinities. */
eg_status eg_dequantize_s8_f32(const int8_t *input, size_t count, float scale, int32_t zero_point,
                               float *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_QUANTIZE_H */
