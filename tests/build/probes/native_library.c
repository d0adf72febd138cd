/* Runs a project's native library on this machine: the functions of its api.h and nothing else.
 *
 *   probe model VARIANT   Standard input: vectors, each all inputs one after the other. Standard
 *                         output: for each vector all outputs. THREADS threads, each with an
 *                         instance of its own, compute them all and agree.
 *   probe input NUMBER    Standard input: raw bytes. Standard output: the tensors.
 *   probe misuse          Every wrong argument is refused.
 *   probe variants        Their names, one per line.
 *   probe paths           How inputs are made, one per line.
 *
 * Compiled with -include api.h and CALL(function), which puts the project's name in front. */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4 };

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(EXIT_FAILURE);
}

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail(#condition);                                                                      \
        }                                                                                          \
    } while (false)

static uint8_t *read_all(size_t *bytes)
{
    size_t room = 1 << 16;
    uint8_t *data = malloc(room);

    *bytes = 0;
    while (data != NULL) {
        const size_t got = fread(data + *bytes, 1, room - *bytes, stdin);

        *bytes += got;
        if (got == 0) {
            return data;
        }
        if (*bytes == room) {
            data = realloc(data, room *= 2);
        }
    }
    fail("no memory");
    return NULL;
}

#ifdef HAS_MODEL

typedef struct job {
    pthread_t thread;
    uint32_t variant;
    const uint8_t *vectors;
    size_t count;
    uint8_t *outputs;
} job;

static size_t bytes_of(size_t (*size)(uint32_t))
{
    size_t sum = 0;

    for (uint32_t i = 0; size(i) > 0; ++i) {
        sum += size(i);
    }
    return sum;
}

static void *run(void *argument)
{
    job *const own = argument;
    const size_t bytes = CALL(model_bytes)(own->variant);
    uint8_t *const memory = malloc(bytes + 1);
    const uint8_t *from = own->vectors;
    uint8_t *to = own->outputs;
    CALL(model) *model = NULL;

    REQUIRE(bytes > 0);
    memset(memory, 0xA5, bytes + 1);
    REQUIRE(CALL(create)(own->variant, memory + 1, bytes, &model) == 0);
    for (size_t vector = 0; vector < own->count; ++vector) {
        for (uint32_t i = 0; CALL(input_bytes)(i) > 0; ++i) {
            memcpy(CALL(input)(model, i), from, CALL(input_bytes)(i));
            from += CALL(input_bytes)(i);
        }
        REQUIRE(CALL(invoke)(model) == 0);
        for (uint32_t i = 0; CALL(output_bytes)(i) > 0; ++i) {
            memcpy(to, CALL(output)(model, i), CALL(output_bytes)(i));
            to += CALL(output_bytes)(i);
        }
    }
    free(memory);
    return NULL;
}

static void run_model(uint32_t variant)
{
    static job jobs[THREADS];
    size_t bytes;
    uint8_t *const vectors = read_all(&bytes);
    const size_t each = bytes_of(CALL(input_bytes));
    const size_t made = bytes / each * bytes_of(CALL(output_bytes));

    REQUIRE(bytes % each == 0);
    for (int i = 0; i < THREADS; ++i) {
        const job own = {
            .variant = variant, .vectors = vectors, .count = bytes / each, .outputs = malloc(made)};

        jobs[i] = own;
        REQUIRE(pthread_create(&jobs[i].thread, NULL, run, &jobs[i]) == 0);
    }
    for (int i = 0; i < THREADS; ++i) {
        REQUIRE(pthread_join(jobs[i].thread, NULL) == 0);
        REQUIRE(memcmp(jobs[i].outputs, jobs[0].outputs, made) == 0);
    }
    REQUIRE(fwrite(jobs[0].outputs, 1, made, stdout) == made);
    for (int i = 0; i < THREADS; ++i) {
        free(jobs[i].outputs);
    }
    free(vectors);
}

static void misuse_model(void)
{
    static uint8_t few[64];
    CALL(model) *model = NULL;
    const size_t bytes = CALL(model_bytes)(0);

    REQUIRE(CALL(variant_name)(0) != NULL && CALL(variant_name)(1000) == NULL);
    REQUIRE(CALL(model_bytes)(1000) == 0);
    REQUIRE(CALL(create)(0, few, sizeof few, &model) != 0 && model == NULL);
    REQUIRE(CALL(create)(0, NULL, bytes, &model) != 0 && model == NULL);
    REQUIRE(CALL(create)(1000, few, bytes, &model) != 0 && model == NULL);
    REQUIRE(CALL(create)(0, few, bytes, NULL) != 0);
    REQUIRE(CALL(invoke)(NULL) != 0 && CALL(reset)(NULL) != 0);
    REQUIRE(CALL(input)(NULL, 0) == NULL && CALL(output)(NULL, 0) == NULL);
    REQUIRE(CALL(input_bytes)(1000) == 0 && CALL(output_bytes)(1000) == 0);

    uint8_t *const memory = malloc(bytes);

    REQUIRE(CALL(create)(0, memory, bytes - 1, &model) != 0 && model == NULL);
    REQUIRE(CALL(create)(0, memory, bytes, &model) == 0);
    REQUIRE(CALL(input)(model, 1000) == NULL && CALL(output)(model, 1000) == NULL);
    free(memory);
}

