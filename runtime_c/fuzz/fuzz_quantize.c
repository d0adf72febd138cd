/* edgegen/quantize.h: any bits, scale and zero point. */
#include "fuzz.h"

#include "edgegen/quantize.h"

#include <float.h>
#include <math.h>

enum { MOST = 64 };

/* The documented formula on the float32 quotient. */
static int32_t quantized(float x, float scale, int32_t zero_point)
{
    if (isnan(x)) {
        return zero_point;
    }
    const double steps = fmin(fmax((double)(x / scale), -1000.0), 1000.0);
    const double rounded = round(steps) + zero_point;

    return (int32_t)fmin(fmax(rounded, -128.0), 127.0);
}

static void check_floats(const float *input, const int8_t *output, size_t count, float scale,
                         int32_t zero_point)
{
    for (size_t i = 0; i < count; ++i) {
        EXPECT(output[i] == quantized(input[i], scale, zero_point));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    const float scale = take_float(&input);
    const int32_t zero_point = (int32_t)take_below(&input, 300) - 140;
    const size_t count = take_below(&input, MOST);
    const bool is_legal =
        scale > 0.0F && scale <= FLT_MAX && zero_point >= INT8_MIN && zero_point <= INT8_MAX;
    const eg_status want = is_legal ? EG_OK : EG_INVALID_ARGUMENT;
    float *const reals = (float *)allocate(count * sizeof(float), 1);
    int8_t *const codes = (int8_t *)allocate(count, 2);

    for (size_t i = 0; i < count && input.size > 0; ++i) {
        reals[i] = take_float(&input);
    }
    EXPECT(eg_quantize_f32_s8(reals, count, scale, zero_point, codes) == want);
    EXPECT(count == 0 ||
           eg_quantize_f32_s8(NULL, count, scale, zero_point, codes) == EG_INVALID_ARGUMENT);
    if (is_legal) {
        check_floats(reals, codes, count, scale, zero_point);
    } else {
        EXPECT(is_untouched(codes, count, 2));
    }
    fill(reals, count * sizeof(float), 3);
    EXPECT(eg_dequantize_s8_f32(codes, count, scale, zero_point, reals) == want);
    EXPECT(is_legal || is_untouched(reals, count * sizeof(float), 3));
    for (size_t i = 0; i < count && is_legal; ++i) {
        EXPECT(reals[i] == scale * (float)(codes[i] - zero_point));
    }
    free(reals);
    free(codes);
    return 0;
}
