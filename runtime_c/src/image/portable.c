#include "edgegen/image/kernels.h"

/* Two roundings. In ISO C GCC never fuses them; Clang has to be told. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

typedef struct rgb {
    int32_t red, green, blue;
} rgb;

/* Constants of 15 bits: 0.299, 0.587, 0.114, which add up to 2^15. */
static inline int32_t luma(rgb pixel)
{
    return (pixel.red * 9798 + pixel.green * 19235 + pixel.blue * 3735 + (1 << 14)) >> 15;
}

/* A level from 16 fractional bits. */
static inline int32_t to_level(int32_t x)
{
    const int32_t level = (x + (1 << 15)) >> 16;

    return level < 0 ? 0 : (level > UINT8_MAX ? UINT8_MAX : level);
}

/* BT.601, video range, constants of 16 bits: 255/219 for luma, 255/224 times 1.402, 0.344136,
 * 0.714136 and 1.772 for chroma. */
static inline rgb from_yuv(int32_t y, int32_t u, int32_t v)
{
    const int32_t gray = (y - 16) * 76309;
    const rgb pixel = {
        to_level(gray + (v - 128) * 104597),
        to_level(gray - (u - 128) * 25675 - (v - 128) * 53279),
        to_level(gray + (u - 128) * 132201),
    };

    return pixel;
}

/* A row of the source; chroma only for NV12. */
typedef struct source_row {
    const uint8_t *pixels;
    const uint8_t *chroma;
} source_row;

/* Callers give a constant format, so that the choice costs nothing. */
static inline rgb load(source_row row, eg_image_format format, int32_t x)
{
    const uint8_t *const p = row.pixels;
    rgb pixel;

    switch (format) {
    case EG_IMAGE_BGR8:
        pixel = (rgb){p[3 * x + 2], p[3 * x + 1], p[3 * x]};
        break;
    case EG_IMAGE_RGBA8:
        pixel = (rgb){p[4 * x], p[4 * x + 1], p[4 * x + 2]};
        break;
    case EG_IMAGE_GRAY8:
        pixel = (rgb){p[x], p[x], p[x]};
        break;
    case EG_IMAGE_YUYV:
        pixel = from_yuv(p[2 * x], p[4 * (x / 2) + 1], p[4 * (x / 2) + 3]);
        break;
    case EG_IMAGE_NV12:
        pixel = from_yuv(p[x], row.chroma[x / 2 * 2], row.chroma[x / 2 * 2 + 1]);
        break;
    default:
        pixel = (rgb){p[3 * x], p[3 * x + 1], p[3 * x + 2]};
        break;
    }
    return pixel;
}

/* The luma of gray and YUV sources is theirs, not one of colours made from it. */
static inline int32_t load_gray(source_row row, eg_image_format format, int32_t x)
{
    const uint8_t *const p = row.pixels;

    switch (format) {
    case EG_IMAGE_GRAY8:
        return p[x];
    case EG_IMAGE_YUYV:
        return from_yuv(p[2 * x], 128, 128).green;
    case EG_IMAGE_NV12:
        return from_yuv(p[x], 128, 128).green;
    default:
        return luma(load(row, format, x));
    }
}

static inline int16_t mix_levels(int32_t a, int32_t b, int32_t fraction)
{
    return (int16_t)eg_image_mix(a << EG_IMAGE_VALUE_BITS, b << EG_IMAGE_VALUE_BITS, fraction);
}

static inline void resize_color(const eg_image_plan *plan, source_row source,
                                eg_image_format format, int16_t *row)
{
    const int32_t red = plan->spec.color == EG_IMAGE_COLOR_RGB ? 0 : 2;

    for (int32_t x = 0; x < plan->width; ++x) {
        const int32_t fraction = plan->fractions[x];
        const int32_t first = plan->columns[x];
        const rgb a = load(source, format, first);
        const rgb b = load(source, format, first + (fraction != 0));

        row[3 * x + red] = mix_levels(a.red, b.red, fraction);
        row[3 * x + 1] = mix_levels(a.green, b.green, fraction);
        row[3 * x + 2 - red] = mix_levels(a.blue, b.blue, fraction);
    }
}

static inline void resize_gray(const eg_image_plan *plan, source_row source, eg_image_format format,
                               int16_t *row)
{
    for (int32_t x = 0; x < plan->width; ++x) {
        const int32_t fraction = plan->fractions[x];
        const int32_t first = plan->columns[x];

        row[x] = mix_levels(load_gray(source, format, first),
                            load_gray(source, format, first + (fraction != 0)), fraction);
    }
}