static void list_variants(void)
{
    for (uint32_t i = 0; CALL(variant_name)(i) != NULL; ++i) {
        puts(CALL(variant_name)(i));
    }
}

#endif

#ifdef HAS_INPUTS

static CALL(preprocessor) * created(uint32_t input, uint8_t **memory)
{
    const size_t bytes = CALL(preprocessor_bytes)(input);
    CALL(preprocessor) *made = NULL;

    REQUIRE(bytes > 0);
    *memory = malloc(bytes + 1);
    memset(*memory, 0xA5, bytes + 1);
    REQUIRE(CALL(create_preprocessor)(input, *memory + 1, bytes, &made) == 0);
    return made;
}

static void run_input(uint32_t input)
{
    const size_t each = CALL(raw_bytes)(input);
    const size_t made = CALL(tensor_bytes)(input);
    uint8_t *const tensor = malloc(made);
    uint8_t *memory;
    CALL(preprocessor) *const preprocessor = created(input, &memory);
    size_t bytes;
    uint8_t *const raw = read_all(&bytes);

    REQUIRE(bytes % each == 0);
    for (size_t at = 0; at < bytes; at += each) {
        REQUIRE(CALL(preprocess)(preprocessor, raw + at, each, tensor, made) == 0);
        REQUIRE(fwrite(tensor, 1, made, stdout) == made);
    }
    free(raw);
    free(memory);
    free(tensor);
}

static void misuse_input(void)
{
    uint8_t *memory;
    CALL(preprocessor) *const good = created(0, &memory);
    CALL(preprocessor) *made = NULL;
    const size_t each = CALL(raw_bytes)(0);
    const size_t bytes = CALL(tensor_bytes)(0);
    uint8_t *const raw = calloc(1, each);
    uint8_t *const tensor = calloc(1, bytes);

    REQUIRE(CALL(raw_bytes)(1000) == 0 && CALL(tensor_bytes)(1000) == 0);
    REQUIRE(CALL(preprocessor_bytes)(1000) == 0);
    REQUIRE(CALL(preprocessor_path)(NULL) == NULL);
    REQUIRE(CALL(create_preprocessor)(0, memory, 100, &made) != 0 && made == NULL);
    REQUIRE(CALL(create_preprocessor)(0, NULL, 1 << 30, &made) != 0 && made == NULL);
    REQUIRE(CALL(create_preprocessor)(1000, memory, 1 << 30, &made) != 0 && made == NULL);
    REQUIRE(CALL(create_preprocessor)(0, memory, 1 << 30, NULL) != 0);
    REQUIRE(CALL(preprocess)(NULL, raw, each, tensor, bytes) != 0);
    REQUIRE(CALL(preprocess)(good, NULL, each, tensor, bytes) != 0);
    REQUIRE(CALL(preprocess)(good, raw, each, NULL, bytes) != 0);
    REQUIRE(CALL(preprocess)(good, raw, each - 1, tensor, bytes) != 0);
    REQUIRE(CALL(preprocess)(good, raw, each, tensor, bytes + 1) != 0);
    REQUIRE(CALL(preprocess)(good, raw, each, tensor, bytes) == 0);
    free(tensor);
    free(raw);
    free(memory);
}

static void list_paths(void)
{
    for (uint32_t i = 0; CALL(raw_bytes)(i) > 0; ++i) {
        uint8_t *memory;

        puts(CALL(preprocessor_path)(created(i, &memory)));
        free(memory);
    }
}

#endif

int main(int count, char **arguments)
{
    const char *const what = count > 1 ? arguments[1] : "";
    const uint32_t number = count > 2 ? (uint32_t)atoi(arguments[2]) : 0;

    (void)number;
    REQUIRE(CALL(abi)() == CALL_ABI);
    REQUIRE(strlen(CALL(model_sha256)()) == 64);
    REQUIRE(strcmp(CALL(status_text)(0), "ok") == 0 && strlen(CALL(status_text)(1000)) > 0);
#ifdef HAS_MODEL
    if (strcmp(what, "model") == 0) {
        run_model(number);
        return EXIT_SUCCESS;
    }
    if (strcmp(what, "variants") == 0) {
        list_variants();
        return EXIT_SUCCESS;
    }
#endif
#ifdef HAS_INPUTS
    if (strcmp(what, "input") == 0) {
        run_input(number);
        return EXIT_SUCCESS;
    }
    if (strcmp(what, "paths") == 0) {
        list_paths();
        return EXIT_SUCCESS;
    }
#endif
    REQUIRE(strcmp(what, "misuse") == 0);
#ifdef HAS_MODEL
    misuse_model();
#endif
#ifdef HAS_INPUTS
    misuse_input();
#endif
    return EXIT_SUCCESS;
}
