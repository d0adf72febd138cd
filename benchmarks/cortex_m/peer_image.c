#include "peer_image.h"

/* A place between two pixels of a side. */
typedef struct place {
    int32_t first, second;
    float distance;
} place;

static inline place place_of(int32_t i, int32_t from, int32_t to)
{
    float center = ((float)i + 0.5F) * ((float)from / (float)to) - 0.5F;
    place at;

    if (center < 0.0F) {
        center = 0.0F;
    }
    at.first = (int32_t)center;
    at.second = at.first + 1 < from ? at.first + 1 : at.first;
    at.distance = center - (float)at.first;
    return at;
}

static inline float mix(float a, float b, float distance)
{
    return a + (b - a) * distance;
}

static inline int8_t quantise(float level, int32_t channel, const peer_tensor *tensor)
{
    const float real = level * tensor->scale[channel] + tensor->offset[channel];
    const float steps = real / tensor->quant_scale;
    const int32_t q = (int32_t)(steps < 0.0F ? steps - 0.5F : steps + 0.5F) + tensor->zero_point;

    return (int8_t)(q < -128 ? -128 : (q > 127 ? 127 : q));
}

/* Of `channels` bytes, `step` bytes from one pixel to the next. */
static inline void resize(peer_image image, peer_tensor tensor, int32_t step, int32_t channels,
                          float (*level)(const uint8_t *byte))
{
    int8_t *to = tensor.to;

    for (int32_t y = 0; y < tensor.height; ++y) {
        const place down = place_of(y, image.height, tensor.height);
        const uint8_t *const upper = image.pixels + down.first * image.width * step;
        const uint8_t *const lower = image.pixels + down.second * image.width * step;

        for (int32_t x = 0; x < tensor.width; ++x) {
            const place across = place_of(x, image.width, tensor.width);

            for (int32_t c = 0; c < channels; ++c) {
                const int32_t a = across.first * step + c;
                const int32_t b = across.second * step + c;
                const float top = mix(level(upper + a), level(upper + b), across.distance);
                const float bottom = mix(level(lower + a), level(lower + b), across.distance);

                *to++ = quantise(mix(top, bottom, down.distance), c, &tensor);
            }
        }
    }
}

static inline float plain(const uint8_t *byte)
{
    return (float)*byte;
}

/* BT.601's luma, video range. */
static inline float luma(const uint8_t *byte)
{
    const float level = ((float)*byte - 16.0F) * (255.0F / 219.0F);

    return level < 0.0F ? 0.0F : (level > 255.0F ? 255.0F : level);
}

void peer_rgb(peer_image image, peer_tensor tensor)
{
    resize(image, tensor, 3, 3, plain);
}

void peer_gray(peer_image image, peer_tensor tensor)
{
    resize(image, tensor, 1, 1, plain);
}

void peer_yuyv_as_gray(peer_image image, peer_tensor tensor)
{
    resize(image, tensor, 2, 1, luma);
}
