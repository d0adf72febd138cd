/* UNIDIRECTIONAL_SEQUENCE_LSTM, without peepholes, projection and layer normalisation.
 *
 * With x the input of a moment, h the hidden state and c the cell state:
 *
 *   i, f, o = logistic(W x + R h + bias), each with W, R and bias of its own; g = tanh(likewise)
 *   c = f * c + i * g        h = o * tanh(c)        output = h
 *
 * Both states are the caller's and outlive the call. No two arrays overlap. The gates lie in the
 * order i, f, o, g.
 */
#ifndef EDGEGEN_NN_LSTM_H
#define EDGEGEN_NN_LSTM_H

#include <stdint.h>

#include "edgegen/nn/activation_s16.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EG_LSTM_GATES 4

/* Sizes; x of batch b at time t is input[b * batch_step + t * time_step], counted in rows, and the
 * output of both likewise. */
typedef struct eg_lstm_shape {
    int32_t batches;
    int32_t times;
    int32_t batch_step;
    int32_t time_step;
    int32_t inputs; /* elements of a row of the input */
    int32_t units;  /* of a row of the output, and of both states */
} eg_lstm_shape;

/* A factor for eg_multiply_by_quantized_multiplier. */
typedef struct eg_lstm_factor {
    int32_t multiplier;
    int32_t shift;
} eg_lstm_factor;

/* int8 with a cell state of int16.
 *
 * W x + bias and R h are rescaled to Q3.12 in int16 each and added, with saturation. The results of
 * gates are Q0.15. What the zero points of x and h add is in the biases. */
typedef struct eg_lstm_s8 {
    eg_lstm_shape shape;
    const int8_t *input_weights;     /* W [gates][units][inputs] */
    const int8_t *recurrent_weights; /* R [gates][units][units] */
    const int32_t *input_bias;       /* [gates][units] */
    const int32_t *recurrent_bias;   /* [gates][units] */
    eg_lstm_factor input_factor[EG_LSTM_GATES];
    eg_lstm_factor recurrent_factor[EG_LSTM_GATES];
    eg_lstm_factor forget_factor; /* of f * c */
    eg_lstm_factor update_factor; /* of i * g */
    eg_lstm_factor hidden_factor; /* of o * tanh(c) */
    int32_t hidden_offset;        /* its zero point */
    int32_t cell_clip;            /* largest |c|; negative for none */
    eg_sigmoid_s16 logistic;      /* of three gates in Q3.12 */
    eg_sigmoid_s16 tanh;          /* of one gate in Q3.12 */
    eg_sigmoid_s16 cell_tanh;     /* of one c */
} eg_lstm_s8;

void eg_run_lstm_s8(const eg_lstm_s8 *layer, const int8_t *input, int8_t *hidden, int16_t *cell,
                    int8_t *output);

typedef struct eg_lstm_f32 {
    eg_lstm_shape shape;
    const float *input_weights;
    const float *recurrent_weights;
    const float *bias; /* [gates][units] */
    float cell_clip;   /* largest |c|; 0 for none */
} eg_lstm_f32;

void eg_run_lstm_f32(const eg_lstm_f32 *layer, const float *input, float *hidden, float *cell,
                     float *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_LSTM_H */
