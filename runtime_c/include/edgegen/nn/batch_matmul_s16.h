/* BATCH_MATMUL of int16, laid out as batch_matmul.h says.
 *
 * Input and output must not overlap.
 */
#ifndef EDGEGEN_NN_BATCH_MATMUL_S16_H
#define EDGEGEN_NN_BATCH_MATMUL_S16_H

#include <stdint.h>

#include "edgegen/nn/batch_matmul.h"

#ifdef __cplusplus
extern "C" {
#endif

/* int64 sums of int16 with zero points 0, each eg_multiply_wide'd with these, clamped to int16. At
 * most 2^16 products are added. */
typedef struct eg_batch_matmul_s16 {
    eg_matmul_shape shape;
    int32_t multiplier; /* of 15 bits */
    int32_t shift;
} eg_batch_matmul_s16;

void eg_run_batch_matmul_s16(const eg_batch_matmul_s16 *layer, const int16_t *input1,
                             const int16_t *input2, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_BATCH_MATMUL_S16_H */
