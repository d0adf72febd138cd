#include "edgegen/nn/mve/matmul.h"

enum {
    BLOCK = 4 /* channels */
};

/* The sums of four channels at positions a and b. */
typedef struct sums {
    eg_s32x4 a, b;
} sums;

#if EG_HAS_MVE

/* A chunk of four channels at two positions: 128 products in 14 instructions. VMLADAV adds up in
 * even registers only, and the eight sums fill them all, lr too: pointers and the counter are left
 * the odd ones. */
#define LOAD_CHUNKS                                                                                \
    "vldrb.u8 q0, [%[a]], #16\n\t"                                                                 \
    "vldrb.u8 q1, [%[b]], #16\n\t"
#define LOAD_LAST_CHUNKS                                                                           \
    "vctp.8 %[left]\n\t"                                                                           \
    "vpstt\n\t"                                                                                    \
    "vldrbt.u8 q0, [%[a]]\n\t"                                                                     \
    "vldrbt.u8 q1, [%[b]]\n\t"
#define CHANNEL(VMLADAV, SUM_A, SUM_B)                                                             \
    "vldrb.u8 q2, [%[w]], #16\n\t"          /* */                                                  \
        VMLADAV ".s8 " SUM_A ", q2, q0\n\t" /* */                                                  \
        VMLADAV ".s8 " SUM_B ", q2, q1\n\t"
#define MULTIPLY(VMLADAV)                                                                          \
    CHANNEL(VMLADAV, "r0", "r8")                                                                   \
    CHANNEL(VMLADAV, "r2", "r10") CHANNEL(VMLADAV, "r4", "r12") CHANNEL(VMLADAV, "r6", "lr")

/* w moves to the end of the block's weights. The counter has 17 taken off, so that its sign tells
 * whether one more chunk is a whole one that is not the last. */
static inline sums multiply(int32_t inputs, const int8_t *a, const int8_t *b, const int8_t **w)
{
    sums s;

    __asm__ volatile(
        "subs %[left], #17\n\t"
        "bmi 3f\n\t" LOAD_CHUNKS MULTIPLY(
            "vmladav") "subs %[left], #16\n\t"
                       "bmi 2f\n"
                       "1:\n\t" LOAD_CHUNKS MULTIPLY(
                           "vmladava") "subs %[left], #16\n\t"
                                       "bpl 1b\n"
                                       "2:\n\t"
                                       "adds %[left], #17\n\t" LOAD_LAST_CHUNKS MULTIPLY(
                                           "vmladava") "b 4f\n"
                                                       "3:\n\t"
                                                       "adds %[left], #17\n\t" LOAD_LAST_CHUNKS
                                                           MULTIPLY(
                                                               "vmladav") "4:\n\t"
                                                                          "vmov %e[sum_a], r0, "
                                                                          "r2\n\t"
                                                                          "vmov %f[sum_a], r4, "
                                                                          "r6\n\t"
                                                                          "vmov %e[sum_b], r8, "
                                                                          "r10\n\t"
                                                                          "vmov %f[sum_b], r12, lr"
        : [sum_a] "=w"(s.a), [sum_b] "=w"(s.b), [w] "+r"(*w), [a] "+r"(a), [b] "+r"(b),
          [left] "+r"(inputs)
        :
        : "r0", "r2", "r4", "r6", "r8", "r10", "r12", "lr", "q0", "q1", "q2", "memory", "cc");
    return s;
}

#else

static sums multiply(int32_t inputs, const int8_t *a, const int8_t *b, const int8_t **w)
{
    sums s = {eg_vdup(0), eg_vdup(0)};

    for (int32_t k = 0; k < inputs; ++k) {
        for (int32_t c = 0; c < BLOCK; ++c) {
            const int32_t weight = (*w)[(k / EG_CHUNK * BLOCK + c) * EG_CHUNK + k % EG_CHUNK];

            s.a.lane[c] += weight * a[k];
            s.b.lane[c] += weight * b[k];
        }
    }
    *w += (inputs + EG_CHUNK - 1) / EG_CHUNK * BLOCK * EG_CHUNK;
    return s;
}

#endif

void eg_multiply_pair_mve(const eg_matmul_mve *matrix, const int8_t *input_a, const int8_t *input_b,
                          int8_t *output_a, int8_t *output_b)
{
    const int8_t *w = (const int8_t *)matrix->stream;
    const int32_t inputs = matrix->inputs;
    const eg_range_mve range = eg_range_vectors(&matrix->output);

    for (int32_t left = matrix->channels; left > 0; left -= BLOCK) {
        const sums s = multiply(inputs, input_a, input_b, &w);
        const int32_t *parameters = (const int32_t *)(const void *)w;
        const eg_channels_mve channels = eg_load_channels(&parameters);
        const eg_s32x4 a = eg_requantize_mve(s.a, &channels, &range);
        const eg_s32x4 b = eg_requantize_mve(s.b, &channels, &range);

        eg_vstrb_two(&output_a, a, &output_b, b, left);
        w = (const int8_t *)parameters;
    }
}
