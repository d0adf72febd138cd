#include "edgegen/nn/pool_2d_s16.h"

#include "edgegen/fixed_point.h"

static int32_t sum_channel(const eg_window_2d *window, const eg_patch *patch, const int16_t *input)
{
    const int32_t row_step = window->input_width * window->input_depth;
    int32_t sum = 0;

    for (int32_t i = 0; i < patch->rows; ++i) {
        for (int32_t j = 0; j < patch->columns; ++j) {
            sum += input[i * row_step + j * window->input_depth];
        }
    }
    return sum;
}

void eg_run_average_pool_2d_s16(const eg_pool_2d_s16 *layer, const int16_t *input, int16_t *output)
{
    const eg_window_2d *window = &layer->window;
    eg_patch patch = EG_PATCH_START;

    while (eg_next_patch(window, &patch)) {
        const int32_t count = patch.rows * patch.columns;
        const int32_t half = count / 2;

        for (int32_t c = 0; c < window->input_depth; ++c) {
            const int32_t sum = sum_channel(window, &patch, input + patch.input + c);
            const int32_t mean = (sum > 0 ? sum + half : sum - half) / count;

            *output++ = (int16_t)eg_clamp_i32(mean, layer->activation_min, layer->activation_max);
        }
    }
}
