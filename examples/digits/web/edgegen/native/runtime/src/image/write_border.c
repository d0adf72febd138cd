#include "edgegen/image/kernels.h"

/* A row of the fill colour, as long as the tensor's: the first of the plan's rows, before any other
 * use of it. */
static void fill_row(const eg_image_plan *plan)
{
    const int32_t channels = eg_image_channels(plan);
    const bool together = plan->layout == EG_IMAGE_NHWC;
    int16_t *const row = plan->rows[0];

    for (int32_t x = 0; x < plan->width; ++x) {
        for (int32_t c = 0; c < channels; ++c) {
            const int32_t at = together ? x * channels + c : c * plan->width + x;

            row[at] = (int16_t)(plan->fill[c] << EG_IMAGE_VALUE_BITS);
        }
    }
}

void eg_image_write_border(const eg_image_plan *plan, void *tensor)
{
    const eg_image_box *const part = &plan->part;
    const int32_t right = part->left + part->width;
    const int32_t bottom = part->top + part->height;
    const eg_image_rows rows = {plan->rows[0], plan->rows[0], 0};

    fill_row(plan);
    for (int32_t y = 0; y < plan->height; ++y) {
        const eg_image_span all = {0, plan->width, y};
        const eg_image_span before = {0, part->left, y};
        const eg_image_span after = {right, plan->width - right, y};

        if (y < part->top || y >= bottom) {
            plan->write_row(plan, rows, all, tensor);
        } else {
            plan->write_row(plan, rows, before, tensor);
            plan->write_row(plan, rows, after, tensor);
        }
    }
}
