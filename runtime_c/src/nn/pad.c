#include "edgegen/nn/pad.h"

#include <string.h>

void eg_run_pad(const eg_pad *layer, const void *input, void *output)
{
    memset(output, layer->value, (size_t)layer->output_bytes);
    eg_pad_rows(layer, input, output);
}

void eg_pad_rows(const eg_pad *layer, const void *input, void *output)
{
    const uint8_t *row = input;
    uint8_t *first = (uint8_t *)output + layer->first_byte;
    const size_t row_bytes = (size_t)layer->row_bytes;

    for (int32_t i = 0; i < layer->size[0]; ++i) {
        for (int32_t j = 0; j < layer->size[1]; ++j) {
            for (int32_t k = 0; k < layer->size[2]; ++k) {
                for (int32_t l = 0; l < layer->size[3]; ++l) {
                    memcpy(first + i * layer->stride[0] + j * layer->stride[1] +
                               k * layer->stride[2] + l * layer->stride[3],
                           row, row_bytes);
                    row += row_bytes;
                }
            }
        }
    }
}
