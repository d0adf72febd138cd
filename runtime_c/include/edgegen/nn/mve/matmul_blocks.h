/* What the kernels of matmul.h are put together from.
 *
 * A block is four channels at two positions, a and b. VMLADAV adds up in even registers only, and
 * the eight sums fill them all, lr too: pointers are left the odd ones, but r7, which may be a
 * frame pointer, and the stack's r13. What else is needed lies on the stack.
 *
 *   r0 r2 r4 r6      sums at a          r1 r3   inputs at a and b
 *   r8 r10 r12 lr    sums at b          r5 r9   the stream, output at a
 *   q0 q1            inputs, outputs    r11     channels left, or passes left
 *   q2 q3            weights, scales    q4..q7  shared by all blocks
 */
#ifndef EDGEGEN_NN_MVE_MATMUL_BLOCKS_H
#define EDGEGEN_NN_MVE_MATMUL_BLOCKS_H

#include "edgegen/isa_mve.h"
#include "edgegen/nn/mve/matmul.h"

enum {
    EG_BLOCK = 4 /* channels */
};

#if EG_HAS_MVE

enum {
    EG_CHUNK_CODE = 14 * 4, /* bytes */
    EG_UNROLLED = 7         /* chunks */
};

/* What the instructions find on the stack, at the offsets that are written behind. */
typedef struct eg_pairs_mve {
    const int8_t *a;       /* 0 */
    const int8_t *b;       /* 4 */
    const int32_t *stream; /* 8 */
    int8_t *output;        /* 12 */
    int32_t channels;      /* 16 */
    int32_t code;          /* 20: bytes of the first pass, less 1, as Thumb's addresses are odd */
    int32_t tail;          /* 24: bytes of the last chunk */
    int32_t input_step;    /* 28: of a pair */
    int32_t output_step;   /* 32 */
    int32_t pairs;         /* 36 */
    int32_t passes;        /* 40: over the unrolled code */
    int32_t channels_left; /* 44 */
    int32_t distance;      /* of the outputs at b behind those at a; not on the stack */
    eg_output_mve shared;
} eg_pairs_mve;

/* 128 products in 14 instructions, with the inputs loaded. */
#define EG_CHANNEL(SUM_A, SUM_B)                                                                   \
    "vldrb.u8 q2, [r5], #16\n\t"                                                                   \
    "vmladava.s8 " SUM_A ", q2, q0\n\t"                                                            \
    "vmladava.s8 " SUM_B ", q2, q1\n\t"
#define EG_MULTIPLY                                                                                \
    EG_CHANNEL("r0", "r8")                                                                         \
    EG_CHANNEL("r2", "r10")                                                                        \
    EG_CHANNEL("r4", "r12")                                                                        \
    EG_CHANNEL("r6", "lr")

/* A whole chunk: the one so many bytes before the last, or the next one. */
#define EG_CHUNK_AT(OFFSET)                                                                        \
    "vldrb.u8 q0, [r1, #" OFFSET "]\n\t"                                                           \
    "vldrb.u8 q1, [r3, #" OFFSET "]\n\t" EG_MULTIPLY
#define EG_NEXT_CHUNK                                                                              \
    "vldrb.u8 q0, [r1], #16\n\t"                                                                   \
    "vldrb.u8 q1, [r3], #16\n\t" EG_MULTIPLY

/* The last chunk, of as many bytes as VPR.P0 tells. */
#define EG_LAST_CHUNK                                                                              \
    "vpstt\n\t"                                                                                    \
    "vldrbt.u8 q0, [r1]\n\t"                                                                       \
    "vldrbt.u8 q1, [r3]\n\t" EG_MULTIPLY

/* Moves the struct that r0 points to onto the stack. The chunks before label 2 are entered such
 * that as many are done as there are: its `code` becomes an address. */
