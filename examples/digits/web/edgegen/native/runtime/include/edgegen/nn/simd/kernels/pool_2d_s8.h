/* The pools for the instruction set that was included before. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_POOL_2D_S8_H
#define EDGEGEN_NN_SIMD_KERNELS_POOL_2D_S8_H

#ifndef EG_V
#include "edgegen/nn/simd/isa/c.h"
#endif
#include "edgegen/nn/simd/pool_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where the vector of channels at `channel` begins: the last one ends with the last channel. */
static inline int32_t eg_v_begin(int32_t channel, int32_t channels)
{
    return channel < channels - EG_V_LANES ? channel : channels - EG_V_LANES;
}

EG_V_INLINE eg_v_sums eg_v_pool(const eg_window_2d *window, const eg_patch *patch,
                                const int8_t *input, const bool is_max)
{
    const int32_t row_step = window->input_width * window->input_depth;
    eg_v_sums found = eg_v_fill(is_max ? INT8_MIN : 0);

    for (int32_t i = 0; i < patch->rows; ++i) {
        for (int32_t j = 0; j < patch->columns; ++j) {
            const eg_v_sums x = eg_v_widen(input + i * row_step + j * window->input_depth);

            found = is_max ? eg_v_max(found, x) : eg_v_add(found, x);
        }
    }
    return found;
}

void EG_V(eg_run_max_pool_2d_s8)(const eg_pool_2d_s8 *layer, const int8_t *input, int8_t *output)
{
    const eg_window_2d *window = &layer->window;
    const eg_v_limits limits = eg_v_load_limits(layer->activation_min, layer->activation_max);
    eg_patch patch = EG_PATCH_START;

    while (eg_next_patch(window, &patch)) {
        for (int32_t c = 0; c < window->input_depth; c += EG_V_LANES) {
            const int32_t first = eg_v_begin(c, window->input_depth);
            const int8_t *in = input + patch.input + first;

            eg_v_store(output + first, eg_v_pool(window, &patch, in, true), &limits);
        }
        output += window->input_depth;
    }
}

void EG_V(eg_run_average_pool_2d_s8)(const eg_pool_2d_s8 *layer, const int8_t *input,
                                     int8_t *output)
{
    const eg_window_2d *window = &layer->window;
    eg_patch patch = EG_PATCH_START;

    while (eg_next_patch(window, &patch)) {
        const int32_t count = patch.rows * patch.columns;
        const int32_t half = count / 2;

        for (int32_t c = 0; c < window->input_depth; c += EG_V_LANES) {
            const int32_t first = eg_v_begin(c, window->input_depth);
            int32_t sums[EG_V_LANES];

            eg_v_save(sums, eg_v_pool(window, &patch, input + patch.input + first, false));
            for (int32_t i = 0; i < EG_V_LANES; ++i) {
                const int32_t mean = (sums[i] > 0 ? sums[i] + half : sums[i] - half) / count;

                output[first + i] =
                    (int8_t)eg_clamp_i32(mean, layer->activation_min, layer->activation_max);
            }
        }
        output += window->input_depth;
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_POOL_2D_S8_H */
