#include "edgegen/nn/pad.h"

#include <stddef.h>
#include <string.h>

void eg_run_pad_element(const eg_pad_element *layer, const void *input, void *output)
{
    const size_t bytes = (size_t)layer->element_bytes;
    uint8_t *const out = output;

    for (size_t at = 0; at < (size_t)layer->pad.output_bytes; at += bytes) {
        memcpy(out + at, layer->element, bytes);
    }
    eg_pad_rows(&layer->pad, input, output);
}
