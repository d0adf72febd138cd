#include "edgegen/nn/copy.h"

#include <stddef.h>
#include <string.h>

static ptrdiff_t distance(const eg_copy *layer, int32_t level, int32_t index)
{
    const int32_t *const offset = layer->offset[level];

    return offset != NULL ? offset[index] : (ptrdiff_t)index * layer->stride[level];
}

/* The innermost dimension; returns where the next one is written. */
static uint8_t *copy_row(const eg_copy *layer, const uint8_t *in, uint8_t *out)
{
    const int32_t level = EG_COPY_LEVELS - 1;
    const size_t run = (size_t)layer->run_bytes;

    for (int32_t i = 0; i < layer->size[level]; ++i) {
        const uint8_t *const from = in + distance(layer, level, i);

        if (run == 1) {
            *out = *from;
        } else {
            memcpy(out, from, run);
        }
        out += run;
    }
    return out;
}

/* Counts one row further like the digits of a number; false after the last. */
static int next_row(const eg_copy *layer, int32_t *index)
{
    for (int32_t level = EG_COPY_LEVELS - 2; level >= 0; --level) {
        if (++index[level] < layer->size[level]) {
            return 1;
        }
        index[level] = 0;
    }
    return 0;
}

void eg_run_copy(const eg_copy *layer, const void *input, void *output)
{
    int32_t index[EG_COPY_LEVELS - 1] = {0};
    uint8_t *out = output;

    do {
        ptrdiff_t row = layer->first_byte;

        for (int32_t level = 0; level < EG_COPY_LEVELS - 1; ++level) {
            row += distance(layer, level, index[level]);
        }
        out = copy_row(layer, (const uint8_t *)input + row, out);
    } while (next_row(layer, index));
}
