#include "edgegen/image/yuv.h"

static inline eg_image_rgb load(const uint8_t *luma, const uint8_t *chroma, int32_t x)
{
    const uint8_t *const pair = chroma + x / 2 * 2;

    return eg_image_yuv_to_rgb(luma[x], pair[0], pair[1]);
}

void eg_image_read_nv12(const eg_image_plan *plan, const eg_image *image, int32_t y, int16_t *row)
{
    const uint8_t *const luma = image->pixels + (size_t)y * image->stride;
    const uint8_t *const chroma = image->chroma + (size_t)(y / 2) * image->chroma_stride;
    const eg_image_places to = eg_image_places_of(plan);

    for (int32_t x = 0; x < plan->part.width; ++x) {
        const int32_t at = plan->columns[x];
        const int32_t right = x < plan->inner_columns ? 1 : 0;

        eg_image_put(load(luma, chroma, at), load(luma, chroma, at + right), plan->fractions[x], to,
                     row + x * to.step);
    }
}

void eg_image_read_nv12_as_gray(const eg_image_plan *plan, const eg_image *image, int32_t y,
                                int16_t *row)
{
    const uint8_t *const luma = image->pixels + (size_t)y * image->stride;

    for (int32_t x = 0; x < plan->part.width; ++x) {
        const uint8_t *const a = luma + plan->columns[x];
        const int32_t right = x < plan->inner_columns ? 1 : 0;

        row[x] = eg_image_mix_levels(eg_image_luma_to_level(a[0]), eg_image_luma_to_level(a[right]),
                                     plan->fractions[x]);
    }
}
