/* Sums of some channels at some positions: the inner loop of float convolutions. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_TILE_F32_H
#define EDGEGEN_NN_SIMD_KERNELS_TILE_F32_H

#include <stddef.h>

#include "edgegen/nn/simd/kernels/vector_f32.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is the same for all tiles of a block of channels. */
typedef struct eg_f_block {
    const float *weights;
    int32_t rows; /* of the filter, and what lies between them in the image */
    int32_t row_step;
    int32_t columns; /* the same of its columns; 1 where the inputs of a row lie together */
    int32_t column_step;
    int32_t inputs;
    int32_t step; /* from one position to the next, in the image */
    int32_t output_step;
    int32_t stored; /* channels, where they are less than a vector; otherwise 0 */
    const float *bias;
    eg_f_limits limits;
} eg_f_block;

EG_F_INLINE void eg_f_finish(const eg_f_block *block, eg_f_vector sums, eg_f_vector bias,
                             float *out)
{
    const eg_f_vector outputs = eg_f_clamp(eg_f_add(sums, bias), &block->limits);

    if (block->stored != 0) {
        float all[EG_F_LANES];

        eg_f_save(all, outputs);
        for (int32_t i = 0; i < block->stored; ++i) {
            out[i] = all[i];
        }
    } else {
        eg_f_save(out, outputs);
    }
}

/* Of `positions`, 1..6, and `vectors`, 1 or 2, both constants wherever this is called: the names
 * below are registers then, and what is not needed is not there. */
