#include "edgegen/nn/mve/pool_2d.h"

#include "edgegen/fixed_point.h"
#include "edgegen/isa_mve.h"

enum { LANES = 16 };

#if EG_HAS_MVE

static void find_largest(const eg_pool_2d_s8 *layer, const eg_patch *patch, const int8_t *row,
                         int32_t channels, int8_t *output)
{
    const eg_window_2d *window = &layer->window;
    const int32_t depth = window->input_depth;
    const mve_pred16_t some = vctp8q((uint32_t)channels);
    int8x16_t largest = vdupq_n_s8((int8_t)layer->activation_min);

    for (int32_t i = patch->rows; i > 0; --i) {
        const int8_t *from = row;

        for (int32_t j = patch->columns; j > 0; --j) {
            largest = vmaxq_s8(largest, vldrbq_z_s8(from, some));
            from += depth;
        }
        row += window->input_width * depth;
    }
    vstrbq_p_s8(output, vminq_s8(largest, vdupq_n_s8((int8_t)layer->activation_max)), some);
}

#else

static void find_largest(const eg_pool_2d_s8 *layer, const eg_patch *patch, const int8_t *row,
                         int32_t channels, int8_t *output)
{
    const eg_window_2d *window = &layer->window;

    for (int32_t c = 0; c < LANES && c < channels; ++c) {
        int32_t largest = INT8_MIN;

        for (int32_t i = 0; i < patch->rows; ++i) {
            for (int32_t j = 0; j < patch->columns; ++j) {
                const int32_t at = (i * window->input_width + j) * window->input_depth + c;

                largest = row[at] > largest ? row[at] : largest;
            }
        }
        output[c] = (int8_t)eg_clamp_i32(largest, layer->activation_min, layer->activation_max);
    }
}

#endif

void eg_run_max_pool_2d_s8_mve(const eg_pool_2d_s8 *layer, const int8_t *input, int8_t *output)
{
    const int32_t depth = layer->window.input_depth;
    eg_patch patch = EG_PATCH_START;

    while (eg_next_patch(&layer->window, &patch)) {
        for (int32_t c = 0; c < depth; c += LANES) {
            find_largest(layer, &patch, input + patch.input + c, depth - c, output + c);
        }
        output += depth;
    }
}
