#include "edgegen/nn/concatenation.h"

#include <string.h>

void eg_run_concatenation(const eg_concatenation *layer, const void *const *inputs, void *output)
{
    uint8_t *out = output;

    for (int32_t row = 0; row < layer->outer; ++row) {
        for (int32_t i = 0; i < layer->inputs; ++i) {
            const size_t bytes = (size_t)layer->row_bytes[i];

            memcpy(out, (const uint8_t *)inputs[i] + (size_t)row * bytes, bytes);
            out += bytes;
        }
    }
}
