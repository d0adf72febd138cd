#include "edgegen/nn/window_2d.h"

/* Where dividing is a function, one that most windows do without. */
static int32_t divided(int32_t distance, int32_t dilation)
{
    return dilation == 1 ? distance : distance / dilation;
}

/* Of `taps` taps at origin, origin + dilation, ...: how many lie in 0..size - 1, and the first. */
static int32_t taps_inside(int32_t origin, int32_t taps, int32_t dilation, int32_t size,
                           int32_t *first)
{
    const int32_t begin = origin < 0 ? divided(dilation - 1 - origin, dilation) : 0;
    const int32_t end = origin < size ? divided(size - 1 - origin, dilation) + 1 : 0;
    const int32_t last = end < taps ? end : taps;

    *first = begin;
    return begin < last ? last - begin : 0;
}

static bool next_pixel(const eg_window_2d *window, eg_patch *patch)
{
    if (++patch->x == window->output_width) {
        patch->x = 0;
        if (++patch->y == window->output_height) {
            patch->y = 0;
            ++patch->batch;
        }
    }
    return patch->batch < window->batches;
}

bool eg_next_patch(const eg_window_2d *window, eg_patch *patch)
{
    if (!next_pixel(window, patch)) {
        return false;
    }
    const int32_t top = patch->y * window->stride_height - window->pad_top;
    const int32_t left = patch->x * window->stride_width - window->pad_left;

    patch->rows = taps_inside(top, window->filter_height, window->dilation_height,
                              window->input_height, &patch->first_row);
    patch->columns = taps_inside(left, window->filter_width, window->dilation_width,
                                 window->input_width, &patch->first_column);
    if (patch->rows == 0 || patch->columns == 0) {
        *patch = (eg_patch){.batch = patch->batch, .y = patch->y, .x = patch->x};
        return true;
    }
    const int32_t row = top + patch->first_row * window->dilation_height;
    const int32_t column = left + patch->first_column * window->dilation_width;

    patch->input = ((patch->batch * window->input_height + row) * window->input_width + column) *
                   window->input_depth;
    return true;
}
