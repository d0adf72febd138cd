#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/depthwise_3x3.h"

#if EG_HAS_DSP

/* One entry of a line. STM stores ascending registers, hence the fixed ones. */
#define PUT(SECOND)                                                                                \
    do {                                                                                           \
        register uint32_t c0 __asm__("r0");                                                        \
        register uint32_t c1 __asm__("r1");                                                        \
        register uint32_t c2 __asm__("r2");                                                        \
        register uint32_t c3 __asm__("r3");                                                        \
        uint32_t even;                                                                             \
        uint32_t odd;                                                                              \
                                                                                                   \
        __asm__ volatile("ldr %[even], [%[first]]\n\t"                                             \
                         "ldr %[c2], " SECOND "\n\t"                                               \
                         "sxtab16 %[odd], %[offsets], %[even], ror #8\n\t"                         \
                         "sxtab16 %[even], %[offsets], %[even]\n\t"                                \
                         "sxtab16 %[c3], %[offsets], %[c2], ror #8\n\t"                            \
                         "sxtab16 %[c2], %[offsets], %[c2]\n\t"                                    \
                         "pkhbt %[c0], %[even], %[c2], lsl #16\n\t"                                \
                         "pkhtb %[c2], %[c2], %[even], asr #16\n\t"                                \
                         "pkhbt %[c1], %[odd], %[c3], lsl #16\n\t"                                 \
                         "pkhtb %[c3], %[c3], %[odd], asr #16\n\t"                                 \
                         "stm %[line]!, {%[c0], %[c1], %[c2], %[c3]}\n\t"                          \
                         : [line] "+r"(line), [c0] "=&r"(c0), [c1] "=&r"(c1), [c2] "=&r"(c2),      \
                           [c3] "=&r"(c3), [even] "=&r"(even), [odd] "=&r"(odd)                    \
                         : [first] "r"(first), [second] "r"(second), [offsets] "r"(offsets)        \
                         : "memory");                                                              \
    } while (0)

static inline uint32_t *put_pair(const int8_t *first, const int8_t *second, uint32_t offsets,
                                 uint32_t *line)
{
    PUT("[%[second]]");
    return line;
}

static inline uint32_t *put_neighbours(const int8_t *first, int32_t second, uint32_t offsets,
                                       uint32_t *line)
{
    PUT("[%[first], %[second]]");
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

static uint32_t *put_neighbours(const int8_t *first, int32_t second, uint32_t offsets,
                                uint32_t *line)
{
    return put_pair(first, first + second, offsets, line);
}

#endif

/* A line that is wholly inside the image. */
static void gather_inside(const int8_t *first, int32_t across, int32_t along, int32_t count,
                          uint32_t offsets, uint32_t *line)
{
    if (count % 2 != 0) {
        line = put_neighbours(first, across, offsets, line);
        first += along;
    }
    for (const uint32_t *end = line + (count & ~1) * EG_DEPTHWISE_LANES; line != end;) {
        line = put_neighbours(first, across, offsets, line);
        first += along;
        line = put_neighbours(first, across, offsets, line);
        first += along;
    }
}

/* A line of which the first pixels are outside, or the second ones, or both: their step is 0. */
static void gather_border(const int8_t *first, int32_t first_step, const int8_t *second,
                          int32_t second_step, int32_t count, uint32_t offsets, uint32_t *line)
{
    for (; count > 0; --count) {
        line = put_pair(first, second, offsets, line);
        first += first_step;
        second += second_step;
    }
}

void eg_gather_line(const eg_depthwise_3x3_s8 *layer, const int8_t *input, int32_t number,
                    uint32_t *line)
{
    const uint32_t offset = (uint32_t)-layer->outside[0];
    const uint32_t offsets = eg_pkhbt(offset, offset);
    const int32_t along = layer->along.input_step;
    const int32_t across = layer->across.input_step;
    const int32_t pixel = 2 * number - layer->across.pad;
    const int has_first = pixel >= 0 && pixel < layer->across.size;
    const int has_second = pixel + 1 < layer->across.size;
    const int8_t *first = input + pixel * across;

    if (has_first && has_second) {
        gather_inside(first, across, along, layer->along.size, offsets, line);
    } else {
        gather_border(has_first ? first : layer->outside, has_first ? along : 0,
                      has_second ? first + across : layer->outside, has_second ? along : 0,
                      layer->along.size, offsets, line);
    }
}
