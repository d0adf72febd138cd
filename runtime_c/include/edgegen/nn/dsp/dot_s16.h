/* One row of int16 times a matrix of int8, with the DSP instructions: what convolutions and fully
 * connected layers do at every position.
 *
 * Inputs and the matrix are filled up with zeros to a multiple of EG_DOT_INPUTS_S16; so are the
 * outputs to a multiple of 4. Sums, each with its bias, fit into 32 bits.
 */
#ifndef EDGEGEN_NN_DSP_DOT_S16_H
#define EDGEGEN_NN_DSP_DOT_S16_H

#include <stdint.h>

#include "edgegen/nn/dsp/output_s16.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { EG_DOT_INPUTS_S16 = 8 };

/* The stream holds a block for every four channels: 4 biases; for every four inputs a word of each
 * channel, its bytes the weights of inputs 0, 2, 1 and 3; 4 multipliers of eg_output_of_s16. */
typedef struct eg_dot_s16_dsp {
    const int32_t *stream;
    int32_t inputs; /* filled up */
    int32_t channels;
    eg_range_s16 range;
} eg_dot_s16_dsp;

/* `input` is a multiple of 4 bytes. */
void eg_run_dot_s16_dsp(const eg_dot_s16_dsp *layer, const int16_t *input, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_DSP_DOT_S16_H */