static inline void resize(const eg_image_plan *plan, source_row source, eg_image_format format,
                          int16_t *row)
{
    if (plan->channels == 1) {
        resize_gray(plan, source, format, row);
    } else {
        resize_color(plan, source, format, row);
    }
}

void eg_image_resize_row(const eg_image_plan *plan, const eg_image *image, int32_t y, int16_t *row)
{
    source_row source = {image->pixels + (size_t)y * image->stride, NULL};

    switch (plan->source.format) {
    case EG_IMAGE_BGR8:
        resize(plan, source, EG_IMAGE_BGR8, row);
        break;
    case EG_IMAGE_RGBA8:
        resize(plan, source, EG_IMAGE_RGBA8, row);
        break;
    case EG_IMAGE_GRAY8:
        resize(plan, source, EG_IMAGE_GRAY8, row);
        break;
    case EG_IMAGE_YUYV:
        resize(plan, source, EG_IMAGE_YUYV, row);
        break;
    case EG_IMAGE_NV12:
        source.chroma = image->chroma + (size_t)(y / 2) * image->chroma_stride;
        resize(plan, source, EG_IMAGE_NV12, row);
        break;
    default:
        resize(plan, source, EG_IMAGE_RGB8, row);
        break;
    }
}

static inline float to_float(const eg_image_plan *plan, int32_t value, int32_t channel)
{
    const float scaled = (float)value * plan->value_scale[channel];

    return scaled + plan->spec.offset[channel];
}

/* The byte of an int8 or a uint8. */
static inline uint8_t to_byte(const eg_image_plan *plan, int32_t value, int32_t channel)
{
    const int32_t sum = value * plan->multiplier[channel] + plan->bias[channel];
    const int32_t q = sum >> plan->shift;

    return (uint8_t)(q < plan->low ? plan->low : (q > plan->high ? plan->high : q));
}

/* Where a channel of row y begins in the tensor, and how far apart its columns are. */
typedef struct channel_row {
    size_t begin, step;
} channel_row;

static channel_row locate(const eg_image_plan *plan, int32_t y, int32_t x, int32_t channel)
{
    const size_t width = (size_t)plan->spec.width;
    const size_t channels = (size_t)plan->channels;
    const size_t pixel = (size_t)y * width + (size_t)x;

    if (plan->spec.layout == EG_IMAGE_NHWC) {
        return (channel_row){pixel * channels + (size_t)channel, channels};
    }
    return (channel_row){(size_t)channel * width * (size_t)plan->spec.height + pixel, 1};
}

void eg_image_write_row(const eg_image_plan *plan, const int16_t *upper, const int16_t *lower,
                        int32_t fraction, int32_t y, void *tensor)
{
    const int32_t channels = plan->channels;

    for (int32_t c = 0; c < channels; ++c) {
        const channel_row to = locate(plan, y, plan->left, c);

        if (plan->spec.type == EG_IMAGE_FLOAT32) {
            float *const out = (float *)tensor + to.begin;

            for (int32_t x = 0; x < plan->width; ++x) {
                const int32_t i = x * channels + c;

                out[(size_t)x * to.step] =
                    to_float(plan, eg_image_mix(upper[i], lower[i], fraction), c);
            }
        } else {
            uint8_t *const out = (uint8_t *)tensor + to.begin;

            for (int32_t x = 0; x < plan->width; ++x) {
                const int32_t i = x * channels + c;

                out[(size_t)x * to.step] =
                    to_byte(plan, eg_image_mix(upper[i], lower[i], fraction), c);
            }
        }
    }
}

void eg_image_write_fill(const eg_image_plan *plan, int32_t y, int32_t begin, int32_t end,
                         void *tensor)
{
    for (int32_t c = 0; c < plan->channels; ++c) {
        const channel_row to = locate(plan, y, begin, c);
        const int32_t value = plan->spec.fill[c] << EG_IMAGE_VALUE_BITS;

        for (size_t x = 0; x < (size_t)(end - begin); ++x) {
            const size_t i = to.begin + x * to.step;

            if (plan->spec.type == EG_IMAGE_FLOAT32) {
                ((float *)tensor)[i] = to_float(plan, value, c);
            } else {
                ((uint8_t *)tensor)[i] = to_byte(plan, value, c);
            }
        }
    }
}
