#include "edgegen/finite.h"
#include "edgegen/sensor.h"

static bool is_legal(const void *input, uint32_t channels, const float *scale, const float *offset,
                     const float *output)
{
    return input != NULL && output != NULL && channels > 0 && scale != NULL && offset != NULL &&
           eg_all_finite(scale, channels) && eg_all_finite(offset, channels);
}

/* Two statements: C lets a compiler contract only one expression. */
static float scaled(float x, float scale, float offset)
{
    const float product = x * scale;

    return product + offset;
}

eg_status eg_scale_f32(const float *input, size_t count, uint32_t channels, const float *scale,
                       const float *offset, float *output)
{
    if (!is_legal(input, channels, scale, offset, output) ||
        !eg_all_finite(input, count * channels)) {
        return EG_INVALID_ARGUMENT;
    }
    for (size_t frame = 0; frame < count; ++frame) {
        for (uint32_t c = 0; c < channels; ++c) {
            *output++ = scaled(*input++, scale[c], offset[c]);
        }
    }
    return EG_OK;
}

eg_status eg_scale_s16(const int16_t *input, size_t count, uint32_t channels, const float *scale,
                       const float *offset, float *output)
{
    if (!is_legal(input, channels, scale, offset, output)) {
        return EG_INVALID_ARGUMENT;
    }
    for (size_t frame = 0; frame < count; ++frame) {
        for (uint32_t c = 0; c < channels; ++c) {
            *output++ = scaled((float)*input++, scale[c], offset[c]);
        }
    }
    return EG_OK;
}
