#include "edgegen/nn/split.h"

#include <stddef.h>
#include <string.h>

void eg_run_split(const eg_split *layer, const void *input, void *const *outputs)
{
    const uint8_t *in = input;
    const size_t bytes = (size_t)layer->row_bytes;

    for (int32_t row = 0; row < layer->outer; ++row) {
        for (int32_t i = 0; i < layer->outputs; ++i) {
            memcpy((uint8_t *)outputs[i] + (size_t)row * bytes, in, bytes);
            in += bytes;
        }
    }
}
