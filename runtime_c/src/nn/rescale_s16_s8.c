#include "edgegen/nn/rescale.h"

void eg_run_rescale_s16_s8(const eg_rescale *layer, const int16_t *input, int8_t *output)
{
    for (int32_t i = 0; i < layer->elements; ++i) {
        output[i] = (int8_t)eg_rescale_one(layer, input[i]);
    }
}
