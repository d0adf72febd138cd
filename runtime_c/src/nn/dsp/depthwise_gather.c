#include <string.h>

#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/depthwise_3x3.h"

#if EG_HAS_DSP

/* One entry of a line. STM stores ascending registers, hence the fixed ones. */
static inline uint32_t *put_pair(const int8_t *first, const int8_t *second, uint32_t offsets,
                                 uint32_t *line)
{
    register uint32_t c0 __asm__("r0");
    register uint32_t c1 __asm__("r1");
    register uint32_t c2 __asm__("r2");
    register uint32_t c3 __asm__("r3");
    uint32_t even;
    uint32_t odd;

    __asm__ volatile("ldr %[even], [%[first]]\n\t"
                     "ldr %[c2], [%[second]]\n\t"
                     "sxtab16 %[odd], %[offsets], %[even], ror #8\n\t"
                     "sxtab16 %[even], %[offsets], %[even]\n\t"
                     "sxtab16 %[c3], %[offsets], %[c2], ror #8\n\t"
                     "sxtab16 %[c2], %[offsets], %[c2]\n\t"
                     "pkhbt %[c0], %[even], %[c2], lsl #16\n\t"
                     "pkhtb %[c2], %[c2], %[even], asr #16\n\t"
                     "pkhbt %[c1], %[odd], %[c3], lsl #16\n\t"
                     "pkhtb %[c3], %[c3], %[odd], asr #16\n\t"
                     "stm %[line]!, {%[c0], %[c1], %[c2], %[c3]}\n\t"
                     : [line] "+r"(line), [c0] "=&r"(c0), [c1] "=&r"(c1), [c2] "=&r"(c2),
                       [c3] "=&r"(c3), [even] "=&r"(even), [odd] "=&r"(odd)
                     : [first] "r"(first), [second] "r"(second), [offsets] "r"(offsets)
                     : "memory");
    return line;
}

#else

static uint32_t *put_pair(const int8_t *first, const int8_t *second, uint32_t offsets,
                          uint32_t *line)
{
    const int32_t offset = (int16_t)(offsets & 0xFFFFU);

    for (int32_t c = 0; c < EG_DEPTHWISE_LANES; ++c) {
        *line++ = eg_pkhbt((uint32_t)(first[c] + offset), (uint32_t)(second[c] + offset));
    }
    return line;
}

#endif

static uint32_t *put_zeros(uint32_t *line, int32_t entries)
{
    const size_t words = (size_t)(entries * EG_DEPTHWISE_LANES);

    memset(line, 0, words * sizeof *line);
    return line + words;
}

void eg_gather_line(const eg_depthwise_3x3_s8 *layer, const int8_t *input, int32_t number,
                    int32_t lead, int32_t entries, uint32_t *line)
{
    const int8_t z = (int8_t)layer->zero_point;
    const int8_t outside[EG_DEPTHWISE_LANES] = {z, z, z, z};
    const uint32_t offset = (uint32_t)-layer->zero_point;
    const uint32_t offsets = eg_pkhbt(offset, offset);
    const int32_t pixel = 2 * number - layer->across.pad;
    const int32_t room = entries - lead;
    const int32_t size = layer->along.size < room ? layer->along.size : room;
    const int8_t *pixels[2] = {outside, outside};
    int32_t steps[2] = {0, 0};

    for (int32_t i = 0; i < 2; ++i) {
        if (pixel + i >= 0 && pixel + i < layer->across.size) {
            pixels[i] = input + (pixel + i) * layer->across.input_step;
            steps[i] = layer->along.input_step;
        }
    }
    const int8_t *first = pixels[0];
    const int8_t *second = pixels[1];

    line = put_zeros(line, lead);
    for (int32_t k = size; k > 0; --k) {
        line = put_pair(first, second, offsets, line);
        first += steps[0];
        second += steps[1];
    }
    put_zeros(line, room - size);
}
