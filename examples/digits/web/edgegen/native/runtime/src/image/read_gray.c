#include "edgegen/image/kernels.h"

void eg_image_read_gray(const eg_image_plan *plan, const eg_image *image, int32_t y, int16_t *row)
{
    const uint8_t *const source = image->pixels + (size_t)y * image->stride;
    int32_t x = 0;

    for (; x < plan->inner_columns; ++x) {
        const uint8_t *const a = source + plan->columns[x];

        row[x] = eg_image_mix_levels(a[0], a[1], plan->fractions[x]);
    }
    for (; x < plan->part.width; ++x) {
        row[x] = (int16_t)(source[plan->columns[x]] << EG_IMAGE_VALUE_BITS);
    }
}

void eg_image_read_gray_as_rgb(const eg_image_plan *plan, const eg_image *image, int32_t y,
                               int16_t *row)
{
    const uint8_t *const source = image->pixels + (size_t)y * image->stride;
    const eg_image_places to = eg_image_places_of(plan);

    for (int32_t x = 0; x < plan->part.width; ++x) {
        const uint8_t *const a = source + plan->columns[x];
        const int32_t right = x < plan->inner_columns ? 1 : 0;
        const int16_t value = eg_image_mix_levels(a[0], a[right], plan->fractions[x]);
        int16_t *const pixel = row + x * to.step;

        pixel[to.red] = value;
        pixel[to.green] = value;
        pixel[to.blue] = value;
    }
}
