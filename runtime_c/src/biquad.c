#include <math.h>

#include "edgegen/finite.h"
#include "edgegen/sensor.h"

eg_status eg_biquad_init(eg_biquad *biquad, float b0, float b1, float b2, float a1, float a2)
{
    const float all[5] = {b0, b1, b2, a1, a2};

    if (biquad == NULL || !eg_all_finite(all, 5) || !(fabsf(a2) < 1.0F) ||
        !(fabsf(a1) < 1.0F + a2)) {
        return EG_INVALID_ARGUMENT;
    }
    *biquad = (eg_biquad){.b0 = b0, .b1 = b1, .b2 = b2, .a1 = a1, .a2 = a2};
    return EG_OK;
}

eg_status eg_biquad_run(eg_biquad *biquad, const float *input, size_t count, float *output)
{
    if (biquad == NULL || (count > 0 && (input == NULL || output == NULL)) ||
        !eg_all_finite(input, count)) {
        return EG_INVALID_ARGUMENT;
    }
    eg_biquad f = *biquad;

    for (size_t i = 0; i < count; ++i) {
        const float x = input[i];
        const float y = f.b0 * x + f.z1;

        f.z1 = f.b1 * x - f.a1 * y + f.z2;
        f.z2 = f.b2 * x - f.a2 * y;
        output[i] = y;
    }
    *biquad = f;
    return EG_OK;
}
