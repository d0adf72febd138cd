/* The C library's functions that compilers count on, for a target that has none. */
#include <string.h>

#include <stdint.h>

enum { WORD = 8 /* bytes that are moved at once, at any address */ };

static uint64_t load(const uint8_t *from)
{
    uint64_t word;

    __builtin_memcpy(&word, from, WORD);
    return word;
}

static void store(uint8_t *to, uint64_t word)
{
    __builtin_memcpy(to, &word, WORD);
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    uint8_t *target = to;
    const uint8_t *source = from;

    for (; bytes >= WORD; bytes -= WORD, target += WORD, source += WORD) {
        store(target, load(source));
    }
    for (; bytes > 0; --bytes) {
        *target++ = *source++;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
    uint8_t *const target = to;
    const uint8_t *const source = from;

    if ((uintptr_t)target <= (uintptr_t)source) {
        for (size_t i = 0; i < bytes; ++i) {
            target[i] = source[i];
        }
    } else {
        for (size_t i = bytes; i > 0; --i) {
            target[i - 1] = source[i - 1];
        }
    }
    return to;
}

void *memset(void *to, int value, size_t bytes)
{
    const uint64_t word = (uint8_t)value * 0x0101010101010101U;
    uint8_t *target = to;

    for (; bytes >= WORD; bytes -= WORD, target += WORD) {
        store(target, word);
    }
    for (; bytes > 0; --bytes) {
        *target++ = (uint8_t)value;
    }
    return to;
}
