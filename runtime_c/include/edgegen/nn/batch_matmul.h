/* BATCH_MATMUL: products of matrices that both come from the graph.
 *
 *   output[b][i][j] = sum over k of input1[b][i][k] * input2[b][k][j]
 *
 * Strides count elements, so a matrix that is to be transposed needs no copy; a batch that is
 * repeated has stride 0. Input and output must not overlap.
 */
#ifndef EDGEGEN_NN_BATCH_MATMUL_H
#define EDGEGEN_NN_BATCH_MATMUL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EG_MATMUL_LEVELS = 3 };

typedef struct eg_matmul_shape {
    int32_t batches[EG_MATMUL_LEVELS]; /* outermost first; 1 if unused */
    int32_t stride1[EG_MATMUL_LEVELS]; /* of input 1 from one to the next */
    int32_t stride2[EG_MATMUL_LEVELS];
    int32_t rows; /* of the output */
    int32_t columns;
    int32_t depth;
    int32_t row_stride;    /* of input 1 */
    int32_t depth_stride1; /* of input 1 */
    int32_t depth_stride2; /* of input 2 */
    int32_t column_stride; /* of input 2 */
} eg_matmul_shape;

/* Each sum is eg_requantize'd with these, clamped to int8. */
typedef struct eg_batch_matmul_s8 {
    eg_matmul_shape shape;
    int32_t input1_offset; /* minus its zero point */
    int32_t input2_offset;
    int32_t multiplier;
    int32_t shift;
    int32_t output_offset; /* its zero point */
} eg_batch_matmul_s8;

void eg_run_batch_matmul_s8(const eg_batch_matmul_s8 *layer, const int8_t *input1,
                            const int8_t *input2, int8_t *output);

typedef struct eg_batch_matmul_f32 {
    eg_matmul_shape shape;
} eg_batch_matmul_f32;

void eg_run_batch_matmul_f32(const eg_batch_matmul_f32 *layer, const float *input1,
                             const float *input2, float *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_BATCH_MATMUL_H */
