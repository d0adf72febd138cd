/* What a compiler calls, where there is no C library. */
#include <string.h>

void *memmove(void *to, const void *from, size_t size)
{
    char *const target = (char *)to;
    const char *const source = (const char *)from;
    const int is_before = target < source;

    for (size_t i = 0; i < size; ++i) {
        const size_t at = is_before ? i : size - 1 - i;

        ((volatile char *)target)[at] = source[at];
    }
    return to;
}

void *memcpy(void *to, const void *from, size_t size)
{
    return memmove(to, from, size);
}

void *memset(void *to, int value, size_t size)
{
    for (size_t i = 0; i < size; ++i) {
        ((volatile char *)to)[i] = (char)value;
    }
    return to;
}
