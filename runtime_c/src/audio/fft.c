#include "edgegen/audio/lanes.h"

/* As eg_lanes_powers, but keeps X itself. */
static void separate(const eg_real_fft *fft, float *values)
{
    const float *w = fft->separators;
    float *low = values;
    float *high = values + fft->size;
    const eg_lanes_complex first = eg_lanes_at(low);

    eg_lanes_put(low, first.re + first.im, 0.0F);
    eg_lanes_put(high, first.re - first.im, 0.0F);
    for (low += 2, high -= 2; low < high; low += 2, high -= 2, w += 2) {
        const eg_lanes_complex z = eg_lanes_at(low);
        const eg_lanes_complex mirror = eg_lanes_at(high);
        const eg_lanes_complex even = {0.5F * (z.re + mirror.re), 0.5F * (z.im - mirror.im)};
        const eg_lanes_complex odd = {0.5F * (z.im + mirror.im), 0.5F * (mirror.re - z.re)};
        const eg_lanes_complex turned = eg_lanes_times(odd, w[0], w[1]);

        eg_lanes_put(low, even.re + turned.re, even.im + turned.im);
        eg_lanes_put(high, even.re - turned.re, turned.im - even.im);
    }
    low[1] = -low[1];
}

eg_status eg_real_fft_run(const eg_real_fft *fft, const float *samples, float *spectrum)
{
    if (fft == NULL || fft->twiddles == NULL || samples == NULL || spectrum == NULL) {
        return EG_INVALID_ARGUMENT;
    }
    for (uint32_t i = 0; i < fft->size / 2; ++i) {
        eg_lanes_put(spectrum + (size_t)2 * fft->order[i], samples[2 * i], samples[2 * i + 1]);
    }
    eg_lanes_transform(fft, spectrum);
    separate(fft, spectrum);
    return EG_OK;
}
