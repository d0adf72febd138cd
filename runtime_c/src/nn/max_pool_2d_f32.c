#include <float.h>

#include "edgegen/nn/activation_f32.h"
#include "edgegen/nn/pool_2d.h"

static float max_channel(const eg_window_2d *window, const eg_patch *patch, const float *input)
{
    const int32_t row_step = window->input_width * window->input_depth;
    float largest = -FLT_MAX;

    for (int32_t i = 0; i < patch->rows; ++i) {
        for (int32_t j = 0; j < patch->columns; ++j) {
            const float value = input[i * row_step + j * window->input_depth];

            largest = value > largest ? value : largest;
        }
    }
    return largest;
}

void eg_run_max_pool_2d_f32(const eg_pool_2d_f32 *layer, const float *input, float *output)
{
    const eg_window_2d *window = &layer->window;
    eg_patch patch = EG_PATCH_START;

    while (eg_next_patch(window, &patch)) {
        for (int32_t c = 0; c < window->input_depth; ++c) {
            const float largest = max_channel(window, &patch, input + patch.input + c);

            *output++ = eg_clamp_f32(largest, layer->activation_min, layer->activation_max);
        }
    }
}
