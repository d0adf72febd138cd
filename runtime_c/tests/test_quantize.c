#include "edgegen/quantize.h"

#include "check.h"

#include <float.h>
#include <math.h>

static int8_t quantized(float x, float scale, int32_t zero_point)
{
    int8_t q = 99;

    EXPECT(eg_quantize_f32_s8(&x, 1, scale, zero_point, &q) == EG_OK);
    return q;
}

static void test_ties_round_away_from_zero(void)
{
    EXPECT(quantized(0.5F, 1.0F, 0) == 1);
    EXPECT(quantized(-0.5F, 1.0F, 0) == -1);
    EXPECT(quantized(2.5F, 1.0F, 0) == 3);
    EXPECT(quantized(-2.5F, 1.0F, 0) == -3);
    EXPECT(quantized(0.49999997F, 1.0F, 0) == 0);
    EXPECT(quantized(-0.0F, 1.0F, 5) == 5);
}

static void test_saturation_and_specials(void)
{
    EXPECT(quantized(INFINITY, 0.1F, 3) == 127);
    EXPECT(quantized(-INFINITY, 0.1F, 3) == -128);
    EXPECT(quantized(NAN, 0.1F, 3) == 3);
    EXPECT(quantized(FLT_MAX, FLT_MIN, -128) == 127);
    EXPECT(quantized(-FLT_MAX, FLT_MIN, 127) == -128);
    EXPECT(quantized(254.6F, 1.0F, -128) == 127);
    EXPECT(quantized(254.4F, 1.0F, -128) == 126);
}

/* An independent implementation, on a grid that holds many ties for power-of-two scales. */
static void test_against_roundf(void)
{
    static const float scales[] = {0.0078125F, 0.25F, 0.1F, 0.0039215686F, 1.5F};
    static const int32_t zero_points[] = {-128, -3, 0, 17, 127};

    for (size_t s = 0; s < sizeof scales / sizeof scales[0]; ++s) {
        for (size_t z = 0; z < sizeof zero_points / sizeof zero_points[0]; ++z) {
            for (int i = -6000; i <= 6000; ++i) {
                const float x = (float)i * scales[s] * 0.0625F;
                const float sum = roundf(x / scales[s]) + (float)zero_points[z];
                const float clamped = fminf(fmaxf(sum, -128.0F), 127.0F);

                EXPECT(quantized(x, scales[s], zero_points[z]) == (int8_t)clamped);
            }
        }
    }
}

static void test_dequantize_inverts(void)
{
    int8_t q[256];
    int8_t back[256];
    float x[256];

    for (int i = 0; i < 256; ++i) {
        q[i] = (int8_t)(i - 128);
    }
    EXPECT(eg_dequantize_s8_f32(q, 256, 0.1F, -3, x) == EG_OK);
    EXPECT(x[128 - 3] == 0.0F && x[128] == 0.1F * 3.0F);
    EXPECT(eg_quantize_f32_s8(x, 256, 0.1F, -3, back) == EG_OK);
    for (int i = 0; i < 256; ++i) {
        EXPECT(back[i] == q[i]);
    }
}

static void test_illegal_arguments(void)
{
    float x = 1.0F;
    int8_t q = 42;

    EXPECT(eg_quantize_f32_s8(NULL, 1, 1.0F, 0, &q) == EG_INVALID_ARGUMENT);
    EXPECT(eg_quantize_f32_s8(&x, 1, 1.0F, 0, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(eg_quantize_f32_s8(&x, 1, 0.0F, 0, &q) == EG_INVALID_ARGUMENT);
    EXPECT(eg_quantize_f32_s8(&x, 1, -1.0F, 0, &q) == EG_INVALID_ARGUMENT);
    EXPECT(eg_quantize_f32_s8(&x, 1, INFINITY, 0, &q) == EG_INVALID_ARGUMENT);
    EXPECT(eg_quantize_f32_s8(&x, 1, NAN, 0, &q) == EG_INVALID_ARGUMENT);
    EXPECT(eg_quantize_f32_s8(&x, 1, 1.0F, 128, &q) == EG_INVALID_ARGUMENT);
    EXPECT(eg_dequantize_s8_f32(&q, 1, 1.0F, -129, &x) == EG_INVALID_ARGUMENT);
    EXPECT(eg_dequantize_s8_f32(NULL, 1, 1.0F, 0, &x) == EG_INVALID_ARGUMENT);
    EXPECT(q == 42 && x == 1.0F);
    EXPECT(eg_quantize_f32_s8(NULL, 0, 1.0F, 0, NULL) == EG_OK);
}

int main(void)
{
    test_ties_round_away_from_zero();
    test_saturation_and_specials();
    test_against_roundf();
    test_dequantize_inverts();
    test_illegal_arguments();
    return 0;
}
