/* From a sound to the rows that a model takes: log mel energies or MFCCs, in float32.
 *
 * A plan is data: numbers and tables, computed once in double by eg_audio_prepare, or constants of
 * a program. Running it takes float additions and multiplications in a fixed order and nothing
 * else, no libm and no fused operations, so that every machine and every path gives the same bits;
 * preparing takes no libm either, so that plans are the same everywhere, too.
 * A processor that flushes subnormal numbers to zero does, too, unless energies so small matter:
 * with samples below 10^-15 and a log_floor below 10^-30.
 *
 * Nothing is allocated: tables lie in the caller's workspace, which stays where it is; scratch need
 * not keep anything between calls. Both begin at multiples of 4. A NULL pointer, such memory
 * elsewhere, a size out of range and a sample that is NaN or infinite are EG_INVALID_ARGUMENT with
 * nothing written and nothing taken.
 *
 * A device with a constant plan needs run.c, and stream.c for a stream, of src/audio.
 */
#ifndef EDGEGEN_AUDIO_H
#define EDGEGEN_AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgegen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EG_REAL_FFT_MAX_SIZE 8192
#define EG_AUDIO_MAX_BANDS 128

/* The discrete Fourier transform of real samples: X[k] = sum of x[n] exp(-2 pi i n k / size).
 *
 * A complex transform of half the size over pairs of samples, in stages of radix 4 and, where the
 * size asks for it, a first one of radix 2; then what tells even samples from odd ones. With
 * u = 2^-24, no X[k] errs by more than 4 * log2(size) * u * sum of |x[n]|.
 *
 * In the tables w(n, k) = exp(-2 pi i k / n), as real and imaginary part. */
typedef struct eg_real_fft {
    uint32_t size;
    const uint16_t *order;   /* size / 2: to which place each pair goes, its bits reversed */
    const float *twiddles;   /* for each stage that makes transforms of n: w(n, 2 j), w(n, j),
                              * w(n, 3 j) for j from 1 to n / 4 - 1 */
    const float *separators; /* w(size, k) for k from 1 to size / 4 - 1 */
} eg_real_fft;

/* Bytes of the workspace; 0 unless `size` is a power of two from 8 to EG_REAL_FFT_MAX_SIZE. */
size_t eg_real_fft_workspace_bytes(uint32_t size);

eg_status eg_real_fft_prepare(eg_real_fft *fft, uint32_t size, void *workspace,
                              size_t workspace_bytes);

/* `spectrum` takes size + 2 elements: real and imaginary part of X[0] to X[size / 2]. It must not
 * overlap `samples`. Samples that aren't finite give a spectrum that isn't. */
eg_status eg_real_fft_run(const eg_real_fft *fft, const float *samples, float *spectrum);

typedef enum eg_audio_window {
    EG_AUDIO_HANN,       /* 0.5 - 0.5 cos(2 pi n / frame_length), periodic */
    EG_AUDIO_HAMMING,    /* 0.54 - 0.46 cos(2 pi n / frame_length), periodic */
    EG_AUDIO_RECTANGULAR /* 1 */
} eg_audio_window;

typedef enum eg_audio_mel_scale {
    EG_AUDIO_HTK,   /* 2595 log10(1 + f / 700) */
    EG_AUDIO_SLANEY /* f / (200 / 3) up to 1 kHz, then 15 + 27 log(f / 1000) / log(6.4) */
} eg_audio_mel_scale;

/* Frame i is the samples from i * hop on. It is multiplied by the window, filled up with zeros to
 * fft_size and transformed. Band b of the mel filter bank sums the powers |X[k]|^2 under a triangle
 * over the frequency, 1 at corner b + 1 and 0 at its neighbours; the mel_bands + 2 corners lie from
 * low_hz to high_hz at equal steps of the mel scale. Then the natural logarithm of at least
 * `log_floor`, and for coefficients above 0 the orthonormal DCT-II of the bands:
 *   c[j] = sqrt((j == 0 ? 1 : 2) / mel_bands) * sum of L[b] cos(pi j (b + 1/2) / mel_bands).
 * Of white noise at full scale every feature is within 3e-5 of what doubles give; a band far below
 * the loudest errs by what the transform's bound leaves of it. */
