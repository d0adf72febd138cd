/* Activation functions of float layers.
 *
 * Output may be the input's own memory.
 */
#ifndef EDGEGEN_NN_ACTIVATION_F32_H
#define EDGEGEN_NN_ACTIVATION_F32_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* min(max(x, low), high); a NaN stays a NaN. */
static inline float eg_clamp_f32(float x, float low, float high)
{
    return x < low ? low : (x > high ? high : x);
}

/* RELU and RELU6: output = eg_clamp_f32(input, low, high). */
typedef struct eg_clamp_layer_f32 {
    int32_t elements;
    float low;
    float high;
} eg_clamp_layer_f32;

void eg_run_clamp_f32(const eg_clamp_layer_f32 *layer, const float *input, float *output);

/* output = input > 0 ? input : alpha * input */
typedef struct eg_leaky_relu_f32 {
    int32_t elements;
    float alpha;
} eg_leaky_relu_f32;

void eg_run_leaky_relu_f32(const eg_leaky_relu_f32 *layer, const float *input, float *output);

typedef struct eg_activation_f32 {
    int32_t elements;
} eg_activation_f32;

/* output = 1 / (1 + exp(-input)); above 16.62 it is 1, below -9 exp(input), as in TFLM. */
void eg_run_logistic_f32(const eg_activation_f32 *layer, const float *input, float *output);

void eg_run_tanh_f32(const eg_activation_f32 *layer, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_ACTIVATION_F32_H */
