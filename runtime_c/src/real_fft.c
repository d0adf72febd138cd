/* A complex transform of half the size over pairs of samples, then what separates even from odd. */
#include <math.h>

#include "edgegen/audio.h"

#define TWO_PI 6.28318530717958647692

typedef struct complex32 {
    float re;
    float im;
} complex32;

static complex32 at(const float *values, uint32_t index)
{
    return (complex32){values[2 * index], values[2 * index + 1]};
}

static void put(float *values, uint32_t index, float re, float im)
{
    values[2 * index] = re;
    values[2 * index + 1] = im;
}

static complex32 times(complex32 a, complex32 b)
{
    return (complex32){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

size_t eg_real_fft_workspace_bytes(uint32_t size)
{
    const bool is_power = size >= 8 && size <= EG_REAL_FFT_MAX_SIZE && (size & (size - 1)) == 0;

    return is_power ? (size_t)size * sizeof(float) : 0;
}

eg_status eg_real_fft_prepare(eg_real_fft *fft, uint32_t size, float *workspace,
                              size_t workspace_bytes)
{
    const size_t needed = eg_real_fft_workspace_bytes(size);

    if (fft == NULL || workspace == NULL || needed == 0 || workspace_bytes < needed) {
        return EG_INVALID_ARGUMENT;
    }
    for (uint32_t k = 0; k < size / 2; ++k) {
        const double angle = TWO_PI * (double)k / (double)size;

        put(workspace, k, (float)cos(angle), (float)-sin(angle));
    }
    *fft = (eg_real_fft){.twiddles = workspace, .size = size};
    return EG_OK;
}

/* Copies the pairs to where the butterflies want them: to the index with its bits reversed. */
static void permute(const float *samples, float *values, uint32_t count)
{
    uint32_t reversed = 0;

    for (uint32_t i = 0; i < count; ++i) {
        uint32_t bit = count / 2;

        put(values, reversed, samples[2 * i], samples[2 * i + 1]);
        for (; bit > 0 && (reversed & bit) != 0; bit /= 2) {
            reversed ^= bit;
        }
        reversed |= bit;
    }
}

/* The first two stages at once: transforms of 4, whose factors are 1 and -i. */
static void transform_fours(float *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i += 4) {
        const complex32 a = at(values, i);
        const complex32 b = at(values, i + 1);
        const complex32 c = at(values, i + 2);
        const complex32 d = at(values, i + 3);
        const complex32 ab = {a.re + b.re, a.im + b.im};
        const complex32 a_b = {a.re - b.re, a.im - b.im};
        const complex32 cd = {c.re + d.re, c.im + d.im};
        const complex32 c_d = {c.re - d.re, c.im - d.im};

        put(values, i, ab.re + cd.re, ab.im + cd.im);
        put(values, i + 1, a_b.re + c_d.im, a_b.im - c_d.re);
        put(values, i + 2, ab.re - cd.re, ab.im - cd.im);
        put(values, i + 3, a_b.re - c_d.im, a_b.im + c_d.re);
    }
}

/* One stage: pairs of transforms of `half` become transforms of twice that. `step` is the distance
 * of its factors in the table. */
static void join(float *values, uint32_t count, uint32_t half, const float *twiddles, uint32_t step)
{
    for (uint32_t start = 0; start < count; start += 2 * half) {
        float *const low = values + (size_t)2 * start;
        float *const high = low + (size_t)2 * half;

        for (uint32_t j = 0; j < half; ++j) {
            const complex32 a = at(low, j);
            const complex32 b = times(at(high, j), at(twiddles, j * step));

            put(low, j, a.re + b.re, a.im + b.im);
            put(high, j, a.re - b.re, a.im - b.im);
        }
    }
}

/* With E and O the transforms of the even and the odd samples and w their factor,
 * Z[k] = E[k] + i O[k] becomes X[k] = E[k] + w O[k] and X[count - k] = conj(E[k] - w O[k]). */
static void separate(float *values, uint32_t count, const float *twiddles)
{
    const complex32 first = at(values, 0);

    put(values, 0, first.re + first.im, 0.0F);
    put(values, count, first.re - first.im, 0.0F);
    for (uint32_t k = 1; k <= count / 2; ++k) {
        const complex32 z = at(values, k);
        const complex32 mirror = at(values, count - k);
        const complex32 even = {0.5F * (z.re + mirror.re), 0.5F * (z.im - mirror.im)};
        const complex32 odd = {0.5F * (z.im + mirror.im), 0.5F * (mirror.re - z.re)};
        const complex32 turned = times(odd, at(twiddles, k));

        put(values, k, even.re + turned.re, even.im + turned.im);
        put(values, count - k, even.re - turned.re, turned.im - even.im);
    }
}

eg_status eg_real_fft_run(const eg_real_fft *fft, const float *samples, float *spectrum)
{
    if (fft == NULL || fft->twiddles == NULL || samples == NULL || spectrum == NULL) {
        return EG_INVALID_ARGUMENT;
    }
    const uint32_t count = fft->size / 2;

    permute(samples, spectrum, count);
    transform_fours(spectrum, count);
    for (uint32_t half = 4; half < count; half *= 2) {
        join(spectrum, count, half, fft->twiddles, count / half);
    }
    separate(spectrum, count, fft->twiddles);
    return EG_OK;
}
