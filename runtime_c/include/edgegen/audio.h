/* From a sound to the rows that a model takes: log mel energies or MFCCs, in float32.
 *
 * Nothing is allocated: tables and scratch lie in the caller's workspace, which begins at a
 * multiple of 4 and stays where it is. Preparing computes the tables in double by libm; running
 * takes logf from libm and nothing else. A NULL pointer, a size out of range and a sample that is
 * NaN or infinite are EG_INVALID_ARGUMENT with nothing written and nothing taken.
 */
#ifndef EDGEGEN_AUDIO_H
#define EDGEGEN_AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgegen/sensor.h"
#include "edgegen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EG_REAL_FFT_MAX_SIZE 8192
#define EG_AUDIO_MAX_BANDS 128

/* The discrete Fourier transform of real samples: X[k] = sum of x[n] exp(-2 pi i n k / size).
 *
 * With u = 2^-24, no X[k] errs by more than 4 * log2(size) * u * sum of |x[n]|. */
typedef struct eg_real_fft {
    const float *twiddles; /* cos and -sin of 2 pi k / size, k below size / 2 */
    uint32_t size;
} eg_real_fft;

/* Bytes of the workspace; 0 unless `size` is a power of two from 8 to EG_REAL_FFT_MAX_SIZE. */
size_t eg_real_fft_workspace_bytes(uint32_t size);

eg_status eg_real_fft_prepare(eg_real_fft *fft, uint32_t size, float *workspace,
                              size_t workspace_bytes);

/* `spectrum` takes size + 2 elements: real and imaginary part of X[0] to X[size / 2]. It must not
 * overlap `samples`. Samples that aren't finite give a spectrum that isn't. */
eg_status eg_real_fft_run(const eg_real_fft *fft, const float *samples, float *spectrum);

typedef enum eg_audio_window {
    EG_AUDIO_HANN,       /* 0.5 - 0.5 cos(2 pi n / frame_length), periodic */
    EG_AUDIO_HAMMING,    /* 0.54 - 0.46 cos(2 pi n / frame_length), periodic */
    EG_AUDIO_RECTANGULAR /* 1 */
} eg_audio_window;

/* Frame i is the samples from i * hop on. It is multiplied by the window, filled up with zeros to
 * fft_size and transformed. Band b of the mel filter bank sums the powers |X[k]|^2 under a triangle
 * over the frequency, 1 at corner b + 1 and 0 at its neighbours; the mel_bands + 2 corners lie from
 * low_hz to high_hz at equal steps of 2595 log10(1 + f / 700). Then the natural logarithm of at
 * least `log_floor`, and for coefficients above 0 the orthonormal DCT-II of the bands:
 *   c[j] = sqrt((j == 0 ? 1 : 2) / mel_bands) * sum of L[b] cos(pi j (b + 1/2) / mel_bands).
 * Of white noise at full scale every feature is within 3e-5 of what doubles give; a band far below
 * the loudest errs by what the transform's bound leaves of it. */
typedef struct eg_audio_spec {
    float sample_rate;     /* hertz */
    uint32_t frame_length; /* samples, 1 to fft_size */
    uint32_t hop;          /* samples, 1 to frame_length */
    uint32_t fft_size;     /* as of eg_real_fft */
    uint32_t mel_bands;    /* 1 to EG_AUDIO_MAX_BANDS; each must hold a frequency of the FFT */
    uint32_t coefficients; /* 0: the log mel energies; else 1 to mel_bands MFCCs */
    float low_hz;          /* 0 or more */
    float high_hz;         /* above low_hz, up to sample_rate / 2 */
    float log_floor;       /* above 0 */
    eg_audio_window window;
} eg_audio_spec;

/* What eg_audio_prepare fills in; the pointers go into the workspace. */
typedef struct eg_audio {
    eg_audio_spec spec;
    eg_real_fft fft;
    const float *window;  /* frame_length */
    const float *rising;  /* fft_size / 2 + 1: weight in the band whose middle lies above */
    const float *falling; /* the same for the band whose middle lies below */
    const float *dct;     /* mel_bands x coefficients */
    float *frame;         /* fft_size */
    float *spectrum;      /* fft_size + 2 */
    uint32_t features;    /* of a row: the coefficients or the bands */
    uint16_t
        first[EG_AUDIO_MAX_BANDS + 2]; /* the first of the FFT's frequencies from a corner on */
} eg_audio;

/* Bytes of the workspace; 0 for NULL and for a specification that is refused. A band that holds no
 * frequency is found by eg_audio_prepare only. */
size_t eg_audio_workspace_bytes(const eg_audio_spec *spec);

eg_status eg_audio_prepare(eg_audio *audio, const eg_audio_spec *spec, float *workspace,
                           size_t workspace_bytes);

/* The row of features of one frame, frame_length samples; magnitudes up to 10^12 give finite ones.
 */
eg_status eg_audio_run(eg_audio *audio, const float *samples, float *features);

/* How many frames lie within `count` samples; 0 for NULL. */
size_t eg_audio_frame_count(const eg_audio *audio, size_t count);

/* Streaming: samples as they come, a row whenever a frame is complete. Rows are those of
 * eg_audio_run, to the bit. `buffer` has frame_length elements. Several streams may share one
 * eg_audio, in one thread. */
typedef struct eg_audio_stream {
    eg_audio *audio;
    eg_ring ring;
} eg_audio_stream;

eg_status eg_audio_stream_init(eg_audio_stream *stream, eg_audio *audio, float *buffer);

/* Takes samples up to the one that completes a frame; `taken` says how many, `is_row` whether
 * `features` was written. The rest is for the next call. */
eg_status eg_audio_stream_push(eg_audio_stream *stream, const float *samples, uint32_t count,
                               uint32_t *taken, float *features, bool *is_row);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_AUDIO_H */
