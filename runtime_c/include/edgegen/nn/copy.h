/* Copies a block of any element type in another order: slices, transpositions, blocks moved
 * between depth and space, mirrored or repeated positions.
 *
 * The output is written front to back, `run_bytes` at a time. Which bytes of the input those are
 * is a sum over the output's dimensions: each has either one distance between its positions,
 * which may be negative or 0, or a table of distances. edgegen merges dimensions that lie in the
 * input as they do in the output, so that most copies need few of them and long runs.
 *
 * Input and output must not overlap.
 */
#ifndef EDGEGEN_NN_COPY_H
#define EDGEGEN_NN_COPY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EG_COPY_LEVELS = 5 };

typedef struct eg_copy {
    int32_t size[EG_COPY_LEVELS];          /* of the output, outermost first; 1 if unused */
    int32_t stride[EG_COPY_LEVELS];        /* bytes in the input from one position to the next */
    const int32_t *offset[EG_COPY_LEVELS]; /* bytes [size] instead, or NULL */
    int32_t first_byte;                    /* of the input */
    int32_t run_bytes;
} eg_copy;

void eg_run_copy(const eg_copy *layer, const void *input, void *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_COPY_H */
