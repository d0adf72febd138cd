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

void eg_gather_line(const eg_depthwise_3x3_s8 *layer, const int8_t *input, int32_t number,
                    uint32_t *line)
{
    const uint32_t offset = (uint32_t)-layer->outside[0];
    const uint32_t offsets = eg_pkhbt(offset, offset);
    const int32_t pixel = 2 * number - layer->across.pad;
    const int32_t size = layer->across.size;
    const int32_t step = layer->across.input_step;
    const int8_t *first = layer->outside;
    const int8_t *second = layer->outside;
    int32_t first_step = 0;
    int32_t second_step = 0;

    if (pixel >= 0 && pixel < size) {
        first = input + pixel * step;
        first_step = layer->along.input_step;
    }
    if (pixel + 1 < size) {
        second = input + (pixel + 1) * step;
        second_step = layer->along.input_step;
    }
    for (int32_t k = layer->along.size; k > 0; --k) {
        line = put_pair(first, second, offsets, line);
        first += first_step;
        second += second_step;
    }
}
