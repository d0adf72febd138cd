/* Any function of one float, applied to every element: libm's, or one of those below.
 *
 * Output may be the input's own memory.
 */
#ifndef EDGEGEN_NN_MAP_F32_H
#define EDGEGEN_NN_MAP_F32_H

#include <math.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_map_f32 {
    int32_t elements;
    float (*function)(float);
} eg_map_f32;

void eg_run_map_f32(const eg_map_f32 *layer, const float *input, float *output);

float eg_elu_f32(float x);        /* exp(x) - 1 below 0, x above */
float eg_hard_swish_f32(float x); /* x * min(max(x + 3, 0), 6) / 6 */
float eg_negate_f32(float x);
float eg_rsqrt_f32(float x); /* 1 / sqrt(x) */
float eg_square_f32(float x);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_MAP_F32_H */