typedef struct eg_audio_spec {
    float sample_rate;     /* hertz, above 0, up to 10^9 */
    uint32_t frame_length; /* samples, 1 to fft_size */
    uint32_t hop;          /* samples, 1 to frame_length */
    uint32_t fft_size;     /* as of eg_real_fft */
    uint32_t mel_bands;    /* 1 to EG_AUDIO_MAX_BANDS; each must hold a frequency of the FFT */
    uint32_t coefficients; /* 0: the log mel energies; else 1 to mel_bands MFCCs */
    float low_hz;          /* 0 or more */
    float high_hz;         /* above low_hz, up to sample_rate / 2 */
    float log_floor;       /* FLT_MIN or more */
    eg_audio_window window;
    eg_audio_mel_scale mel_scale;
    bool mel_slopes; /* the triangles' sides are straight over mel, not over hertz */
    bool mel_norm;   /* each triangle is divided by half its width in hertz */
} eg_audio_spec;

/* What eg_audio_prepare fills in, its pointers into the workspace; or a constant. */
typedef struct eg_audio_plan {
    eg_real_fft fft;
    uint32_t frame_length;
    uint32_t hop;
    uint32_t mel_bands;
    uint32_t coefficients;
    float log_floor;
    const float *window;     /* frame_length */
    const uint16_t *corners; /* mel_bands + 2: the FFT's first frequency from each corner on */
    const float *weights;    /* a pair for each frequency from corners[0] to before the last corner:
                              * in the band whose middle lies above, and whose middle lies below;
                              * both a quarter, for a spectrum of twice the size */
    const float *dct;        /* coefficients x (mel_bands + 1) / 2: the first half of each row; the
                              * second is its mirror image, negative for odd coefficients */
} eg_audio_plan;

/* Elements of a row: the coefficients or the bands; 0 for NULL. */
uint32_t eg_audio_features(const eg_audio_plan *plan);

/* Bytes of the workspace; 0 for NULL and for a specification that is refused. A band that holds no
 * frequency is found by eg_audio_prepare only, which then has written to the workspace, but not to
 * the plan. */
size_t eg_audio_workspace_bytes(const eg_audio_spec *spec);

eg_status eg_audio_prepare(eg_audio_plan *plan, const eg_audio_spec *spec, void *workspace,
                           size_t workspace_bytes);

/* Elements of scratch for a frame. */
#define EG_AUDIO_SCRATCH(fft_size, mel_bands) ((fft_size) + 2 + (mel_bands))

/* The row of features of one frame, frame_length samples, with EG_AUDIO_SCRATCH elements of
 * `scratch`. The 16-bit samples count in 1 / 32768. Rows are finite always; they are what the
 * formulas say for magnitudes up to 10^12, above which energies overflow. */
eg_status eg_audio_run(const eg_audio_plan *plan, const float *samples, float *scratch,
                       float *features);
eg_status eg_audio_run_s16(const eg_audio_plan *plan, const int16_t *samples, float *scratch,
                           float *features);

/* How many frames lie within `count` samples; 0 for NULL. */
size_t eg_audio_frame_count(const eg_audio_plan *plan, size_t count);

/* Ways to run many frames; all give the bits of eg_audio_run. */
typedef enum eg_audio_path {
    EG_AUDIO_PORTABLE, /* frame by frame */
    EG_AUDIO_VECTOR4,  /* four frames side by side: SSE2, NEON, WebAssembly's SIMD */
    EG_AUDIO_AVX2      /* eight */
} eg_audio_path;

/* The widest path that this program and this processor have. */
eg_audio_path eg_audio_best_path(void);

/* Bytes of scratch for a clip; 0 for NULL and a path that is not here. */
size_t eg_audio_clip_scratch_bytes(const eg_audio_plan *plan, eg_audio_path path);

/* The rows of all frames within `count` samples, one after the other. */
eg_status eg_audio_run_clip(const eg_audio_plan *plan, eg_audio_path path, const float *samples,
                            size_t count, void *scratch, size_t scratch_bytes, float *rows);

/* Streaming: samples as they come, a row whenever a frame is complete. Rows are those of
 * eg_audio_run, to the bit. `buffer` has frame_length elements; `scratch` that of eg_audio_run,
 * which streams that take turns may share. */
typedef struct eg_audio_stream {
    const eg_audio_plan *plan;
    float *buffer;
    float *scratch;
    uint32_t held; /* samples in the buffer; 0 at first */
} eg_audio_stream;

eg_status eg_audio_stream_init(eg_audio_stream *stream, const eg_audio_plan *plan, float *buffer,
                               float *scratch);

/* Takes samples up to the one that completes a frame; `taken` says how many, `is_row` whether
 * `features` was written. The rest is for the next call. */
eg_status eg_audio_stream_push(eg_audio_stream *stream, const float *samples, uint32_t count,
                               uint32_t *taken, float *features, bool *is_row);
eg_status eg_audio_stream_push_s16(eg_audio_stream *stream, const int16_t *samples, uint32_t count,
                                   uint32_t *taken, float *features, bool *is_row);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_AUDIO_H */
