/* SELECT_V2: each element from one of two arrays, as a third one says; all three may broadcast.
 *
 * Output may be the memory of an input that is not repeated and has elements of the same size.
 */
#ifndef EDGEGEN_NN_SELECT_H
#define EDGEGEN_NN_SELECT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EG_SELECT_RANK 5

/* output = condition != 0 ? input1 : input2. A stride counts elements and is 0 along a dimension
 * that is repeated; the innermost dimension is the last. */
typedef struct eg_select {
    int32_t size[EG_SELECT_RANK]; /* of the output */
    int32_t condition_stride[EG_SELECT_RANK];
    int32_t stride1[EG_SELECT_RANK];
    int32_t stride2[EG_SELECT_RANK];
} eg_select;

void eg_run_select_s8(const eg_select *layer, const uint8_t *condition, const int8_t *input1,
                      const int8_t *input2, int8_t *output);
void eg_run_select_s16(const eg_select *layer, const uint8_t *condition, const int16_t *input1,
                       const int16_t *input2, int16_t *output);
void eg_run_select_f32(const eg_select *layer, const uint8_t *condition, const float *input1,
                       const float *input2, float *output);

/* Of an array, the first element of the row at `index`, which has all dimensions but the last. */
static inline int32_t eg_select_offset(const int32_t *stride, const int32_t *index)
{
    return index[0] * stride[0] + index[1] * stride[1] + index[2] * stride[2] +
           index[3] * stride[3];
}

/* Goes to the next row in C order; 0 after the last one. */
static inline int eg_select_next_row(const eg_select *layer, int32_t *index)
{
    for (int axis = EG_SELECT_RANK - 2; axis >= 0; --axis) {
        if (++index[axis] < layer->size[axis]) {
            return 1;
        }
        index[axis] = 0;
    }
    return 0;
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SELECT_H */
