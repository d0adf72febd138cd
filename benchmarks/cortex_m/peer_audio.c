#include "peer_audio.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

static double mel_of(double hertz)
{
    return 2595.0 * log10(1.0 + hertz / 700.0);
}

static void fill_band(peer_mfcc *mfcc, uint32_t band, double low, double step)
{
    double corners[3];

    for (uint32_t i = 0; i < 3; ++i) {
        corners[i] = 700.0 * (pow(10.0, (low + step * (double)(band + i)) / 2595.0) - 1.0);
    }
    mfcc->begin[band] = 0;
    mfcc->end[band] = 0;
    for (uint32_t k = 0; k < PEER_BINS; ++k) {
        const double hertz = 16000.0 * k / PEER_FFT;
        const double rise = (hertz - corners[0]) / (corners[1] - corners[0]);
        const double fall = (corners[2] - hertz) / (corners[2] - corners[1]);
        const double weight = fmax(0.0, fmin(rise, fall));

        mfcc->weights[band][k] = (float)weight;
        if (weight > 0.0) {
            mfcc->begin[band] = mfcc->end[band] == 0 ? (uint16_t)k : mfcc->begin[band];
            mfcc->end[band] = (uint16_t)(k + 1);
        }
    }
}

void peer_mfcc_prepare(peer_mfcc *mfcc, float low_hz, float high_hz, uint32_t coefficients,
                       float log_floor)
{
    const double low = mel_of((double)low_hz);
    const double step = (mel_of((double)high_hz) - low) / (PEER_BANDS + 1);

    for (uint32_t n = 0; n < PEER_FRAME; ++n) {
        mfcc->window[n] = (float)(0.5 - 0.5 * cos(2.0 * PI * n / PEER_FRAME));
    }
    for (uint32_t k = 0; k < PEER_FFT / 2; ++k) {
        mfcc->twiddles[2 * k] = (float)cos(2.0 * PI * k / PEER_FFT);
        mfcc->twiddles[2 * k + 1] = (float)-sin(2.0 * PI * k / PEER_FFT);
    }
    for (uint32_t b = 0; b < PEER_BANDS; ++b) {
        fill_band(mfcc, b, low, step);
        for (uint32_t j = 0; j < PEER_BANDS; ++j) {
            mfcc->dct[j][b] = (float)(sqrt((j == 0 ? 1.0 : 2.0) / PEER_BANDS) *
                                      cos(PI * j * (b + 0.5) / PEER_BANDS));
        }
    }
    mfcc->coefficients = coefficients;
    mfcc->log_floor = log_floor;
}

static void transform(peer_mfcc *mfcc)
{
    float *const re = mfcc->re;
    float *const im = mfcc->im;

    for (uint32_t i = 1, j = 0; i < PEER_FFT; ++i) {
        uint32_t bit = PEER_FFT / 2;

        for (; (j & bit) != 0; bit /= 2) {
            j ^= bit;
        }
        j |= bit;
        if (i < j) {
            const float swapped = re[i];

            re[i] = re[j];
            re[j] = swapped; /* the imaginary parts are 0 yet */
        }
    }
    for (uint32_t half = 1; half < PEER_FFT; half *= 2) {
        const uint32_t stride = PEER_FFT / (2 * half);

        for (uint32_t start = 0; start < PEER_FFT; start += 2 * half) {
            for (uint32_t k = 0; k < half; ++k) {
                const float c = mfcc->twiddles[2 * k * stride];
                const float s = mfcc->twiddles[2 * k * stride + 1];
                const uint32_t a = start + k;
                const uint32_t b = a + half;
                const float turned_re = re[b] * c - im[b] * s;
                const float turned_im = re[b] * s + im[b] * c;

                re[b] = re[a] - turned_re;
                im[b] = im[a] - turned_im;
                re[a] += turned_re;
                im[a] += turned_im;
            }
        }
    }
}

void peer_mfcc_run(peer_mfcc *mfcc, const int16_t *samples, float *row)
{
    float bands[PEER_BANDS];

    memset(mfcc->re, 0, sizeof mfcc->re);
    memset(mfcc->im, 0, sizeof mfcc->im);
    for (uint32_t n = 0; n < PEER_FRAME; ++n) {
        mfcc->re[n] = (float)samples[n] / 32768.0F * mfcc->window[n];
    }
    transform(mfcc);
    for (uint32_t k = 0; k < PEER_BINS; ++k) {
        mfcc->power[k] = mfcc->re[k] * mfcc->re[k] + mfcc->im[k] * mfcc->im[k];
    }
    for (uint32_t b = 0; b < PEER_BANDS; ++b) {
        float sum = 0.0F;

        for (uint32_t k = mfcc->begin[b]; k < mfcc->end[b]; ++k) {
            sum += mfcc->power[k] * mfcc->weights[b][k];
        }
        bands[b] = logf(sum > mfcc->log_floor ? sum : mfcc->log_floor);
    }
    if (mfcc->coefficients == 0) {
        memcpy(row, bands, sizeof bands);
    }
    for (uint32_t j = 0; j < mfcc->coefficients; ++j) {
        float sum = 0.0F;

        for (uint32_t b = 0; b < PEER_BANDS; ++b) {
            sum += mfcc->dct[j][b] * bands[b];
        }
        row[j] = sum;
    }
}