#define EG_START                                                                                   \
    "add r1, r0, #48\n\t"                                                                          \
    "ldm r1, {r2, r3, r4, r5}\n\t"                                                                 \
    "lsls r2, r2, #16\n\t"                                                                         \
    "mov r6, #0x10001\n\t"                                                                         \
    "mov r8, #0\n\t"                                                                               \
    "vidup.u32 q4, r8, #1\n\t"                                                                     \
    "vmul.i32 q4, q4, r6\n\t"                                                                      \
    "vadd.i32 q4, q4, r2\n\t"                                                                      \
    "vdup.16 q7, r3\n\t"                                                                           \
    "vdup.16 q5, r4\n\t"                                                                           \
    "vdup.16 q6, r5\n\t"                                                                           \
    "ldm r0, {r1, r2, r3, r4, r5, r6, r8, r9, r10, r11, r12, lr}\n\t"                              \
    ".balign 4\n\t" /* or ADR, which aligns the program counter, is off by 2 */                    \
    "adr.w r0, 2f\n\t"                                                                             \
    "sub r6, r0, r6\n\t"                                                                           \
    "push {r1, r2, r3, r4, r5, r6, r8, r9, r10, r11, r12, lr}\n"
#define EG_START_PAIR                                                                              \
    "0:\n\t"                                                                                       \
    "ldr r0, [sp, #24]\n\t"                                                                        \
    "vctp.8 r0\n\t"                                                                                \
    "ldm sp, {r1, r3, r5, r9, r11}\n\t"
#define EG_ENTER                                                                                   \
    "ldm r5!, {r0, r2, r4, r6, r8, r10, r12, lr}\n\t"                                              \
    "ldr pc, [sp, #20]\n\t"

#define EG_COLLECT                                                                                 \
    "vmov d0, r0, r2\n\t"                                                                          \
    "vmov d1, r4, r6\n\t"                                                                          \
    "vmov d2, r8, r10\n\t"                                                                         \
    "vmov d3, r12, lr\n\t"                                                                         \
    "vldrw.u32 q2, [r5], #16\n\t"

/* To 16-bit lanes a0 b0 a1 b1 a2 b2 a3 b3; q7 is the zero point. */
#define EG_NARROW                                                                                  \
    "vldrw.u32 q3, [r5], #16\n\t"                                                                  \
    "vrshl.s32 q0, q0, q3\n\t"                                                                     \
    "vrshl.s32 q1, q1, q3\n\t"                                                                     \
    "vqmovnb.s32 q0, q0\n\t"                                                                       \
    "vqmovnt.s32 q0, q1\n\t"                                                                       \
    "vqadd.s16 q0, q0, q7\n\t"

#define EG_REQUANTIZE_RELU                                                                         \
    EG_COLLECT                                                                                     \
    "vqrdmulh.s32 q0, q0, q2\n\t"                                                                  \
    "vqrdmulh.s32 q1, q1, q2\n\t" EG_NARROW "vqmovnb.s16 q0, q0\n\t"

#define EG_REQUANTIZE                                                                              \
    EG_COLLECT                                                                                     \
    "vshr.s32 q3, q0, #31\n\t"                                                                     \
    "vqrdmulh.s32 q0, q0, q2\n\t"                                                                  \
    "vadd.i32 q0, q0, q3\n\t"                                                                      \
    "vshr.s32 q3, q1, #31\n\t"                                                                     \
    "vqrdmulh.s32 q1, q1, q2\n\t"                                                                  \
    "vadd.i32 q1, q1, q3\n\t" EG_NARROW "vmax.s16 q0, q0, q5\n\t"                                  \
    "vmin.s16 q0, q0, q6\n\t"

/* Stores q0 by the offsets q4. Goes on with the next block at label 1; the last one may have fewer
 * channels. Then with the next pair at label 0. */
