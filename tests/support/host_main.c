/* Runs a generated model on this machine, for the tests.
 *
 * Standard input: vectors of inputs, each all of the model's inputs one after the other, until the
 * end of file. An argument says before how many vectors each the model is initialised; 0 for once.
 * Standard output: for every operator of every vector a pair of uint32 (tensor index,
 * bytes) and then the output tensor's bytes.
 *
 * inputs.h, written by host_engine.py, defines MODEL_INPUTS(X) with X(accessor, bytes) per input,
 * ARENA_BYTES and the functions init and invoke.
 */
#include "inputs.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void put(const void *data, size_t bytes)
{
    if (fwrite(data, 1, bytes, stdout) != bytes) {
        perror("write");
        exit(EXIT_FAILURE);
    }
}

void eg_trace_tensor(uint32_t tensor, const void *data, size_t bytes)
{
    const uint32_t head[2] = {tensor, (uint32_t)bytes};

    put(head, sizeof head);
    put(data, bytes);
}

static bool read_vector(void)
{
#define READ_INPUT(accessor, bytes)                                                                \
    if (fread(accessor(), 1, (bytes), stdin) != (bytes)) {                                         \
        return false;                                                                              \
    }
    MODEL_INPUTS(READ_INPUT)
#undef READ_INPUT
    return true;
}

int main(int count, char **arguments)
{
    const int vectors_per_init = count > 1 ? atoi(arguments[1]) : 0;
    /* malloc aligns to 16 on every host that runs these tests, and lets the address sanitizer see
     * an access past the end. */
    void *arena = malloc(ARENA_BYTES);

    if (init(arena, ARENA_BYTES) != EG_OK) {
        fprintf(stderr, "init failed\n");
        return EXIT_FAILURE;
    }
    for (int vector = 1; read_vector(); ++vector) {
        if (invoke() != EG_OK) {
            fprintf(stderr, "invoke failed\n");
            return EXIT_FAILURE;
        }
        if (vectors_per_init != 0 && vector % vectors_per_init == 0) {
            (void)init(arena, ARENA_BYTES);
        }
    }
    free(arena);
    return EXIT_SUCCESS;
}
