#include "edgegen/nn/activation_f32.h"
#include "edgegen/nn/pool_2d.h"

static float sum_channel(const eg_window_2d *window, const eg_patch *patch, const float *input)
{
    const int32_t row_step = window->input_width * window->input_depth;
    float sum = 0.0f;

    for (int32_t i = 0; i < patch->rows; ++i) {
        for (int32_t j = 0; j < patch->columns; ++j) {
            sum += input[i * row_step + j * window->input_depth];
        }
    }
    return sum;
}

void eg_run_average_pool_2d_f32(const eg_pool_2d_f32 *layer, const float *input, float *output)
{
    const eg_window_2d *window = &layer->window;
    eg_patch patch = EG_PATCH_START;

    while (eg_next_patch(window, &patch)) {
        const float count = (float)(patch.rows * patch.columns);

        for (int32_t c = 0; c < window->input_depth; ++c) {
            const float mean = sum_channel(window, &patch, input + patch.input + c) / count;

            *output++ = eg_clamp_f32(mean, layer->activation_min, layer->activation_max);
        }
    }
}