#define EG_STORE                                                                                   \
    "bmi 3f\n\t"                                                                                   \
    "vstrb.16 q0, [r9, q4]\n\t"                                                                    \
    "add r9, r9, #4\n\t"                                                                           \
    "bne.w 1b\n\t"                                                                                 \
    "b 4f\n"                                                                                       \
    "3:\n\t"                                                                                       \
    "add r11, r11, #4\n\t"                                                                         \
    "vctp.32 r11\n\t"                                                                              \
    "vpst\n\t"                                                                                     \
    "vstrbt.16 q0, [r9, q4]\n"                                                                     \
    "4:\n\t"                                                                                       \
    "add r0, sp, #28\n\t"                                                                          \
    "ldm r0, {r1, r2, r3}\n\t"                                                                     \
    "ldrd r4, r5, [sp]\n\t"                                                                        \
    "ldr r6, [sp, #12]\n\t"                                                                        \
    "add r4, r4, r1\n\t"                                                                           \
    "add r5, r5, r1\n\t"                                                                           \
    "add r6, r6, r2\n\t"                                                                           \
    "strd r4, r5, [sp]\n\t"                                                                        \
    "str r6, [sp, #12]\n\t"                                                                        \
    "subs r3, r3, #1\n\t"                                                                          \
    "str r3, [sp, #36]\n\t"                                                                        \
    "bne.w 0b\n\t"                                                                                 \
    "add sp, sp, #48\n\t"

/* r11 counts channels. */
#define EG_SHORT(REQUANTIZE)                                                                       \
    EG_START EG_START_PAIR "1:\n\t" EG_ENTER EG_CHUNK_AT("-112") EG_CHUNK_AT("-96")                \
        EG_CHUNK_AT("-80") EG_CHUNK_AT("-64") EG_CHUNK_AT("-48") EG_CHUNK_AT("-32")                \
            EG_CHUNK_AT("-16") "2:\n\t" EG_LAST_CHUNK REQUANTIZE                                   \
    "subs r11, r11, #4\n\t" EG_STORE

/* r11 counts passes, of which only the first may be a part of the unrolled code. */
#define EG_LONG(REQUANTIZE)                                                                        \
    EG_START EG_START_PAIR                                                                         \
    "str r11, [sp, #44]\n"                                                                         \
    "1:\n\t"                                                                                       \
    "ldrd r1, r3, [sp]\n\t"                                                                        \
    "ldr r11, [sp, #40]\n\t" EG_ENTER                                                              \
    "5:\n\t" EG_NEXT_CHUNK EG_NEXT_CHUNK EG_NEXT_CHUNK EG_NEXT_CHUNK EG_NEXT_CHUNK                 \
        EG_NEXT_CHUNK EG_NEXT_CHUNK "2:\n\t"                                                       \
    "subs r11, r11, #1\n\t"                                                                        \
    "bne.w 5b\n\t" EG_LAST_CHUNK REQUANTIZE                                                        \
    "ldr r11, [sp, #44]\n\t"                                                                       \
    "subs r11, r11, #4\n\t"                                                                        \
    "str r11, [sp, #44]\n\t" EG_STORE

/* Those before the last one. */
static inline int32_t eg_whole_chunks(const eg_matmul_mve *matrix)
{
    return (matrix->inputs - 1) / EG_CHUNK;
}

static inline eg_pairs_mve eg_pairs_of(const eg_matmul_mve *matrix,
                                       const eg_positions_mve *positions, const int8_t *input,
                                       int8_t *output)
{
    const int32_t whole = eg_whole_chunks(matrix);
    const int32_t more = whole > EG_UNROLLED ? (whole - 1) / EG_UNROLLED : 0;
    const eg_pairs_mve pairs = {
        .a = input,
        .b = input + positions->input_step,
        .stream = matrix->stream,
        .output = output,
        .channels = matrix->channels,
        .code = (whole - more * EG_UNROLLED) * EG_CHUNK_CODE - 1,
        .tail = matrix->inputs - whole * EG_CHUNK,
        .input_step = 2 * positions->input_step,
        .output_step = 2 * positions->output_step,
        .pairs = positions->count / 2,
        .passes = more + 1,
        .distance = positions->output_step,
        .shared = matrix->output,
    };

    return pairs;
}

/* The last position of an odd number is both a and b. */
static inline void eg_make_single(eg_pairs_mve *pairs, const eg_positions_mve *positions)
{
    const int32_t done = 2 * pairs->pairs;

    pairs->a += done * positions->input_step;
    pairs->b = pairs->a;
    pairs->output += done * positions->output_step;
    pairs->distance = 0;
    pairs->pairs = 1;
}

