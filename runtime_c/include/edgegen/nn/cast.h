/* CAST: the same numbers in another element type.
 *
 * Integers lose their upper bits where they do not fit; floats are cut off towards zero, first to
 * int32, and beyond its range become its ends; NaN becomes 0. A truth value counts as 0 or 1.
 * Output may be the memory of an input whose elements have the same size.
 */
#ifndef EDGEGEN_NN_CAST_H
#define EDGEGEN_NN_CAST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum eg_cast_type {
    EG_CAST_BOOL,
    EG_CAST_S8,
    EG_CAST_S16,
    EG_CAST_S32,
    EG_CAST_F32
} eg_cast_type;

typedef struct eg_cast {
    int32_t elements;
    eg_cast_type from;
    eg_cast_type to; /* not EG_CAST_BOOL */
} eg_cast;

void eg_run_cast(const eg_cast *layer, const void *input, void *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_CAST_H */
