#include "edgegen/nn/select.h"

void eg_run_select_s16(const eg_select *layer, const uint8_t *condition, const int16_t *input1,
                       const int16_t *input2, int16_t *output)
{
    const int32_t length = layer->size[EG_SELECT_RANK - 1];
    int32_t index[EG_SELECT_RANK - 1] = {0};

    do {
        const uint8_t *c = condition + eg_select_offset(layer->condition_stride, index);
        const int16_t *a = input1 + eg_select_offset(layer->stride1, index);
        const int16_t *b = input2 + eg_select_offset(layer->stride2, index);

        for (int32_t i = 0; i < length; ++i) {
            *output++ = *c != 0 ? *a : *b;
            c += layer->condition_stride[EG_SELECT_RANK - 1];
            a += layer->stride1[EG_SELECT_RANK - 1];
            b += layer->stride2[EG_SELECT_RANK - 1];
        }
    } while (eg_select_next_row(layer, index));
}
