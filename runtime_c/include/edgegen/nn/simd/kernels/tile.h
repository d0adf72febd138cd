/* Sums of some channels at some positions: the inner loop of convolutions. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_TILE_H
#define EDGEGEN_NN_SIMD_KERNELS_TILE_H

#ifndef EG_V
#include "edgegen/nn/simd/isa/c.h"
#endif
#include <stddef.h>

#include "edgegen/nn/simd/kernels/finish.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is the same for all tiles of a block of channels. */
typedef struct eg_v_block {
    const int8_t *weights;
    int32_t rows; /* of the filter, and what lies between them in prepared inputs */
    int32_t row_step;
    int32_t columns; /* the same of its columns; 1 where the inputs of a row lie together */
    int32_t column_step;
    int32_t groups;
    int32_t step; /* from one position to the next, in prepared inputs */
    const int32_t *bias;
    eg_v_finishing finish;
} eg_v_block;

/* Of `positions`, 1..6, and `vectors`, 1 or 2, both constants wherever this is called: the names
 * below are registers then, and what is not needed is not there. */
EG_V_INLINE void eg_v_tile(const eg_v_block *block, const eg_v_input *in, int32_t *sums,
                           const int32_t positions, const int32_t vectors)
{
    const ptrdiff_t step = block->step;
    const int8_t *weights = block->weights;
    const eg_v_sums bias_a = eg_v_load(block->bias);
    const eg_v_sums bias_b = vectors == 2 ? eg_v_load(block->bias + EG_V_LANES) : bias_a;
    eg_v_sums a0 = bias_a, a1 = bias_a, a2 = bias_a, a3 = bias_a, a4 = bias_a, a5 = bias_a;
    eg_v_sums b0 = bias_b, b1 = bias_b, b2 = bias_b, b3 = bias_b, b4 = bias_b, b5 = bias_b;

#define EG_V_AT(NUMBER)                                                                            \
    if (positions > NUMBER) {                                                                      \
        const eg_v_groups x =                                                                      \
            eg_v_spread(NUMBER < 3 ? at + NUMBER * step : far + (NUMBER - 3) * step);              \
                                                                                                   \
        a##NUMBER = eg_v_dot(a##NUMBER, weights_a, x);                                             \
        if (vectors == 2) {                                                                        \
            b##NUMBER = eg_v_dot(b##NUMBER, weights_b, x);                                         \
        }                                                                                          \
    }
    for (int32_t row = 0; row < block->rows; ++row) {
        for (int32_t column = 0; column < block->columns; ++column) {
            const eg_v_input *at = in + row * block->row_step + column * block->column_step;
            const eg_v_input *far = at + 3 * step;

            for (int32_t group = block->groups; group > 0; --group) {
                const eg_v_groups weights_a = eg_v_load_weights(weights);
                const eg_v_groups weights_b =
                    vectors == 2 ? eg_v_load_weights(weights + EG_V_LANES * EG_V_GROUP) : weights_a;

                EG_V_AT(0)
                EG_V_AT(1)
                EG_V_AT(2)
                EG_V_AT(3)
                EG_V_AT(4)
                EG_V_AT(5)
                at += EG_V_GROUP;
                far += EG_V_GROUP;
                weights += vectors * (EG_V_LANES * EG_V_GROUP);
            }
        }
    }
#undef EG_V_AT
#define EG_V_SAVE(NUMBER)                                                                          \
    if (positions > NUMBER) {                                                                      \
        eg_v_save(sums, a##NUMBER);                                                                \
        if (vectors == 2) {                                                                        \
            eg_v_save(sums + EG_V_LANES, b##NUMBER);                                               \
        }                                                                                          \
        sums += vectors * EG_V_LANES;                                                              \
    }
    EG_V_SAVE(0)
    EG_V_SAVE(1)
    EG_V_SAVE(2)
    EG_V_SAVE(3)
    EG_V_SAVE(4)
    EG_V_SAVE(5)
#undef EG_V_SAVE
}

/* So many tiles. Functions of their own: around a loop that needs every register, nothing else may
 * want one. */
#define EG_V_TILE(POSITIONS, VECTORS)                                                              \
    EG_V_ALONE void eg_v_tile_##POSITIONS##_##VECTORS(                                             \
        const eg_v_block *block, const eg_v_input *in, int32_t *sums, int32_t tiles)               \
    {                                                                                              \
        for (; tiles > 0; --tiles) {                                                               \
            eg_v_tile(block, in, sums, POSITIONS, VECTORS);                                        \
            in += (POSITIONS)*block->step;                                                         \
            sums += (POSITIONS) * (VECTORS)*EG_V_LANES;                                            \
        }                                                                                          \
    }

typedef void eg_v_tile_function(const eg_v_block *block, const eg_v_input *in, int32_t *sums,
                                int32_t tiles);

EG_V_TILE(1, 1)
EG_V_TILE(1, 2)
#if EG_V_POSITIONS > 1
EG_V_TILE(2, 1)
EG_V_TILE(2, 2)
#endif
#if EG_V_POSITIONS > 2
EG_V_TILE(3, 1)
EG_V_TILE(3, 2)
#endif
#if EG_V_POSITIONS > 3
EG_V_TILE(4, 1)
EG_V_TILE(4, 2)
#endif
#if EG_V_POSITIONS > 4
EG_V_TILE(5, 1)
EG_V_TILE(5, 2)
#endif
#if EG_V_POSITIONS > 5
EG_V_TILE(6, 1)
EG_V_TILE(6, 2)
#endif
#undef EG_V_TILE

/* `count` positions that follow one another, in tiles of nearly the same size. */
static inline void eg_v_sum_tiles(const eg_v_block *block, const eg_v_input *in, int32_t *sums,
                                  int32_t count, int32_t vectors)
{
    static eg_v_tile_function *const tiles[EG_V_POSITIONS][2] = {
        {eg_v_tile_1_1, eg_v_tile_1_2},
#if EG_V_POSITIONS > 1
        {eg_v_tile_2_1, eg_v_tile_2_2},
#endif
#if EG_V_POSITIONS > 2
        {eg_v_tile_3_1, eg_v_tile_3_2},
#endif
#if EG_V_POSITIONS > 3
        {eg_v_tile_4_1, eg_v_tile_4_2},
#endif
#if EG_V_POSITIONS > 4
        {eg_v_tile_5_1, eg_v_tile_5_2},
#endif
#if EG_V_POSITIONS > 5
        {eg_v_tile_6_1, eg_v_tile_6_2},
#endif
    };

    const int32_t number = (count + EG_V_POSITIONS - 1) / EG_V_POSITIONS;
    const int32_t positions = count / number;
    const int32_t larger = count % number;

    if (larger > 0) {
        const int32_t together = larger * (positions + 1);

        tiles[positions][vectors - 1](block, in, sums, larger);
        in += together * block->step;
        sums += together * vectors * EG_V_LANES;
    }
    tiles[positions - 1][vectors - 1](block, in, sums, number - larger);
}

/* The same, up to their outputs. What rescales sums wants registers of its own: so sums are put
 * aside until there are many. */
static inline void eg_v_tiles(const eg_v_block *block, const eg_v_input *in, int8_t *out,
                              int32_t count, int32_t vectors)
{
    while (count > 0) {
        const int32_t together = count < EG_POSITIONS_SIMD ? count : EG_POSITIONS_SIMD;
        int32_t sums[EG_POSITIONS_SIMD * 2 * EG_V_LANES];

        eg_v_sum_tiles(block, in, sums, together, vectors);
        eg_v_finish(&block->finish, sums, out, together, vectors);
        in += together * block->step;
        out += together * block->finish.step;
        count -= together;
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_TILE_H */
