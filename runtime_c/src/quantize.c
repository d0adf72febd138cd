#include "edgegen/quantize.h"

#include <float.h>
#include <stdbool.h>

static bool is_legal(const void *input, size_t count, float scale, int32_t zero_point,
                     const void *output)
{
    const bool arrays = count == 0 || (input != NULL && output != NULL);

    return arrays && scale > 0.0F && scale <= FLT_MAX && zero_point >= INT8_MIN &&
           zero_point <= INT8_MAX;
}

/* Half away from zero. The caller has clamped x to a few hundred, so the cast is in range and the
 * fraction is exact. */
static int32_t round_small(float x)
{
    const int32_t whole = (int32_t)x;
    const float fraction = x - (float)whole;

    return whole + (fraction >= 0.5F) - (fraction <= -0.5F);
}

static int8_t quantize_one(float x, float scale, int32_t zero_point)
{
    const int32_t low = INT8_MIN - zero_point;
    const int32_t high = INT8_MAX - zero_point;
    const float steps = x / scale;
    int32_t rounded = 0; /* what NaN keeps: every comparison below is false for it */

    if (steps <= (float)low) {
        rounded = low;
    } else if (steps >= (float)high) {
        rounded = high;
    } else if (steps == steps) {
        rounded = round_small(steps);
    }
    return (int8_t)(rounded + zero_point);
}

eg_status eg_quantize_f32_s8(const float *input, size_t count, float scale, int32_t zero_point,
                             int8_t *output)
{
    if (!is_legal(input, count, scale, zero_point, output)) {
        return EG_INVALID_ARGUMENT;
    }
    for (size_t i = 0; i < count; ++i) {
        output[i] = quantize_one(input[i], scale, zero_point);
    }
    return EG_OK;
}

eg_status eg_dequantize_s8_f32(const int8_t *input, size_t count, float scale, int32_t zero_point,
                               float *output)
{
    if (!is_legal(input, count, scale, zero_point, output)) {
        return EG_INVALID_ARGUMENT;
    }
    for (size_t i = 0; i < count; ++i) {
        output[i] = scale * (float)(input[i] - zero_point);
    }
    return EG_OK;
}
