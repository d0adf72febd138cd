/* ARG_MAX and ARG_MIN: where along one dimension the largest or smallest element is.
 *
 * Of equals the first. Input and output must not overlap.
 */
#ifndef EDGEGEN_NN_ARG_EXTREMUM_H
#define EDGEGEN_NN_ARG_EXTREMUM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_arg_extremum {
    int32_t outer; /* elements of the dimensions before that one */
    int32_t size;
    int32_t inner;        /* and of those after it */
    int32_t takes_larger; /* 1 for ARG_MAX, 0 for ARG_MIN */
} eg_arg_extremum;

void eg_run_arg_extremum_s8(const eg_arg_extremum *layer, const int8_t *input, int32_t *output);
void eg_run_arg_extremum_f32(const eg_arg_extremum *layer, const float *input, int32_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_ARG_EXTREMUM_H */
