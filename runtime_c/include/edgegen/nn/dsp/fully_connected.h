/* int8 fully connected layers with the DSP instructions; what they compute is in
 * nn/fully_connected.h, and how two channels share a halfword in nn/dsp/matmul.h.
 *
 * Of every batch the inputs are widened into the scratch, in order, before an output is written.
 * Scratch, aligned to 4 bytes, and output may lie over inputs that were read; they must not overlap
 * each other.
 */
#ifndef EDGEGEN_NN_DSP_FULLY_CONNECTED_H
#define EDGEGEN_NN_DSP_FULLY_CONNECTED_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One scale for all channels. For every four channels the stream holds
 *
 *   256 * bias 0 + bias 1, bias 1, 256 * bias 2 + bias 3, bias 3
 *   the weights, as in nn/dsp/matmul.h, filled up with 0 to a multiple of 8 inputs
 *
 * Missing channels have weights and biases of 0. */
typedef struct eg_fully_connected_s8_dsp {
    const int32_t *stream;
    int32_t batches;
    int32_t input_depth;
    int32_t output_depth;
    int32_t multiplier; /* these three as in eg_requantize_dsp */
    int32_t constant;
    int32_t shift;
} eg_fully_connected_s8_dsp;

/* scratch: 2 bytes for each input, their number rounded up to a multiple of 8. */
void eg_run_fully_connected_s8_dsp(const eg_fully_connected_s8_dsp *layer, const int8_t *input,
                                   int8_t *output, void *scratch);

/* The same for inputs in multiples of 8, without scratch and with more instructions: the inputs are
 * widened for every four channels anew, so that the output must not overlap them, or only those of
 * batches before. */
void eg_run_fully_connected_direct_s8_dsp(const eg_fully_connected_s8_dsp *layer,
                                          const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_DSP_FULLY_CONNECTED_H */
