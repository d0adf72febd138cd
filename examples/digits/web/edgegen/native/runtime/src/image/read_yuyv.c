#include "edgegen/image/yuv.h"

/* The pixel whose luma is byte `at`: Y0 U Y1 V. */
static inline eg_image_rgb load(const uint8_t *source, int32_t at)
{
    const uint8_t *const pair = source + at / 4 * 4;

    return eg_image_yuv_to_rgb(source[at], pair[1], pair[3]);
}

void eg_image_read_yuyv(const eg_image_plan *plan, const eg_image *image, int32_t y, int16_t *row)
{
    const uint8_t *const source = image->pixels + (size_t)y * image->stride;
    const eg_image_places to = eg_image_places_of(plan);

    for (int32_t x = 0; x < plan->part.width; ++x) {
        const int32_t at = plan->columns[x];
        const int32_t right = x < plan->inner_columns ? 2 : 0;

        eg_image_put(load(source, at), load(source, at + right), plan->fractions[x], to,
                     row + x * to.step);
    }
}

void eg_image_read_yuyv_as_gray(const eg_image_plan *plan, const eg_image *image, int32_t y,
                                int16_t *row)
{
    const uint8_t *const source = image->pixels + (size_t)y * image->stride;

    for (int32_t x = 0; x < plan->part.width; ++x) {
        const uint8_t *const a = source + plan->columns[x];
        const int32_t right = x < plan->inner_columns ? 2 : 0;

        row[x] = eg_image_mix_levels(eg_image_luma_to_level(a[0]), eg_image_luma_to_level(a[right]),
                                     plan->fractions[x]);
    }
}