EG_F_INLINE void eg_f_tile(const eg_f_block *block, const float *in, float *out,
                           const int32_t positions, const int32_t vectors)
{
    const ptrdiff_t step = block->step;
    const float *weights = block->weights;
    const eg_f_vector zero = eg_f_fill(0.0f);
    eg_f_vector a0 = zero, a1 = zero, a2 = zero, a3 = zero, a4 = zero, a5 = zero;
    eg_f_vector b0 = zero, b1 = zero, b2 = zero, b3 = zero, b4 = zero, b5 = zero;

#define EG_F_AT(NUMBER)                                                                            \
    if (positions > NUMBER) {                                                                      \
        const eg_f_vector x =                                                                      \
            eg_f_spread(NUMBER < 3 ? at + NUMBER * step : far + (NUMBER - 3) * step);              \
                                                                                                   \
        a##NUMBER = eg_f_add(a##NUMBER, eg_f_multiply(weights_a, x));                              \
        if (vectors == 2) {                                                                        \
            b##NUMBER = eg_f_add(b##NUMBER, eg_f_multiply(weights_b, x));                          \
        }                                                                                          \
    }
    for (int32_t row = 0; row < block->rows; ++row) {
        for (int32_t column = 0; column < block->columns; ++column) {
            const float *at = in + row * block->row_step + column * block->column_step;
            const float *far = positions > 3 ? at + 3 * step : at;

            for (int32_t input = block->inputs; input > 0; --input) {
                const eg_f_vector weights_a = eg_f_load(weights);
                const eg_f_vector weights_b =
                    vectors == 2 ? eg_f_load(weights + EG_F_LANES) : weights_a;

                EG_F_AT(0)
                EG_F_AT(1)
                EG_F_AT(2)
                EG_F_AT(3)
                EG_F_AT(4)
                EG_F_AT(5)
                ++at;
                ++far;
                weights += vectors * EG_F_LANES;
            }
        }
    }
#undef EG_F_AT
    const eg_f_vector bias_a = eg_f_load(block->bias);
    const eg_f_vector bias_b = vectors == 2 ? eg_f_load(block->bias + EG_F_LANES) : bias_a;

#define EG_F_FINISH(NUMBER)                                                                        \
    if (positions > NUMBER) {                                                                      \
        eg_f_finish(block, a##NUMBER, bias_a, out);                                                \
        if (vectors == 2) {                                                                        \
            eg_f_finish(block, b##NUMBER, bias_b, out + EG_F_LANES);                               \
        }                                                                                          \
        out += block->output_step;                                                                 \
    }
    EG_F_FINISH(0)
    EG_F_FINISH(1)
    EG_F_FINISH(2)
    EG_F_FINISH(3)
    EG_F_FINISH(4)
    EG_F_FINISH(5)
#undef EG_F_FINISH
}

/* Of one position and `vectors`, 4 or 8. */
EG_F_INLINE void eg_f_wide_tile(const eg_f_block *block, const float *in, float *out,
                                const int32_t vectors)
{
    const float *weights = block->weights;
    const eg_f_vector zero = eg_f_fill(0.0f);
    eg_f_vector s0 = zero, s1 = zero, s2 = zero, s3 = zero;
    eg_f_vector s4 = zero, s5 = zero, s6 = zero, s7 = zero;

#define EG_F_OF(NUMBER)                                                                            \
    if (vectors > NUMBER) {                                                                        \
        s##NUMBER =                                                                                \
            eg_f_add(s##NUMBER, eg_f_multiply(eg_f_load(weights + NUMBER * EG_F_LANES), x));       \
    }
    for (int32_t row = 0; row < block->rows; ++row) {
        for (int32_t column = 0; column < block->columns; ++column) {
            const float *at = in + row * block->row_step + column * block->column_step;

            for (int32_t input = block->inputs; input > 0; --input) {
                const eg_f_vector x = eg_f_spread(at);

                EG_F_OF(0)
                EG_F_OF(1)
                EG_F_OF(2)
                EG_F_OF(3)
                EG_F_OF(4)
                EG_F_OF(5)
                EG_F_OF(6)
                EG_F_OF(7)
                ++at;
                weights += vectors * EG_F_LANES;
            }
        }
    }
#undef EG_F_OF
#define EG_F_FINISH(NUMBER)                                                                        \
    if (vectors > NUMBER) {                                                                        \
        eg_f_finish(block, s##NUMBER, eg_f_load(block->bias + NUMBER * EG_F_LANES),                \
                    out + NUMBER * EG_F_LANES);                                                    \
    }
    EG_F_FINISH(0)
    EG_F_FINISH(1)
    EG_F_FINISH(2)
    EG_F_FINISH(3)
    EG_F_FINISH(4)
    EG_F_FINISH(5)
    EG_F_FINISH(6)
    EG_F_FINISH(7)
#undef EG_F_FINISH
}

/* Functions of their own: around a loop that needs every register, nothing else may want one. */
#define EG_F_TILE(POSITIONS, VECTORS)                                                              \
    EG_F_ALONE void eg_f_tile_##POSITIONS##_##VECTORS(const eg_f_block *block, const float *in,    \
                                                      float *out)                                  \
    {                                                                                              \
        eg_f_tile(block, in, out, POSITIONS, VECTORS);                                             \
    }
#define EG_F_WIDE_TILE(VECTORS)                                                                    \
    EG_F_ALONE void eg_f_tile_1_##VECTORS(const eg_f_block *block, const float *in, float *out)    \
    {                                                                                              \
        eg_f_wide_tile(block, in, out, VECTORS);                                                   \
    }

typedef void eg_f_tile_function(const eg_f_block *block, const float *in, float *out);

EG_F_TILE(1, 1)
EG_F_TILE(1, 2)
EG_F_WIDE_TILE(4)
EG_F_WIDE_TILE(8)
#if EG_F_POSITIONS > 1
EG_F_TILE(2, 1)
EG_F_TILE(2, 2)
#endif
#if EG_F_POSITIONS > 2
EG_F_TILE(3, 1)
EG_F_TILE(3, 2)
#endif
#if EG_F_POSITIONS > 3
EG_F_TILE(4, 1)
EG_F_TILE(4, 2)
#endif
#if EG_F_POSITIONS > 4
EG_F_TILE(5, 1)
EG_F_TILE(5, 2)
#endif
#if EG_F_POSITIONS > 5
EG_F_TILE(6, 1)
EG_F_TILE(6, 2)
#endif
#undef EG_F_TILE
#undef EG_F_WIDE_TILE

/* `count` positions that follow one another, in tiles of nearly the same size. */
static inline void eg_f_tiles(const eg_f_block *block, const float *in, float *out, int32_t count,
                              int32_t vectors)
{
    static eg_f_tile_function *const tiles[EG_F_POSITIONS][2] = {
        {eg_f_tile_1_1, eg_f_tile_1_2},
#if EG_F_POSITIONS > 1
        {eg_f_tile_2_1, eg_f_tile_2_2},
#endif
#if EG_F_POSITIONS > 2
        {eg_f_tile_3_1, eg_f_tile_3_2},
#endif
#if EG_F_POSITIONS > 3
        {eg_f_tile_4_1, eg_f_tile_4_2},
#endif
#if EG_F_POSITIONS > 4
        {eg_f_tile_5_1, eg_f_tile_5_2},
#endif
#if EG_F_POSITIONS > 5
        {eg_f_tile_6_1, eg_f_tile_6_2},
#endif
    };

    if (vectors > 2) {
        (vectors == 4 ? eg_f_tile_1_4 : eg_f_tile_1_8)(block, in, out);
        return;
    }
    const int32_t number = (count + EG_F_POSITIONS - 1) / EG_F_POSITIONS;
    const int32_t positions = count / number;
    const int32_t larger = count % number;

    for (int32_t i = 0; i < number; ++i) {
        const int32_t together = positions + (i < larger ? 1 : 0);

        tiles[together - 1][vectors - 1](block, in, out);
        in += together * block->step;
        out += together * block->output_step;
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_TILE_F32_H */
