#include "edgegen/nn/dsp/matmul.h"

uint32_t *eg_widen_pair(const int8_t *a, const int8_t *b, int32_t groups, uint32_t *words)
{
    if (groups % 2 != 0) {
        words = eg_widen_group(a, b, words);
        a += EG_GROUP;
        b += EG_GROUP;
    }
    for (groups /= 2; groups > 0; --groups) {
        words = eg_widen_group(a, b, words);
        words = eg_widen_group(a + EG_GROUP, b + EG_GROUP, words);
        a += 2 * EG_GROUP;
        b += 2 * EG_GROUP;
    }
    return words;
}
