/* Padding: the input, surrounded by a constant.
 *
 * The input is a stack of rows: a row is what lies contiguously both in the input and in the
 * output, so it spans every innermost dimension that isn't padded, and the dimensions above it are
 * merged where nothing is padded between them. Everything counts bytes, hence any element type.
 *
 * Input and output must not overlap.
 */
#ifndef EDGEGEN_NN_PAD_H
#define EDGEGEN_NN_PAD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EG_PAD_LEVELS = 4 };

typedef struct eg_pad {
    int32_t size[EG_PAD_LEVELS];   /* of the input above a row, outermost first; 1 if unused */
    int32_t stride[EG_PAD_LEVELS]; /* bytes in the output from one such index to the next */
    int32_t row_bytes;
    int32_t first_byte; /* where the first row begins in the output */
    int32_t output_bytes;
    int32_t value; /* the byte to pad with: for int8 the output's zero point, for float32 0 */
} eg_pad;

/* For padding values that repeat one byte. */
void eg_run_pad(const eg_pad *layer, const void *input, void *output);

/* The rows alone, between whatever the output holds. */
void eg_pad_rows(const eg_pad *layer, const void *input, void *output);

/* For any padding value: `element` holds its bytes as they lie in memory, and the output is a
 * multiple of `element_bytes`. */
typedef struct eg_pad_element {
    eg_pad pad;
    uint8_t element[4];
    int32_t element_bytes; /* at most 4 */
} eg_pad_element;

void eg_run_pad_element(const eg_pad_element *layer, const void *input, void *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_PAD_H */
