#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/matmul.h"

static inline void widen_group(const int8_t *a, const int8_t *b, uint32_t *words)
{
    const uint32_t of_a = eg_load_word(a);
    const uint32_t of_b = eg_load_word(b);

    words[0] = eg_sxtb16(of_a);
    words[1] = eg_sxtb16(of_b);
    words[2] = eg_sxtb16_odd(of_a);
    words[3] = eg_sxtb16_odd(of_b);
}

uint32_t *eg_widen_pair(const int8_t *a, const int8_t *b, int32_t groups, uint32_t *words)
{
    if (groups % 2 != 0) {
        widen_group(a, b, words);
        a += EG_GROUP;
        b += EG_GROUP;
        words += EG_PAIR_GROUP_WORDS;
    }
    for (groups /= 2; groups > 0; --groups) {
        widen_group(a, b, words);
        widen_group(a + EG_GROUP, b + EG_GROUP, words + EG_PAIR_GROUP_WORDS);
        a += 2 * EG_GROUP;
        b += 2 * EG_GROUP;
        words += 2 * EG_PAIR_GROUP_WORDS;
    }
    return words;
}
