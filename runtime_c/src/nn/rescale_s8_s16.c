#include "edgegen/nn/rescale.h"

void eg_run_rescale_s8_s16(const eg_rescale *layer, const int8_t *input, int16_t *output)
{
    for (int32_t i = 0; i < layer->elements; ++i) {
        output[i] = (int16_t)eg_rescale_one(layer, input[i]);
    }
}
