#include "edgegen/nn/mve/fully_connected.h"

#include "edgegen/isa_mve.h"

enum {
    BLOCK = 8 /* channels */
};

#if EG_HAS_MVE

enum {
    UNROLLED = 8,       /* chunks */
    CHUNK_CODE = 17 * 4 /* bytes */
};

/* A chunk of eight channels: 128 products in 17 instructions. VMLADAV adds up in even registers
 * only, and the eight sums fill them all, lr too. */
#define CHANNEL(SUM)                                                                               \
    "vldrb.u8 q1, [%[w]], #16\n\t"                                                                 \
    "vmladava.s8 " SUM ", q1, q0\n\t"
#define MULTIPLY                                                                                   \
    CHANNEL("r0")                                                                                  \
    CHANNEL("r2")                                                                                  \
    CHANNEL("r4")                                                                                  \
    CHANNEL("r6") CHANNEL("r8") CHANNEL("r10") CHANNEL("r12") CHANNEL("lr")
#define NEXT_CHUNK "vldrb.u8 q0, [%[x]], #16\n\t" MULTIPLY

/* Channels 0 2 4 6 in q0 and 1 3 5 7 in q1, to 16-bit lanes in order. */
#define COLLECT                                                                                    \
    "vmov d0, r0, r2\n\t"                                                                          \
    "vmov d1, r4, r6\n\t"                                                                          \
    "vmov d2, r8, r10\n\t"                                                                         \
    "vmov d3, r12, lr\n\t"
#define PRODUCT(SUMS) "vqrdmulh.s32 " SUMS ", " SUMS ", q2\n\t"
#define PRODUCT_MADE_SMALLER(SUMS)                                                                 \
    "vshr.s32 q3, " SUMS ", #31\n\t" PRODUCT(SUMS) "vadd.i32 " SUMS ", " SUMS ", q3\n\t"
#define SCALE(SUMS, MULTIPLY_SUMS)                                                                 \
    "vldrw.u32 q2, [%[w]], #16\n\t" MULTIPLY_SUMS(SUMS) "vldrw.u32 q2, [%[w]], #16\n\t"            \
                                                        "vrshl.s32 " SUMS ", " SUMS ", q2\n\t"
#define NARROW                                                                                     \
    "vqmovnb.s32 q0, q0\n\t"                                                                       \
    "vqmovnt.s32 q0, q1\n\t"                                                                       \
    "vqadd.s16 q0, q0, %q[zero]\n\t"
#define REQUANTIZE_RELU COLLECT SCALE("q0", PRODUCT) SCALE("q1", PRODUCT) NARROW                   \
    "vqmovnb.s16 q0, q0\n\t"
#define REQUANTIZE                                                                                 \
    COLLECT SCALE("q0", PRODUCT_MADE_SMALLER) SCALE("q1", PRODUCT_MADE_SMALLER) NARROW             \
    "vmax.s16 q0, q0, %q[low]\n\t"                                                                 \
    "vmin.s16 q0, q0, %q[high]\n\t"

/* `left` starts as the bytes of the last chunk, r0 as the bytes of code from where the first pass
 * begins to label 2, so that all others are whole ones. On the stack, below: that address,
 * channels left, passes, x. */
