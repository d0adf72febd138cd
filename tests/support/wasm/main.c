/* A generated model as a WebAssembly module, which run.mjs runs. inputs.h is what host_main.c has.
 */
#include "inputs.h"

#include <string.h>

#define EXPORT(name) __attribute__((export_name(name)))

static uint8_t arena[ARENA_BYTES] __attribute__((aligned(16)));

EXPORT("init") int wasm_init(void);
EXPORT("invoke") int wasm_invoke(void);
EXPORT("input") void *wasm_input(int wanted);
EXPORT("input_bytes") size_t wasm_input_bytes(int wanted);

int wasm_init(void)
{
    return init(arena, ARENA_BYTES) == EG_OK;
}

int wasm_invoke(void)
{
    return invoke() == EG_OK;
}

void *wasm_input(int wanted)
{
    int number = 0;
#define FIND(accessor, bytes)                                                                      \
    if (number++ == wanted) {                                                                      \
        return accessor();                                                                         \
    }
    MODEL_INPUTS(FIND)
#undef FIND
    return NULL;
}

size_t wasm_input_bytes(int wanted)
{
    int number = 0;
#define FIND(accessor, bytes)                                                                      \
    if (number++ == wanted) {                                                                      \
        return (bytes);                                                                            \
    }
    MODEL_INPUTS(FIND)
#undef FIND
    return 0;
}

void *memcpy(void *to, const void *from, size_t count)
{
    return memmove(to, from, count);
}

/* Without bulk memory instructions a compiler would call these for their own loops: hence
 * volatile. */
void *memmove(void *to, const void *from, size_t count)
{
    volatile unsigned char *const t = to;
    const unsigned char *const f = from;

    if (t <= f) {
        for (size_t i = 0; i < count; ++i) {
            t[i] = f[i];
        }
    } else {
        for (size_t i = count; i > 0; --i) {
            t[i - 1] = f[i - 1];
        }
    }
    return to;
}

void *memset(void *to, int value, size_t count)
{
    volatile unsigned char *const t = to;

    for (size_t i = 0; i < count; ++i) {
        t[i] = (unsigned char)value;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t count)
{
    const unsigned char *const x = a;
    const unsigned char *const y = b;

    for (size_t i = 0; i < count; ++i) {
        if (x[i] != y[i]) {
            return x[i] - y[i];
        }
    }
    return 0;
}
