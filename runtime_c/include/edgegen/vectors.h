/* What a model's output vectors become: probabilities, classes, boxes.
 *
 * No state and no allocation; a workspace is the caller's. A NULL pointer, a count of 0 and NaN are
 * EG_INVALID_ARGUMENT with nothing written, for all functions. For int8 tensors see also
 * edgegen/quantize.h; order is the same before and after dequantisation.
 */
#ifndef EDGEGEN_VECTORS_H
#define EDGEGEN_VECTORS_H

#include <stddef.h>
#include <stdint.h>

#include "edgegen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* output[i] = exp(input[i] - m) / sum over j of exp(input[j] - m), with m the largest input.
 *
 * -infinity gives 0; +infinity is refused, and so is a vector of nothing but -infinity. `output`
 * may be `input`. The relative error of a result that is a normal number is below
 * (2 * count + |input[i] - m| + 8) * 2^-24 with an expf that errs by less than 1 ulp. */
eg_status eg_vector_softmax_f32(const float *input, size_t count, float *output);

/* The index of the largest value, the first of several. */
eg_status eg_vector_argmax_f32(const float *values, size_t count, uint32_t *index);
eg_status eg_vector_argmax_s8(const int8_t *values, size_t count, uint32_t *index);

/* The indices of the k largest values, the largest first, equal ones in their order. `k` is 1 to
 * `count`, `indices` has k elements. Time grows with count * k at worst: meant for a small k. */
eg_status eg_vector_top_k_f32(const float *values, size_t count, size_t k, uint32_t *indices);
eg_status eg_vector_top_k_s8(const int8_t *values, size_t count, size_t k, uint32_t *indices);

/* Non-maximum suppression: of boxes that overlap too much, the one with the best score. */
typedef struct eg_nms {
    const float *boxes;     /* count x 4: opposite corners, y0 x0 y1 x1; finite, areas to 2^126 */
    const float *scores;    /* count */
    const int32_t *classes; /* count: only boxes of one class suppress each other; NULL: all do */
    uint32_t count;         /* may be 0 */
    float score_threshold;  /* boxes scored below it are left out; -infinity for none */
    float iou_threshold;    /* 0 to 1: a box goes when it overlaps a kept one by more */
} eg_nms;

/* Bytes of the workspace of eg_nms_run, which begins at a multiple of 4. */
size_t eg_nms_workspace_bytes(uint32_t count);

/* Takes the boxes from the highest score to the lowest, equal ones in their order, and keeps each
 * one whose intersection over union with none of those kept is above the threshold. Stops at
 * `capacity` boxes. `kept` takes their indices in that order, `kept_count` how many. A box of no
 * area overlaps nothing. */
eg_status eg_nms_run(const eg_nms *nms, uint32_t *workspace, size_t workspace_bytes,
                     uint32_t capacity, uint32_t *kept, uint32_t *kept_count);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_VECTORS_H */