/* A kernel. Its instructions take a pointer to an eg_pairs_mve in r0 and use all registers but r7;
 * those of short ones count inputs from the last chunk on. */
#define EG_DEFINE_MULTIPLY(NAME, INSTRUCTIONS, FIRST_CHUNK)                                        \
    static __attribute__((noinline)) void multiply(const eg_pairs_mve *pairs)                      \
    {                                                                                              \
        register const eg_pairs_mve *r0 __asm__("r0") = pairs;                                     \
                                                                                                   \
        __asm__ volatile(INSTRUCTIONS                                                              \
                         : "+r"(r0)                                                                \
                         :                                                                         \
                         : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12",    \
                           "lr", "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "memory", "cc");  \
    }                                                                                              \
                                                                                                   \
    void NAME(const eg_matmul_mve *matrix, const eg_positions_mve *positions, const int8_t *input, \
              int8_t *output)                                                                      \
    {                                                                                              \
        const int8_t *first = input + FIRST_CHUNK * EG_CHUNK;                                      \
        eg_pairs_mve pairs = eg_pairs_of(matrix, positions, first, output);                        \
                                                                                                   \
        if (pairs.pairs > 0) {                                                                     \
            multiply(&pairs);                                                                      \
        }                                                                                          \
        if (positions->count % 2 == 1) {                                                           \
            eg_make_single(&pairs, positions);                                                     \
            multiply(&pairs);                                                                      \
        }                                                                                          \
    }

#define EG_DEFINE_SHORT(NAME, REQUANTIZE)                                                          \
    EG_DEFINE_MULTIPLY(NAME, EG_SHORT(REQUANTIZE), eg_whole_chunks(matrix))
#define EG_DEFINE_LONG(NAME, REQUANTIZE) EG_DEFINE_MULTIPLY(NAME, EG_LONG(REQUANTIZE), 0)

#else

static inline void eg_multiply_one(const eg_matmul_mve *matrix, const int8_t *input, int8_t *output)
{
    const int32_t chunks = (matrix->inputs + EG_CHUNK - 1) / EG_CHUNK;
    const int32_t words = 2 * EG_BLOCK + chunks * EG_BLOCK * EG_CHUNK / 4 + 2 * EG_BLOCK;

    for (int32_t c = 0; c < matrix->channels; ++c) {
        const int32_t *block = matrix->stream + c / EG_BLOCK * words;
        const int32_t lane = c % EG_BLOCK;
        const int8_t *w = (const int8_t *)(block + 2 * EG_BLOCK) + lane * EG_CHUNK;
        const int32_t *scale = block + words - 2 * EG_BLOCK + lane;
        int32_t sum = block[lane];

        for (int32_t k = 0; k < matrix->inputs; ++k) {
            sum += w[k / EG_CHUNK * EG_BLOCK * EG_CHUNK + k % EG_CHUNK] * input[k];
        }
        output[c] = eg_requantize_mve(&matrix->output, sum, scale[0], scale[EG_BLOCK]);
    }
}

#define EG_DEFINE_MULTIPLY(NAME)                                                                   \
    void NAME(const eg_matmul_mve *matrix, const eg_positions_mve *positions, const int8_t *input, \
              int8_t *output)                                                                      \
    {                                                                                              \
        for (int32_t left = positions->count; left > 0; --left) {                                  \
            eg_multiply_one(matrix, input, output);                                                \
            input += positions->input_step;                                                        \
            output += positions->output_step;                                                      \
        }                                                                                          \
    }

#define EG_DEFINE_SHORT(NAME, REQUANTIZE) EG_DEFINE_MULTIPLY(NAME)
#define EG_DEFINE_LONG(NAME, REQUANTIZE) EG_DEFINE_MULTIPLY(NAME)

#endif

#endif /* EDGEGEN_NN_MVE_MATMUL_BLOCKS_H */
