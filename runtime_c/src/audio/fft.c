#include "edgegen/audio/lanes.h"

/* As eg_lanes_powers, but keeps X itself. */
static void separate(const eg_real_fft *fft, float *values)
{
    const uint32_t count = fft->size / 2;
    const float *w = fft->separators;
    const eg_lanes_complex first = eg_lanes_at(values, 0);

    eg_lanes_put(values, 0, first.re + first.im, 0.0F);
    eg_lanes_put(values, count, first.re - first.im, 0.0F);
    for (uint32_t k = 1; k < count / 2; ++k) {
        const eg_lanes_complex z = eg_lanes_at(values, k);
        const eg_lanes_complex mirror = eg_lanes_at(values, count - k);
        const eg_lanes_complex even = {0.5F * (z.re + mirror.re), 0.5F * (z.im - mirror.im)};
        const eg_lanes_complex odd = {0.5F * (z.im + mirror.im), 0.5F * (mirror.re - z.re)};
        const eg_lanes_complex turned = eg_lanes_times(odd, w[0], w[1]);

        eg_lanes_put(values, k, even.re + turned.re, even.im + turned.im);
        eg_lanes_put(values, count - k, even.re - turned.re, turned.im - even.im);
        w += 2;
    }
    values[count + 1] = -values[count + 1];
}

eg_status eg_real_fft_run(const eg_real_fft *fft, const float *samples, float *spectrum)
{
    if (fft == NULL || fft->twiddles == NULL || samples == NULL || spectrum == NULL) {
        return EG_INVALID_ARGUMENT;
    }
    for (uint32_t i = 0; i < fft->size / 2; ++i) {
        eg_lanes_put(spectrum, fft->order[i], samples[2 * i], samples[2 * i + 1]);
    }
    eg_lanes_transform(fft, spectrum);
    separate(fft, spectrum);
    return EG_OK;
}
