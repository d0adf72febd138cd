#include <math.h>

#include "edgegen/finite.h"
#include "edgegen/sensor.h"

#define PI 3.14159265358979323846
#define LOBES 10 /* zero crossings of the sinc on either side */
#define BETA 8.0 /* of the Kaiser window */

/* The modified Bessel function of order 0, by its power series; x is at most BETA. */
static double bessel_i0(double x)
{
    double term = 1.0;
    double sum = 1.0;

    for (int k = 1; term > sum * 1e-17; ++k) {
        const double factor = x / (2.0 * k);

        term *= factor * factor;
        sum += term;
    }
    return sum;
}

static uint32_t width_of(uint32_t up, uint32_t down)
{
    return up > down ? up : down;
}

/* The filter at `k` samples of the upper rate from its centre, up to a factor. */
static double filter_at(int32_t k, uint32_t width)
{
    const double x = (double)k / (double)width;
    const double edge = 1.0 - (x / LOBES) * (x / LOBES);

    if (edge < 0.0) {
        return 0.0;
    }
    const double sinc = k == 0 ? 1.0 : sin(PI * x) / (PI * x);

    return sinc * bessel_i0(BETA * sqrt(edge));
}

/* Tap i of the phase meets the sample `i` before the newest. */
static double tap_at(uint32_t phase, uint32_t i, uint32_t up, uint32_t width)
{
    return filter_at((int32_t)(phase + i * up) - (int32_t)(LOBES * width), width);
}

static uint32_t length_of(uint32_t up, uint32_t down)
{
    return (2 * LOBES * width_of(up, down) + up) / up; /* the filter's span, rounded up */
}

static void fill_phase(float *taps, uint32_t phase, uint32_t length, uint32_t up, uint32_t width)
{
    double sum = 0.0;

    for (uint32_t i = 0; i < length; ++i) {
        sum += tap_at(phase, i, up, width);
    }
    for (uint32_t i = 0; i < length; ++i) {
        taps[length - 1 - i] = (float)(tap_at(phase, i, up, width) / sum);
    }
}

static bool is_factor(uint32_t factor)
{
    return factor >= 1 && factor <= EG_RESAMPLER_MAX_FACTOR;
}

size_t eg_resampler_workspace_bytes(uint32_t up, uint32_t down)
{
    if (!is_factor(up) || !is_factor(down)) {
        return 0;
    }
    return ((size_t)up + 2) * length_of(up, down) * sizeof(float);
}

eg_status eg_resampler_init(eg_resampler *resampler, uint32_t up, uint32_t down, float *workspace,
                            size_t workspace_bytes)
{
    const size_t needed = eg_resampler_workspace_bytes(up, down);

    if (resampler == NULL || workspace == NULL || needed == 0 || workspace_bytes < needed) {
        return EG_INVALID_ARGUMENT;
    }
    const uint32_t length = length_of(up, down);

    *resampler = (eg_resampler){.taps = workspace,
                                .history = workspace + (size_t)up * length,
                                .up = up,
                                .down = down,
                                .length = length};
    for (uint32_t phase = 0; phase < up; ++phase) {
        fill_phase(workspace + (size_t)phase * length, phase, length, up, width_of(up, down));
    }
    for (uint32_t i = 0; i < 2 * length; ++i) {
        resampler->history[i] = 0.0F;
    }
    return EG_OK;
}

size_t eg_resampler_output_count(const eg_resampler *resampler, size_t count)
{
    if (resampler == NULL) {
        return 0;
    }
    const uint64_t span = (uint64_t)count * resampler->up;

    if (span <= resampler->phase) {
        return 0;
    }
    const uint64_t outputs = (span - resampler->phase + resampler->down - 1) / resampler->down;

    return outputs < SIZE_MAX ? (size_t)outputs : SIZE_MAX;
}

static float dot(const float *a, const float *b, uint32_t count)
{
    float sum = 0.0F;

    for (uint32_t i = 0; i < count; ++i) {
        sum += a[i] * b[i];
    }
    return sum;
}

static void remember(eg_resampler *resampler, float sample)
{
    resampler->history[resampler->newest] = sample;
    resampler->history[resampler->newest + resampler->length] = sample;
    resampler->newest = resampler->newest + 1 < resampler->length ? resampler->newest + 1 : 0;
}

eg_status eg_resampler_run(eg_resampler *resampler, const float *input, size_t count, float *output,
                           size_t capacity)
{
    const size_t produced = eg_resampler_output_count(resampler, count);

    if (resampler == NULL || (input == NULL && count > 0) || (output == NULL && produced > 0) ||
        capacity < produced || !eg_all_finite(input, count)) {
        return EG_INVALID_ARGUMENT;
    }
    const uint32_t length = resampler->length;

    for (size_t i = 0; i < count; ++i) {
        remember(resampler, input[i]);
        for (; resampler->phase < resampler->up; resampler->phase += resampler->down) {
            *output++ = dot(resampler->taps + (size_t)resampler->phase * length,
                            resampler->history + resampler->newest, length);
        }
        resampler->phase -= resampler->up;
    }
    return EG_OK;
}
