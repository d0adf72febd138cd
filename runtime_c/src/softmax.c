#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "edgegen/vectors.h"

/* The largest input, or NaN for a vector that has no softmax. */
static float largest_of(const float *input, size_t count)
{
    float largest = -INFINITY;

    for (size_t i = 0; i < count; ++i) {
        if (!(input[i] <= FLT_MAX)) {
            return NAN;
        }
        largest = input[i] > largest ? input[i] : largest;
    }
    return largest < -FLT_MAX ? NAN : largest;
}

eg_status eg_vector_softmax_f32(const float *input, size_t count, float *output)
{
    if (input == NULL || output == NULL || count == 0) {
        return EG_INVALID_ARGUMENT;
    }
    const float largest = largest_of(input, count);
    float sum = 0.0F;

    if (isnan(largest)) {
        return EG_INVALID_ARGUMENT;
    }
    for (size_t i = 0; i < count; ++i) {
        output[i] = expf(input[i] - largest);
        sum += output[i];
    }
    for (size_t i = 0; i < count; ++i) {
        output[i] /= sum;
    }
    return EG_OK;
}
