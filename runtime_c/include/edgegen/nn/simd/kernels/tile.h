/* Sums of some channels at some positions: the inner loop of convolutions. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_TILE_H
#define EDGEGEN_NN_SIMD_KERNELS_TILE_H

#ifndef EG_V
#include "edgegen/nn/simd/isa/c.h"
#endif
#include <stddef.h>

#include "edgegen/nn/simd/kernels/store.h"
#include "edgegen/nn/simd/layers.h"

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
    int32_t output_step;
    int32_t stored; /* channels, where they are less than a vector; otherwise 0 */
    const int32_t *bias;
    eg_v_scale scale[2];
    eg_v_limits limits;
    bool ties_upwards;
} eg_v_block;

/* Begins with the channel `first`. */
EG_V_INLINE void eg_v_begin_block(eg_v_block *block, const eg_output_simd *output, int32_t first,
                                  int32_t vectors)
{
    block->bias = output->bias + first;
    for (int32_t i = 0; i < vectors; ++i) {
        const int32_t channel = first + i * EG_V_LANES;

        block->scale[i] = eg_v_load_scale(output->multiplier + channel, output->shift + channel,
                                          output->zero_point);
    }
    block->limits = eg_v_load_limits(output->activation_min, output->activation_max);
    block->ties_upwards = output->ties_upwards != 0;
}

EG_V_INLINE void eg_v_finish_position(const eg_v_block *block, eg_v_sums a, eg_v_sums b,
                                      int32_t vectors, bool upwards, int8_t *out)
{
    a = upwards ? eg_v_rescale_upwards(a, &block->scale[0]) : eg_v_rescale(a, &block->scale[0]);
    if (vectors == 2) {
        b = upwards ? eg_v_rescale_upwards(b, &block->scale[1]) : eg_v_rescale(b, &block->scale[1]);
        eg_v_store_two(out, a, b, &block->limits);
    } else if (block->stored != 0) {
        eg_v_store_some(out, a, &block->limits, block->stored);
    } else {
        eg_v_store(out, a, &block->limits);
    }
}

/* Of `positions`, 1..6, and `vectors`, 1 or 2, both constants wherever this is called: the names
 * below are registers then, and what is not needed is not there. */
EG_V_INLINE void eg_v_tile(const eg_v_block *block, const eg_v_input *in, int8_t *out,
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
#define EG_V_FINISH(NUMBER)                                                                        \
    if (positions > NUMBER) {                                                                      \
        eg_v_finish_position(block, a##NUMBER, b##NUMBER, vectors, upwards, out);                  \
        out += block->output_step;                                                                 \
    }
#define EG_V_FINISH_ALL                                                                            \
    EG_V_FINISH(0)                                                                                 \
    EG_V_FINISH(1)                                                                                 \
    EG_V_FINISH(2)                                                                                 \
    EG_V_FINISH(3)                                                                                 \
    EG_V_FINISH(4)                                                                                 \
    EG_V_FINISH(5)
    if (block->ties_upwards) {
        const bool upwards = true;
        EG_V_FINISH_ALL
    } else {
        const bool upwards = false;
        EG_V_FINISH_ALL
    }
#undef EG_V_FINISH_ALL
#undef EG_V_FINISH
}

/* Functions of their own: around a loop that needs every register, nothing else may want one. */
#define EG_V_TILE(POSITIONS, VECTORS)                                                              \
    EG_V_ALONE void eg_v_tile_##POSITIONS##_##VECTORS(const eg_v_block *block,                     \
                                                      const eg_v_input *in, int8_t *out)           \
    {                                                                                              \
        eg_v_tile(block, in, out, POSITIONS, VECTORS);                                             \
    }

typedef void eg_v_tile_function(const eg_v_block *block, const eg_v_input *in, int8_t *out);

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
static inline void eg_v_tiles(const eg_v_block *block, const eg_v_input *in, int8_t *out,
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

#endif /* EDGEGEN_NN_SIMD_KERNELS_TILE_H */
