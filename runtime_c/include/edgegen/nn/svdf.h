/* SVDF: filters over the features of one moment, each followed by one over time.
 *
 *   state[b][f] = (state[b][f] without its oldest value, then sum_i input[b][i] * features[f][i])
 *   output[b][u] = activation(bias[u] + sum over its `rank` filters f and moments m of
 *                             time[f][m] * state[b][f][m])
 *
 * The state is the caller's and outlives the call. No two arrays overlap.
 */
#ifndef EDGEGEN_NN_SVDF_H
#define EDGEGEN_NN_SVDF_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* int8 with a state of int8 or int16. Sums are taken modulo 2^32; what zero points add to them is
 * in feature_bias and bias. A filter's value is clamped to the state's type before its zero point
 * is added, and wraps then: so does TFLM. */
typedef struct eg_svdf_s8 {
    int32_t batches;
    int32_t inputs;
    int32_t units;
    int32_t rank;           /* filters per unit */
    int32_t memory;         /* moments in the state */
    const int8_t *features; /* [units * rank][inputs] */
    const int32_t *feature_bias;
    const void *time; /* [units * rank][memory], of the state's type */
    const int32_t *bias;
    int32_t state_multiplier;
    int32_t state_shift;
    int32_t state_offset; /* its zero point */
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t output_offset; /* its zero point */
} eg_svdf_s8;

void eg_run_svdf_s8(const eg_svdf_s8 *layer, const int8_t *input, int8_t *state, int8_t *output);
void eg_run_svdf_s8_s16(const eg_svdf_s8 *layer, const int8_t *input, int16_t *state,
                        int8_t *output);

typedef struct eg_svdf_f32 {
    int32_t batches;
    int32_t inputs;
    int32_t units;
    int32_t rank;
    int32_t memory;
    const float *features;
    const float *time;
    const float *bias;
    float activation_min;
    float activation_max;
} eg_svdf_f32;

void eg_run_svdf_f32(const eg_svdf_f32 *layer, const float *input, float *state, float *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SVDF_H */
