#include "edgegen/image/kernels.h"

static int32_t pixel_bytes(const eg_image_plan *plan)
{
    return plan->source.format == EG_IMAGE_RGBA8 ? 4 : 3;
}

void eg_image_read_rgb(const eg_image_plan *plan, const eg_image *image, int32_t y, int16_t *row)
{
    const uint8_t *const source = image->pixels + (size_t)y * image->stride;
    const eg_image_places to = eg_image_places_of(plan);
    const bool blue_first = plan->source.format == EG_IMAGE_BGR8;
    const int32_t size = pixel_bytes(plan);
    const int32_t step = to.step;
    int16_t *first = row + (blue_first ? to.blue : to.red);
    int16_t *second = row + to.green;
    int16_t *third = row + (blue_first ? to.red : to.blue);
    int32_t x = 0;

    for (; x < plan->inner_columns; ++x) {
        const int32_t fraction = plan->fractions[x];
        const uint8_t *const a = source + plan->columns[x];
        const uint8_t *const b = a + size;

        *first = eg_image_mix_levels(a[0], b[0], fraction);
        *second = eg_image_mix_levels(a[1], b[1], fraction);
        *third = eg_image_mix_levels(a[2], b[2], fraction);
        first += step;
        second += step;
        third += step;
    }
    for (; x < plan->part.width; ++x) {
        const uint8_t *const a = source + plan->columns[x];

        *first = (int16_t)(a[0] << EG_IMAGE_VALUE_BITS);
        *second = (int16_t)(a[1] << EG_IMAGE_VALUE_BITS);
        *third = (int16_t)(a[2] << EG_IMAGE_VALUE_BITS);
        first += step;
        second += step;
        third += step;
    }
}

/* Constants of 15 bits: 0.299, 0.587, 0.114, which add up to 2^15. */
typedef struct weights {
    int32_t first, second, third;
} weights;

static inline int32_t luma(const uint8_t *pixel, weights by)
{
    return (pixel[0] * by.first + pixel[1] * by.second + pixel[2] * by.third + (1 << 14)) >> 15;
}

void eg_image_read_rgb_as_gray(const eg_image_plan *plan, const eg_image *image, int32_t y,
                               int16_t *row)
{
    static const weights red_first = {9798, 19235, 3735};
    static const weights blue_first = {3735, 19235, 9798};
    const weights by = plan->source.format == EG_IMAGE_BGR8 ? blue_first : red_first;
    const uint8_t *const source = image->pixels + (size_t)y * image->stride;
    const int32_t size = pixel_bytes(plan);
    int32_t x = 0;

    for (; x < plan->inner_columns; ++x) {
        const uint8_t *const a = source + plan->columns[x];

        row[x] = eg_image_mix_levels(luma(a, by), luma(a + size, by), plan->fractions[x]);
    }
    for (; x < plan->part.width; ++x) {
        row[x] = (int16_t)(luma(source + plan->columns[x], by) << EG_IMAGE_VALUE_BITS);
    }
}
