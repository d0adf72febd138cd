#include "edgegen/nn/cast.h"

static int32_t truncated(float x)
{
    if (x >= 2147483648.0F) {
        return INT32_MAX;
    }
    if (x < -2147483648.0F) {
        return INT32_MIN;
    }
    return x == x ? (int32_t)x : 0;
}

static int32_t load(eg_cast_type type, const void *input, int32_t i)
{
    switch (type) {
    case EG_CAST_BOOL:
        return ((const uint8_t *)input)[i] != 0;
    case EG_CAST_S8:
        return ((const int8_t *)input)[i];
    case EG_CAST_S16:
        return ((const int16_t *)input)[i];
    case EG_CAST_S32:
        return ((const int32_t *)input)[i];
    case EG_CAST_F32:
        break;
    }
    return truncated(((const float *)input)[i]);
}

static void store(eg_cast_type type, int32_t value, void *output, int32_t i)
{
    switch (type) {
    case EG_CAST_BOOL:
    case EG_CAST_S8:
        ((int8_t *)output)[i] = (int8_t)value;
        break;
    case EG_CAST_S16:
        ((int16_t *)output)[i] = (int16_t)value;
        break;
    case EG_CAST_S32:
        ((int32_t *)output)[i] = value;
        break;
    case EG_CAST_F32:
        ((float *)output)[i] = (float)value;
        break;
    }
}

void eg_run_cast(const eg_cast *layer, const void *input, void *output)
{
    for (int32_t i = 0; i < layer->elements; ++i) {
        store(layer->to, load(layer->from, input, i), output, i);
    }
}
