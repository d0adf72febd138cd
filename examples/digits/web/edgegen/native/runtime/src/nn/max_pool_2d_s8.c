#include "edgegen/nn/pool_2d.h"

#include "edgegen/fixed_point.h"

static int32_t max_channel(const eg_window_2d *window, const eg_patch *patch, const int8_t *input)
{
    const int32_t row_step = window->input_width * window->input_depth;
    int32_t largest = INT8_MIN;

    for (int32_t i = 0; i < patch->rows; ++i) {
        for (int32_t j = 0; j < patch->columns; ++j) {
            const int32_t value = input[i * row_step + j * window->input_depth];

            largest = value > largest ? value : largest;
        }
    }
    return largest;
}

void eg_run_max_pool_2d_s8(const eg_pool_2d_s8 *layer, const int8_t *input, int8_t *output)
{
    const eg_window_2d *window = &layer->window;
    eg_patch patch = EG_PATCH_START;

    while (eg_next_patch(window, &patch)) {
        for (int32_t c = 0; c < window->input_depth; ++c) {
            const int32_t largest = max_channel(window, &patch, input + patch.input + c);

            *output++ = (int8_t)eg_clamp_i32(largest, layer->activation_min, layer->activation_max);
        }
    }
}
