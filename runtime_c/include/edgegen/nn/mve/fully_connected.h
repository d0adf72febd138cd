/* int8 fully connected layers with Helium; what they compute is in nn/fully_connected.h.
 *
 * Input and output must not overlap.
 */
#ifndef EDGEGEN_NN_MVE_FULLY_CONNECTED_H
#define EDGEGEN_NN_MVE_FULLY_CONNECTED_H

#include <stdint.h>

#include "edgegen/nn/mve/matmul.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_fully_connected_s8_mve {
    int32_t batches;
    eg_matmul_mve matrix; /* in blocks of 8 channels */
} eg_fully_connected_s8_mve;

void eg_run_fully_connected_s8_mve(const eg_fully_connected_s8_mve *layer, const int8_t *input,
                                   int8_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_MVE_FULLY_CONNECTED_H */
