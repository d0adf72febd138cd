/* Functions of float32, computed in double; math.h says how exact they are. */
#include <math.h>

#include <stdint.h>

static const double LN_2 = 0.693147180559945309417232;

/* Where float32 ends: exp overflows above the first bound, and below the second is nearer to 0 than
 * to the smallest number. */
static const float LARGEST_EXPONENT = 88.72284F;
static const float LEAST_EXPONENT = -103.97208F;

static double power_of_2(int32_t exponent)
{
    const uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double power;

    __builtin_memcpy(&power, &bits, sizeof power);
    return power;
}

/* exp(x) - 1 for |x| <= ln(2) / 2: Taylor's series, whose rest is below 3e-17 of it. */
static double small_expm1(double x)
{
    double sum = 0.0;

    for (int32_t n = 14; n > 0; --n) {
        sum = (sum + 1.0) * x / n;
    }
    return sum;
}

/* exp(x) - 1, within 1e-15 of it, for x between LEAST_EXPONENT and 2 * LARGEST_EXPONENT. */
static double expm1_of(double x)
{
    const double nearest = x / LN_2 + (x < 0.0 ? -0.5 : 0.5);
    const int32_t exponent = (int32_t)nearest;
    const double power = power_of_2(exponent);

    return power * small_expm1(x - exponent * LN_2) + (power - 1.0);
}

float expf(float x)
{
    if (x > LARGEST_EXPONENT) {
        return INFINITY;
    }
    if (x < LEAST_EXPONENT) {
        return 0.0F;
    }
    if (isnan(x)) {
        return x;
    }
    const double nearest = x / LN_2 + (x < 0.0F ? -0.5 : 0.5);
    const int32_t exponent = (int32_t)nearest;

    return (float)(power_of_2(exponent) * (1.0 + small_expm1(x - exponent * LN_2)));
}

float expm1f(float x)
{
    if (x > LARGEST_EXPONENT) {
        return INFINITY;
    }
    if (x < LEAST_EXPONENT) {
        return -1.0F;
    }
    return isnan(x) || x == 0.0F ? x : (float)expm1_of(x);
}

float tanhf(float x)
{
    const float is_one = 9.02F; /* beyond it 1 is the nearest float32 */

    if (isnan(x) || x == 0.0F) {
        return x;
    }
    if (x > is_one || x < -is_one) {
        return x > 0.0F ? 1.0F : -1.0F;
    }
    const double raised = expm1_of(2.0 * x);

    return (float)(raised / (raised + 2.0));
}

float logf(float x)
{
    const double root_2 = 1.41421356237309504880;

    if (x <= 0.0F) {
        return x == 0.0F ? -INFINITY : NAN;
    }
    if (!isfinite(x)) {
        return x;
    }
    /* x = fraction * 2^exponent, with fraction from 1 / sqrt(2) to sqrt(2). */
    const double wide = x;
    uint64_t bits;
    __builtin_memcpy(&bits, &wide, sizeof bits);
    int32_t exponent = (int32_t)(bits >> 52) - 1023;
    double fraction = wide / power_of_2(exponent);
    if (fraction > root_2) {
        fraction /= 2.0;
        ++exponent;
    }
    /* log((1 + t) / (1 - t)) = 2 * (t + t^3 / 3 + t^5 / 5 + ...), |t| < 0.1716. */
    const double t = (fraction - 1.0) / (fraction + 1.0);
    double sum = 0.0;
    for (int32_t n = 21; n > 0; n -= 2) {
        sum = sum * t * t + 1.0 / n;
    }
    return (float)(2.0 * t * sum + exponent * LN_2);
}

float sqrtf(float x)
{
    return __builtin_sqrtf(x);
}

float fabsf(float x)
{
    return __builtin_fabsf(x);
}

float floorf(float x)
{
    return __builtin_floorf(x);
}
