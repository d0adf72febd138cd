/* BT.601, video range, constants of 16 bits: 255/219 for luma, 255/224 times 1.402, 0.344136,
 * 0.714136 and 1.772 for chroma; what comes out is rounded to a level. */
#ifndef EDGEGEN_IMAGE_YUV_H
#define EDGEGEN_IMAGE_YUV_H

#include "edgegen/image/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eg_image_rgb {
    int32_t red, green, blue;
} eg_image_rgb;

/* A level from 16 fractional bits. */
static inline int32_t eg_image_to_level(int32_t x)
{
    const int32_t level = (x + (1 << 15)) >> 16;

    return level < 0 ? 0 : (level > UINT8_MAX ? UINT8_MAX : level);
}

static inline int32_t eg_image_luma_to_level(int32_t y)
{
    return eg_image_to_level((y - 16) * 76309);
}

static inline eg_image_rgb eg_image_yuv_to_rgb(int32_t y, int32_t u, int32_t v)
{
    const int32_t gray = (y - 16) * 76309;
    const eg_image_rgb pixel = {
        eg_image_to_level(gray + (v - 128) * 104597),
        eg_image_to_level(gray - (u - 128) * 25675 - (v - 128) * 53279),
        eg_image_to_level(gray + (u - 128) * 132201),
    };

    return pixel;
}

static inline void eg_image_put(eg_image_rgb a, eg_image_rgb b, int32_t fraction,
                                eg_image_places to, int16_t *pixel)
{
    pixel[to.red] = eg_image_mix_levels(a.red, b.red, fraction);
    pixel[to.green] = eg_image_mix_levels(a.green, b.green, fraction);
    pixel[to.blue] = eg_image_mix_levels(a.blue, b.blue, fraction);
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_IMAGE_YUV_H */
