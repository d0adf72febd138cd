/* Joins arrays of any element type along one axis.
 *
 * Seen from that axis every input is `outer` rows of bytes; an output row is one row of each input
 * in turn. Output must not overlap the inputs.
 */
#ifndef EDGEGEN_NN_CONCATENATION_H
#define EDGEGEN_NN_CONCATENATION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_concatenation {
    int32_t outer;
    int32_t inputs;
    const int32_t *row_bytes; /* [inputs] */
} eg_concatenation;

void eg_run_concatenation(const eg_concatenation *layer, const void *const *inputs, void *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_CONCATENATION_H */
