#include "edgegen/fixed_point.h"
#include "edgegen/nn/elementwise.h"

enum { UNROLLED = 4 };

static inline int8_t add(const eg_add_linear_s8 *layer, int8_t x1, int8_t x2)
{
    const int32_t sum = layer->constant + x1 * layer->factor1 + x2 * layer->factor2;

    return (int8_t)eg_saturate_s8(sum >> layer->shift);
}

void eg_run_add_linear_s8(const eg_add_linear_s8 *layer, const int8_t *input1, const int8_t *input2,
                          int8_t *output)
{
    const eg_add_linear_s8 own = *layer; /* so that no store to the output can change it */
    int32_t left = own.elements;

    for (; left >= UNROLLED; left -= UNROLLED) {
        output[0] = add(&own, input1[0], input2[0]);
        output[1] = add(&own, input1[1], input2[1]);
        output[2] = add(&own, input1[2], input2[2]);
        output[3] = add(&own, input1[3], input2[3]);
        input1 += UNROLLED;
        input2 += UNROLLED;
        output += UNROLLED;
    }
    for (; left > 0; --left) {
        *output++ = add(&own, *input1++, *input2++);
    }
}
