/* The pools for the instruction set that was included before. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_POOL_2D_F32_H
#define EDGEGEN_NN_SIMD_KERNELS_POOL_2D_F32_H

#include <float.h>

#include "edgegen/nn/simd/kernels/vector_f32.h"
#include "edgegen/nn/simd/pool_2d_f32.h"

#ifdef __cplusplus
extern "C" {
#endif

EG_F_INLINE eg_f_vector eg_f_pool(const eg_window_2d *window, const eg_patch *patch,
                                  const float *input, const int32_t is_max)
{
    const int32_t row_step = window->input_width * window->input_depth;
    eg_f_vector found = eg_f_fill(is_max ? -FLT_MAX : 0.0f);

    for (int32_t i = 0; i < patch->rows; ++i) {
        for (int32_t j = 0; j < patch->columns; ++j) {
            const eg_f_vector x = eg_f_load(input + i * row_step + j * window->input_depth);

            found = is_max ? eg_f_max(x, found) : eg_f_add(found, x);
        }
    }
    return found;
}

void EG_F(eg_run_max_pool_2d_f32)(const eg_pool_2d_f32 *layer, const float *input, float *output)
{
    const eg_window_2d *window = &layer->window;
    const eg_f_limits limits = eg_f_load_limits(layer->activation_min, layer->activation_max);
    eg_patch patch = EG_PATCH_START;

    while (eg_next_patch(window, &patch)) {
        for (int32_t c = 0; c < window->input_depth; c += EG_F_LANES) {
            const int32_t first = eg_f_begin(c, window->input_depth);
            const float *in = input + patch.input + first;

            eg_f_save(output + first, eg_f_clamp(eg_f_pool(window, &patch, in, 1), &limits));
        }
        output += window->input_depth;
    }
}

void EG_F(eg_run_average_pool_2d_f32)(const eg_pool_2d_f32 *layer, const float *input,
                                      float *output)
{
    const eg_window_2d *window = &layer->window;
    const eg_f_limits limits = eg_f_load_limits(layer->activation_min, layer->activation_max);
    eg_patch patch = EG_PATCH_START;

    while (eg_next_patch(window, &patch)) {
        const eg_f_vector count = eg_f_fill((float)(patch.rows * patch.columns));

        for (int32_t c = 0; c < window->input_depth; c += EG_F_LANES) {
            const int32_t first = eg_f_begin(c, window->input_depth);
            const float *in = input + patch.input + first;
            const eg_f_vector mean = eg_f_divide(eg_f_pool(window, &patch, in, 0), count);

            eg_f_save(output + first, eg_f_clamp(mean, &limits));
        }
        output += window->input_depth;
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_POOL_2D_F32_H */
