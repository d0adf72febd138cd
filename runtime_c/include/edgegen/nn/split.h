/* Takes an array of any element type apart along one axis into equal parts.
 *
 * Seen from that axis the input is `outer` rows; each gives `row_bytes` to every output in turn.
 * The outputs must not overlap the input.
 */
#ifndef EDGEGEN_NN_SPLIT_H
#define EDGEGEN_NN_SPLIT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_split {
    int32_t outer;
    int32_t outputs;
    int32_t row_bytes;
} eg_split;

void eg_run_split(const eg_split *layer, const void *input, void *const *outputs);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SPLIT_H */
