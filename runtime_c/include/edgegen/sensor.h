/* Samples of sensors, on their way to a model: windows, scaling, statistics, filters, rates.
 *
 * All of it is streaming: what came before is in the caller's struct and buffer, nothing is
 * allocated, and how a signal is cut into calls changes no result. float32 arithmetic; the same
 * bits everywhere without contraction (-ffp-contract=off, which -std=c99 implies for GCC). A NULL
 * pointer, a size out of range and a sample that is NaN or infinite are EG_INVALID_ARGUMENT with
 * nothing changed and nothing written.
 */
#ifndef EDGEGEN_SENSOR_H
#define EDGEGEN_SENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgegen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A ring of the last `length` frames, one sample per channel each, handed out as a window every
 * `hop` frames: consecutive windows share length - hop frames. */
typedef struct eg_ring {
    float *frames;     /* length x channels, the caller's */
    uint32_t length;   /* frames of a window */
    uint32_t channels; /* samples of a frame */
    uint32_t hop;      /* frames from one window's start to the next one's */
    uint32_t oldest;   /* where the next frame goes */
    uint32_t missing;  /* frames until the window is complete */
} eg_ring;

/* `buffer` has length * channels elements; `length`, `channels` are 1 or more and their product is
 * at most 2^31, `hop` is 1 to `length`. */
eg_status eg_ring_init(eg_ring *ring, uint32_t length, uint32_t channels, uint32_t hop,
                       float *buffer);

/* Takes frames up to the one that completes a window; `taken` says how many. The rest is for after
 * eg_ring_read. With a complete window that nobody has read it takes none. `count` may be 0. */
eg_status eg_ring_push(eg_ring *ring, const float *frames, uint32_t count, uint32_t *taken);

/* Whether there is a window to read; false for NULL. */
bool eg_ring_is_complete(const eg_ring *ring);

/* Copies the window, oldest frame first, to length * channels elements, and begins the next one.
 * EG_INVALID_ARGUMENT unless it is complete. */
eg_status eg_ring_read(eg_ring *ring, float *window);

/* output = input * scale[channel] + offset[channel], for `count` frames; two roundings. `output`
 * may be `input`. */
eg_status eg_scale_f32(const float *input, size_t count, uint32_t channels, const float *scale,
                       const float *offset, float *output);
eg_status eg_scale_s16(const int16_t *input, size_t count, uint32_t channels, const float *scale,
                       const float *offset, float *output);

/* Mean and variance of the last `length` samples.
 *
 * Nothing is subtracted when a sample leaves, so errors don't add up over time: the window is kept
 * as two parts, of which the newer one only grows and of the older one all tails are known. Parts
 * are joined by Chan, Golub and LeVeque's update. With u = 2^-24, m the largest magnitude and s the
 * standard deviation in the window, the mean errs by less than 4 * length * u * m, the variance by
 * less than 16 * length * u * (s^2 + s * m + length * u * m^2). Constant time, but for one push in
 * every `length`, which goes over the window once. */
typedef struct eg_moving_part {
    float mean;
    float squares; /* sum of the squared distances from the mean */
} eg_moving_part;

typedef struct eg_moving {
    eg_moving_part *parts; /* length, the caller's: tails of the older part, samples of the newer */
    uint32_t length;
    uint32_t oldest; /* index of the oldest sample */
    uint32_t count;  /* samples in the window, up to length */
    uint32_t older;  /* how many of them are in the older part */
    eg_moving_part newer;
} eg_moving;

/* `buffer` has `length` elements, 1 to 2^24. */
eg_status eg_moving_init(eg_moving *moving, uint32_t length, eg_moving_part *buffer);

/* Takes one sample, of a magnitude up to 10^15. */
eg_status eg_moving_push(eg_moving *moving, float sample);

/* Of the samples there are, at least one; the variance is the population's (divided by their
 * number). Either pointer may be NULL. */
eg_status eg_moving_read(const eg_moving *moving, float *mean, float *variance);

/* A second-order IIR filter, in transposed direct form II:
 *   y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2] */
typedef struct eg_biquad {
    float b0;
    float b1;
    float b2;
    float a1;
    float a2;
    float z1; /* the memory; 0 at first */
    float z2;
} eg_biquad;

/* Refuses coefficients that aren't finite, and an unstable filter: stable means |a2| < 1 and
 * |a1| < 1 + a2. Also the reset. */
eg_status eg_biquad_init(eg_biquad *biquad, float b0, float b1, float b2, float a1, float a2);

/* Filters `count` samples, which may be 0; `output` may be `input`. Outputs beyond what a float
 * holds are infinite, and what follows them is NaN until eg_biquad_init. */
eg_status eg_biquad_run(eg_biquad *biquad, const float *input, size_t count, float *output);

/* From one sampling rate to up/down of it, by a windowed sinc in its polyphase form.
 *
 * With w = max(up, down) the filter spans 10 * w samples of the rate `up` times the input's on
 * either side: sinc(k / w) under a Kaiser window of beta 8. Every phase sums to 1, so a constant
 * stays that constant to within rounding. The signal comes 10 * w / up input samples late; before
 * the first sample it was 0. Half the lower rate is damped by 6 dB. */
#define EG_RESAMPLER_MAX_FACTOR 64

typedef struct eg_resampler {
    float *taps;    /* up x length, each phase oldest sample first */
    float *history; /* 2 x length: the last samples twice, so that they always lie in a row */
    uint32_t up;
    uint32_t down;
    uint32_t length; /* taps of a phase */
    uint32_t newest; /* where the next sample goes */
    uint32_t phase;  /* of the next output, in samples of the upper rate from the next input on */
} eg_resampler;

/* Bytes of the workspace; 0 unless both factors are 1 to EG_RESAMPLER_MAX_FACTOR. */
size_t eg_resampler_workspace_bytes(uint32_t up, uint32_t down);

/* `workspace` begins at a multiple of 4 and must stay where it is. Computes the filter (in double,
 * by libm); also the reset. */
eg_status eg_resampler_init(eg_resampler *resampler, uint32_t up, uint32_t down, float *workspace,
                            size_t workspace_bytes);

/* How many samples the next `count` ones give, at most SIZE_MAX; 0 for NULL. */
size_t eg_resampler_output_count(const eg_resampler *resampler, size_t count);

/* Takes all `count` samples, which may be 0. EG_INVALID_ARGUMENT when `capacity` is below
 * eg_resampler_output_count(resampler, count). Input and output must not overlap. */
eg_status eg_resampler_run(eg_resampler *resampler, const float *input, size_t count, float *output,
                           size_t capacity);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_SENSOR_H */
