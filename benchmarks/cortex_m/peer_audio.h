/* What one would write by hand: a complex transform of radix 2, a filter bank with a weight per
 * band and frequency, logf, a matrix for the DCT. */
#ifndef PEER_AUDIO_H
#define PEER_AUDIO_H

#include <stdint.h>

enum { PEER_FRAME = 480, PEER_FFT = 512, PEER_BINS = PEER_FFT / 2 + 1, PEER_BANDS = 40 };

typedef struct peer_mfcc {
    float window[PEER_FRAME];
    float twiddles[PEER_FFT]; /* cosine and sine, PEER_FFT / 2 of each */
    float re[PEER_FFT], im[PEER_FFT];
    float power[PEER_BINS];
    float weights[PEER_BANDS][PEER_BINS];
    uint16_t begin[PEER_BANDS], end[PEER_BANDS]; /* where they are not 0 */
    float dct[PEER_BANDS][PEER_BANDS];
    uint32_t coefficients;
    float log_floor;
} peer_mfcc;

void peer_mfcc_prepare(peer_mfcc *mfcc, float low_hz, float high_hz, uint32_t coefficients,
                       float log_floor);
void peer_mfcc_run(peer_mfcc *mfcc, const int16_t *samples, float *row);

#endif /* PEER_AUDIO_H */
