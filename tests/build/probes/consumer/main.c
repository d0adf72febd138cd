/* Runs two models in one program, on the input of golden vector 1, and prints their outputs. */
#include <stdio.h>

#include "other/model.h"
#include "tiny/model.h"

static uint8_t tiny_memory[TINY_ARENA_BYTES] __attribute__((aligned(TINY_ARENA_ALIGNMENT)));
static uint8_t other_memory[OTHER_ARENA_BYTES] __attribute__((aligned(OTHER_ARENA_ALIGNMENT)));

static void fill(int8_t *input)
{
    uint32_t x = 1;
    for (int i = 0; i < TINY_INPUT_0_ELEMENTS; i++) {
        x = x * 1664525U + 1013904223U;
        input[i] = (int8_t)(x >> 24);
    }
}

int main(void)
{
    if (tiny_init(tiny_memory, sizeof tiny_memory) != EG_OK ||
        other_init(other_memory, sizeof other_memory) != EG_OK) {
        return 1;
    }
    fill(tiny_input_0());
    fill(other_input_0());
    if (tiny_invoke() != EG_OK || other_invoke() != EG_OK) {
        return 1;
    }
    for (int i = 0; i < TINY_OUTPUT_0_ELEMENTS; i++) {
        printf("%d ", tiny_output_0()[i]);
    }
    for (int i = 0; i < OTHER_OUTPUT_0_ELEMENTS; i++) {
        printf("%d ", other_output_0()[i]);
    }
    return 0;
}
