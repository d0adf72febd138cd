/* Walks two arrays that broadcast against each other, row by row.
 *
 * edgegen merges neighbouring dimensions that broadcast alike, so most layers are one row. A
 * stride counts elements and is 0 along a dimension that is repeated.
 */
#ifndef EDGEGEN_NN_BROADCAST_H
#define EDGEGEN_NN_BROADCAST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EG_BROADCAST_RANK 4

typedef struct eg_broadcast {
    int32_t size[EG_BROADCAST_RANK];    /* of the output, the innermost dimension last */
    int32_t stride1[EG_BROADCAST_RANK]; /* of input 1; 0 or 1 in the innermost dimension */
    int32_t stride2[EG_BROADCAST_RANK];
} eg_broadcast;

/* One row: `length` outputs from elements 0, step1, 2 * step1, ... of input 1, likewise input 2. */
typedef void eg_broadcast_row(const void *layer, const void *input1, int32_t step1,
                              const void *input2, int32_t step2, void *output, int32_t length);

/* Calls `row` for every row of the output; all three arrays have elements of `element_bytes`. */
void eg_for_each_row(const eg_broadcast *shape, size_t element_bytes, eg_broadcast_row *row,
                     const void *layer, const void *input1, const void *input2, void *output);

/* The same where the output's elements have another size than the inputs'. */
void eg_for_each_row_to(const eg_broadcast *shape, size_t element_bytes, size_t output_bytes,
                        eg_broadcast_row *row, const void *layer, const void *input1,
                        const void *input2, void *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_BROADCAST_H */
