/* What the fuzz targets share: arguments out of the fuzzer's bytes, and buffers of a very size.
 *
 * Every buffer that a target passes has the bytes that the documentation asks for and not one
 * more, so that the address sanitizer sees each access beyond it.
 */
#ifndef EDGEGEN_FUZZ_H
#define EDGEGEN_FUZZ_H

#include "../tests/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct fuzz_input {
    const uint8_t *data;
    size_t size;
} fuzz_input;

/* The next bytes, little-endian; 0 after the last. */
static inline uint32_t take(fuzz_input *input, size_t bytes)
{
    uint32_t value = 0;

    for (size_t i = 0; i < bytes && input->size > 0; ++i) {
        value |= (uint32_t)*input->data++ << (8 * i);
        --input->size;
    }
    return value;
}

/* 0 to below - 1, from two bytes. */
static inline uint32_t take_below(fuzz_input *input, uint32_t below)
{
    return take(input, 2) % below;
}

/* True once in `of` times. */
static inline bool take_one_in(fuzz_input *input, uint32_t of)
{
    return take(input, 1) % of == of - 1;
}

/* Any float32 there is. */
static inline float take_bits(fuzz_input *input)
{
    const uint32_t bits = take(input, 4);
    float value = 0.0F;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* A number as people choose them, or, once in 8 times, any float32 there is. */
static inline float take_float(fuzz_input *input)
{
    if (take_one_in(input, 8)) {
        return take_bits(input);
    }
    return (float)((int32_t)take_below(input, 4001) - 2000) / 256.0F;
}

/* A size from 1 to `most`; once in 16 times any number there is. */
static inline uint32_t take_size(fuzz_input *input, uint32_t most)
{
    return take_one_in(input, 16) ? take(input, 4) : 1 + take_below(input, most);
}

/* Bytes that look random, from a seed: contents that the fuzzer needn't spell out. */
static inline void fill(void *to, size_t bytes, uint32_t seed)
{
    uint8_t *const out = (uint8_t *)to;

    for (size_t i = 0; i < bytes; ++i) {
        seed = (uint32_t)((uint64_t)seed * 1664525 + 1013904223);
        out[i] = (uint8_t)(seed >> 24);
    }
}

/* Samples from -peak to peak. */
static inline void fill_samples(float *to, size_t count, float peak, uint32_t seed)
{
    for (size_t i = 0; i < count; ++i) {
        seed = (uint32_t)((uint64_t)seed * 1664525 + 1013904223);
        to[i] = peak * ((float)(seed >> 8) / 8388608.0F - 1.0F);
    }
}

/* Memory of `bytes` and not one more, with contents that depend on `seed` alone. */
static inline void *allocate(size_t bytes, uint32_t seed)
{
    void *const memory = malloc(bytes);

    EXPECT(memory != NULL || bytes == 0);
    fill(memory, bytes, seed);
    return memory;
}

/* Whether the memory is as `allocate` made it. */
static inline bool is_untouched(const void *memory, size_t bytes, uint32_t seed)
{
    void *const fresh = allocate(bytes, seed);
    const bool same = bytes == 0 || memcmp(memory, fresh, bytes) == 0;

    free(fresh);
    return same;
}

#endif /* EDGEGEN_FUZZ_H */
