#include "edgegen/micro_audio.h"

static int32_t clamp(int32_t x)
{
    return x < INT8_MIN ? INT8_MIN : (x > INT8_MAX ? INT8_MAX : x);
}

eg_micro_audio_status eg_micro_audio_to_s8(const uint16_t *features, size_t count, uint32_t divisor,
                                           int32_t zero_point, int8_t *output)
{
    if (features == NULL && count > 0) {
        return EG_MICRO_AUDIO_BAD_FEATURES;
    }
    if (divisor < 1 || divisor > UINT32_C(1) << 24) {
        return EG_MICRO_AUDIO_BAD_DIVISOR;
    }
    if (zero_point < INT8_MIN || zero_point > INT8_MAX) {
        return EG_MICRO_AUDIO_BAD_ZERO_POINT;
    }
    if (output == NULL && count > 0) {
        return EG_MICRO_AUDIO_BAD_OUTPUT;
    }
    for (size_t i = 0; i < count; ++i) {
        const uint32_t steps = (256U * features[i] + divisor / 2) / divisor;

        output[i] = (int8_t)clamp((int32_t)steps + zero_point);
    }
    return EG_MICRO_AUDIO_OK;
}