#define DEFINE(NAME, REQUANTIZE)                                                                   \
    static __attribute__((noinline)) void NAME(const eg_matmul_mve *matrix, const int8_t *x,       \
                                               int8_t *output)                                     \
    {                                                                                              \
        const int32_t *w = matrix->stream;                                                         \
        const int32_t whole = (matrix->inputs - 1) / EG_CHUNK;                                     \
        const int32_t more = whole > 0 ? (whole - 1) / UNROLLED : 0;                               \
        register int32_t code __asm__("r0") = (whole - more * UNROLLED) * CHUNK_CODE - 1;          \
        register int32_t channels __asm__("r2") = matrix->channels;                                \
        register int32_t passes __asm__("r4") = more + 1;                                          \
        int32_t left = matrix->inputs - whole * EG_CHUNK;                                          \
        const int16x8_t zero = vdupq_n_s16((int16_t)matrix->output.zero_point);                    \
        const int16x8_t low = vdupq_n_s16((int16_t)matrix->output.activation_min);                 \
        const int16x8_t high = vdupq_n_s16((int16_t)matrix->output.activation_max);                \
                                                                                                   \
        __asm__ volatile("push {%[x]}\n\t"                                                         \
                         "push {r2, r4}\n\t"                                                       \
                         "vctp.8 %[left]\n\t"                                                      \
                         ".balign 4\n\t" /* for ADR */                                            \
                         "adr.w r6, 2f\n\t"                                                        \
                         "sub r0, r6, r0\n\t"                                                      \
                         "push {r0}\n"                                                             \
                         "1:\n\t"                                                                  \
                         "ldr %[x], [sp, #12]\n\t"                                                 \
                         "ldr %[left], [sp, #8]\n\t"                                               \
                         "ldm %[w]!, {r0, r2, r4, r6, r8, r10, r12, lr}\n\t"                       \
                         "ldr pc, [sp]\n"                                                          \
                         "3:\n\t" NEXT_CHUNK NEXT_CHUNK NEXT_CHUNK NEXT_CHUNK NEXT_CHUNK           \
                             NEXT_CHUNK NEXT_CHUNK NEXT_CHUNK "2:\n\t"                             \
                         "subs %[left], %[left], #1\n\t"                                           \
                         "bne.w 3b\n\t"                                                            \
                         "vpst\n\t"                                                                \
                         "vldrbt.u8 q0, [%[x]]\n\t" MULTIPLY REQUANTIZE                            \
                         "ldr %[left], [sp, #4]\n\t"                                               \
                         "subs %[left], %[left], #8\n\t"                                           \
                         "str %[left], [sp, #4]\n\t"                                               \
                         "bmi 4f\n\t"                                                              \
                         "vstrb.16 q0, [%[out]], #8\n\t"                                           \
                         "bne.w 1b\n\t"                                                            \
                         "b 5f\n"                                                                  \
                         "4:\n\t"                                                                  \
                         "add %[left], %[left], #8\n\t"                                            \
                         "vctp.16 %[left]\n\t"                                                     \
                         "vpst\n\t"                                                                \
                         "vstrbt.16 q0, [%[out]]\n"                                                \
                         "5:\n\t"                                                                  \
                         "add sp, sp, #16"                                                         \
                         : [w] "+r"(w), [x] "+r"(x), [out] "+l"(output), [left] "+r"(left),        \
                           "+r"(code), "+r"(channels), "+r"(passes)                                \
                         : [zero] "w"(zero), [low] "w"(low), [high] "w"(high)                      \
                         : "r6", "r8", "r10", "r12", "lr", "q0", "q1", "q2", "q3", "memory",       \
                           "cc");                                                                  \
    }

DEFINE(run_row_relu, REQUANTIZE_RELU)
DEFINE(run_row, REQUANTIZE)

#else

static void run_row(const eg_matmul_mve *matrix, const int8_t *x, int8_t *output)
{
    const int32_t chunks = (matrix->inputs + EG_CHUNK - 1) / EG_CHUNK;
    const int32_t words = BLOCK + chunks * BLOCK * EG_CHUNK / 4 + 2 * BLOCK;

    for (int32_t c = 0; c < matrix->channels; ++c) {
        const int32_t *block = matrix->stream + c / BLOCK * words;
        const int32_t place = c % 2 * BLOCK / 2 + c % BLOCK / 2; /* even channels first */
        const int8_t *w = (const int8_t *)(block + BLOCK) + place * EG_CHUNK;
        const int32_t *scale = block + words - 2 * BLOCK + c % 2 * BLOCK + c % BLOCK / 2;
        int32_t sum = block[place];

        for (int32_t k = 0; k < matrix->inputs; ++k) {
            sum += w[k / EG_CHUNK * BLOCK * EG_CHUNK + k % EG_CHUNK] * x[k];
        }
        output[c] = eg_requantize_mve(&matrix->output, sum, scale[0], scale[BLOCK / 2]);
    }
}

static void run_row_relu(const eg_matmul_mve *matrix, const int8_t *x, int8_t *output)
{
    run_row(matrix, x, output);
}

#endif

void eg_run_fully_connected_s8_mve(const eg_fully_connected_s8_mve *layer, const int8_t *input,
                                   int8_t *output)
{
    const eg_matmul_mve *matrix = &layer->matrix;

    for (int32_t batch = 0; batch < layer->batches; ++batch) {
        if (eg_is_relu_mve(&matrix->output)) {
            run_row_relu(matrix, input, output);
        } else {
            run_row(matrix, input, output);
        }
        input += matrix->inputs;
        output += matrix->channels;
    }
}
