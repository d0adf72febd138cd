#include "edgegen/nn/mve/fully_connected.h"

enum {
    HALF = 4, /* channels in a vector */
    BLOCK = 2 * HALF
};

/* The sums of eight channels. */
typedef struct sums {
    eg_s32x4 low, high;
} sums;

#if EG_HAS_MVE

/* A chunk of eight channels: 128 products in 17 instructions. The registers are used as in
 * matmul.c. */
#define LOAD_CHUNK "vldrb.u8 q0, [%[x]], #16\n\t"
#define LOAD_LAST_CHUNK                                                                            \
    "vctp.8 %[left]\n\t"                                                                           \
    "vpst\n\t"                                                                                     \
    "vldrbt.u8 q0, [%[x]]\n\t"
#define CHANNEL(VMLADAV, SUM)                                                                      \
    "vldrb.u8 q1, [%[w]], #16\n\t" /* */                                                           \
        VMLADAV ".s8 " SUM ", q1, q0\n\t"
#define MULTIPLY(VMLADAV)                                                                          \
    CHANNEL(VMLADAV, "r0")                                                                         \
    CHANNEL(VMLADAV, "r2")                                                                         \
    CHANNEL(VMLADAV, "r4")                                                                         \
    CHANNEL(VMLADAV, "r6")                                                                         \
    CHANNEL(VMLADAV, "r8") CHANNEL(VMLADAV, "r10") CHANNEL(VMLADAV, "r12") CHANNEL(VMLADAV, "lr")

static inline sums multiply(int32_t inputs, const int8_t *x, const int8_t **w)
{
    sums s;

    __asm__ volatile(
        "subs %[left], #17\n\t"
        "bmi 3f\n\t" LOAD_CHUNK MULTIPLY(
            "vmladav") "subs %[left], #16\n\t"
                       "bmi 2f\n"
                       "1:\n\t" LOAD_CHUNK MULTIPLY(
                           "vmladava") "subs %[left], #16\n\t"
                                       "bpl 1b\n"
                                       "2:\n\t"
                                       "adds %[left], #17\n\t" LOAD_LAST_CHUNK MULTIPLY(
                                           "vmladava") "b 4f\n"
                                                       "3:\n\t"
                                                       "adds %[left], #17\n\t" LOAD_LAST_CHUNK
                                                           MULTIPLY(
                                                               "vmladav") "4:\n\t"
                                                                          "vmov %e[low], r0, r2\n\t"
                                                                          "vmov %f[low], r4, r6\n\t"
                                                                          "vmov %e[high], r8, "
                                                                          "r10\n\t"
                                                                          "vmov %f[high], r12, lr"
        : [low] "=w"(s.low), [high] "=w"(s.high), [w] "+r"(*w), [x] "+r"(x), [left] "+r"(inputs)
        :
        : "r0", "r2", "r4", "r6", "r8", "r10", "r12", "lr", "q0", "q1", "memory", "cc");
    return s;
}

#else

static sums multiply(int32_t inputs, const int8_t *x, const int8_t **w)
{
    int32_t s[BLOCK] = {0};

    for (int32_t k = 0; k < inputs; ++k) {
        for (int32_t c = 0; c < BLOCK; ++c) {
            s[c] += (*w)[(k / EG_CHUNK * BLOCK + c) * EG_CHUNK + k % EG_CHUNK] * x[k];
        }
    }
    *w += (inputs + EG_CHUNK - 1) / EG_CHUNK * BLOCK * EG_CHUNK;
    return (sums){eg_vldrw(s), eg_vldrw(s + HALF)};
}

#endif

static void run_row(const eg_matmul_mve *matrix, const eg_range_mve *range, const int8_t *input,
                    int8_t *output)
{
    const int8_t *w = (const int8_t *)matrix->stream;
    const int32_t inputs = matrix->inputs;

    for (int32_t left = matrix->channels; left > 0; left -= BLOCK) {
        const sums s = multiply(inputs, input, &w);
        const int32_t *parameters = (const int32_t *)(const void *)w;
        const eg_channels_mve low = eg_load_channels(&parameters);
        const eg_channels_mve high = eg_load_channels(&parameters);

        eg_vstrb_some(output, eg_requantize_mve(s.low, &low, range), left);
        if (left > HALF) {
            eg_vstrb_some(output + HALF, eg_requantize_mve(s.high, &high, range), left - HALF);
        }
        output += BLOCK;
        w = (const int8_t *)parameters;
    }
}

void eg_run_fully_connected_s8_mve(const eg_fully_connected_s8_mve *layer, const int8_t *input,
                                   int8_t *output)
{
    const eg_matmul_mve *matrix = &layer->matrix;
    const eg_range_mve range = eg_range_vectors(&matrix->output);

    for (int32_t batch = 0; batch < layer->batches; ++batch) {
        run_row(matrix, &range, input, output);
        input += matrix->inputs;
        output += matrix->channels;
    }
}
