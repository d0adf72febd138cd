/* From a sound to the features of TensorFlow's micro_speech and of wake word models made like it:
 * a mel filter bank with noise reduction and gain control, in integers from end to end.
 *
 * Every feature is that of TensorFlow Lite's audio microfrontend for the same settings, bit for
 * bit. A plan holds what does not depend on the samples and is constant data: edgegen computes it
 * (codegen/edgegen/micro_audio.py), so that a device runs no libm and no floating point. A row of
 * features comes from each frame of frame_length samples, frames are hop samples apart:
 *
 *   window       y[n] = floor(x[n] * w[n] / 2^12); w is a Hann window, 4096 for 1.
 *   scaling      y <<= s, where s leaves the greatest |y[n]| below 2^15 and not below 2^14. A y[n]
 *                of -32768 is not looked at for that; bits that no longer fit are lost. s is 15
 *                for silence.
 *   transform    Zeros up to fft_size, then Y[k] = sum of y[n] exp(-2 pi i n k / fft_size) /
 *                fft_size, as a complex transform of half the size, N, with pairs of samples for
 *                numbers. Decimation in time: one stage of radix 2 if N is twice a power of 4,
 *                the others of radix 4. With round(x) = floor(x / 2^15 + 1/2), a stage of radix r
 *                replaces each part p of its inputs by round(p * floor(32767 / r)), multiplies
 *                by factors in 1/32767, whose products' parts are rounded, and adds. Parts have 16
 *                bits: a sum that doesn't fit wraps. Then from Z[k] and conj(Z[N - k]), halved
 *                like a stage of radix 2, their sum a and their difference b times a factor give
 *                Y[k] = floor((a + b) / 2) and Y[N - k] = floor((conj(a) - conj(b)) / 2).
 *   energy       |Y[k]|^2, below 2^31.
 *   filter bank  Channel c sums energies times weights of at most 4096, in 64 bits: triangles at
 *                equal steps of 1127 ln(1 + f / 700) from low_hz to high_hz.
 *   root         a = floor(r / 2^s) with r the integer nearest to the square root of the sum, but
 *                not above 65535 for a sum below 2^32.
 *   noise        With B = smoothing_bits, u = a * 2^B mod 2^32 and f the smoothing of even or of
 *                odd channels, the estimate becomes e = floor((u * f + e * (2^14 - f)) / 2^14);
 *                a becomes the greater of floor((u - min(e, u)) / 2^B) and
 *                floor(a * min_signal_remaining / 2^14). e is 0 at first.
 *   gain         g = strength of 2^gain_bits * (e / 2^b + offset)^-strength by a parabola for each
 *                power of two of e; v = floor(a * g / 2^gain_shift), of 12 fractional bits; a
 *                becomes v^2 / 4 below v = 2 and v - 1 from there, of 6 fractional bits, floored.
 *   logarithm    a * 2^correction_bits mod 2^32 (floored if that is below 0); 0 for 0 and 1, else
 *                about 2^log_shift * ln(a), to the nearest, ln by a table of 128 segments.
 *   saturation   min(a, 65535)
 *
 * One frame's features depend on the frames before by the noise estimate alone. No heap, no
 * globals. Every function writes nothing when it refuses.
 */
#ifndef EDGEGEN_MICRO_AUDIO_H
#define EDGEGEN_MICRO_AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EG_MICRO_AUDIO_MIN_FFT_SIZE 16
#define EG_MICRO_AUDIO_MAX_FFT_SIZE 4096
#define EG_MICRO_AUDIO_MAX_CHANNELS 256

/* Of the gain's table: three for each bit length of a noise estimate, 0 to 32. */
#define EG_MICRO_AUDIO_GAINS 99

/* What micro_speech and its kin divide by when they make int8 of 256 * feature: features of 0 to
 * 25.6 * 26 become -128 to 127. */
#define EG_MICRO_AUDIO_S8_DIVISOR 666
#define EG_MICRO_AUDIO_S8_ZERO_POINT (-128)

/* Every text names the argument first. */
#define EG_MICRO_AUDIO_STATUS_LIST(X)                                                              \
    X(EG_MICRO_AUDIO_OK, "ok")                                                                     \
    X(EG_MICRO_AUDIO_BAD_AUDIO, "audio: NULL, or not initialised")                                 \
    X(EG_MICRO_AUDIO_BAD_PLAN, "plan: NULL")                                                       \
    X(EG_MICRO_AUDIO_BAD_TABLE, "plan: a table or the kernel is NULL")                             \
    X(EG_MICRO_AUDIO_BAD_FFT_SIZE, "fft_size: not a power of two in 16..4096")                     \
    X(EG_MICRO_AUDIO_BAD_FRAME_LENGTH, "frame_length: not in 1..fft_size")                         \
    X(EG_MICRO_AUDIO_BAD_HOP, "hop: not in 1..frame_length")                                       \
    X(EG_MICRO_AUDIO_BAD_CHANNELS, "channels: not in 1..256")                                      \
    X(EG_MICRO_AUDIO_BAD_BANDS, "first_bin and widths: not within 1..fft_size / 2 - 1")            \
    X(EG_MICRO_AUDIO_BAD_NOISE, "smoothing, min_signal_remaining: above 2^14")                     \
    X(EG_MICRO_AUDIO_BAD_SHIFT, "a shift is out of its range")                                     \
    X(EG_MICRO_AUDIO_BAD_WORKSPACE, "workspace: NULL or not aligned to 4 bytes")                   \
    X(EG_MICRO_AUDIO_SMALL_WORKSPACE,                                                              \
      "workspace_bytes: fewer than eg_micro_audio_workspace_bytes()")                              \
    X(EG_MICRO_AUDIO_BAD_SAMPLES, "samples: NULL")                                                 \
    X(EG_MICRO_AUDIO_BAD_FEATURES, "features: NULL")                                               \
    X(EG_MICRO_AUDIO_BAD_RESULT, "taken, is_row: NULL")                                            \
    X(EG_MICRO_AUDIO_BAD_DIVISOR, "divisor: not in 1..2^24")                                       \
    X(EG_MICRO_AUDIO_BAD_ZERO_POINT, "zero_point: not in -128..127")                               \
    X(EG_MICRO_AUDIO_BAD_OUTPUT, "output: NULL")

typedef enum eg_micro_audio_status {
#define EG_MICRO_AUDIO_STATUS_ENUMERATOR(name, text) name,
    EG_MICRO_AUDIO_STATUS_LIST(EG_MICRO_AUDIO_STATUS_ENUMERATOR)
#undef EG_MICRO_AUDIO_STATUS_ENUMERATOR
        EG_MICRO_AUDIO_STATUS_COUNT
} eg_micro_audio_status;

/* The code's text, in static storage; never NULL, also for a value that is no code. */
const char *eg_micro_audio_status_text(eg_micro_audio_status status);

typedef struct eg_micro_audio_plan eg_micro_audio_plan;

/* The energies of bins 1 to fft_size / 2 - 1 (energies[0] is left alone) of a frame that is
 * windowed and fills fft_size, scaled by `shift`. `spectrum` is scratch: fft_size halfwords, as
 * pairs aligned to 4. `energies`, fft_size / 2 of them, may lie where the frame does. */
typedef void (*eg_micro_audio_transform)(const eg_micro_audio_plan *plan, const int16_t *frame,
                                         uint32_t shift, int16_t *spectrum, uint32_t *energies);

/* Portable; with the DSP instructions where they are (isa_dsp.h). */
void eg_micro_audio_transform_any(const eg_micro_audio_plan *plan, const int16_t *frame,
                                  uint32_t shift, int16_t *spectrum, uint32_t *energies);

/* The fastest one that this program and this processor have: with AVX2 or NEON, or the portable
 * one. They give the same bits. */
eg_micro_audio_transform eg_micro_audio_best_transform(void);

/* With N = fft_size / 2, a complex factor of `turns` turns is the pair round(32767 cos(2 pi
 * turns)), round(-32767 sin(2 pi turns)), halves up. */
struct eg_micro_audio_plan {
    const int16_t *window; /* frame_length, 0 to 4096 */
    /* Where the first stage's groups of 4 (of 2) begin: digits to the base of 4, reversed. N / 4 of
     * them, N / 2 if N is twice a power of 4. */
    const uint16_t *order;
    /* For each stage of radix 4 after the first, m being the length of its parts: m factors of
     * j / 4m turns, m of 2j / 4m, m of 3j / 4m, j = 0 to m - 1. */
    const int16_t *factors;
    const int16_t *split_factors; /* of 1/4 + k / 2N turns, k = 1 to N / 2 */
    /* Of the bins from first_bin on, widths[0] lie up to the middle of channel 0, widths[i] between
     * those of channels i - 1 and i, widths[channels] after the last. Each has two weights: in the
     * channel below, whose triangle falls, and in the channel above. */
    const uint16_t *widths;
    const uint16_t *weights;
    /* For each bit length of an estimate, 0 to 32: value, slope and curvature where it begins;
     * NULL: the gain is left out. With f the 10 bits after the leading one it is
     * value + floor((f * (32 * slope + floor(curvature * f / 32)) + 2^14) / 2^15). */
    const int16_t *gains;
    eg_micro_audio_transform transform;
    uint32_t frame_length;         /* samples, 1 to fft_size */
    uint32_t hop;                  /* samples, 1 to frame_length */
    uint32_t fft_size;             /* a power of two, 16 to 4096 */
    uint32_t channels;             /* 1 to 256 */
    uint32_t first_bin;            /* 1 or more */
    uint32_t smoothing[2];         /* of even and of odd channels, 0 to 2^14 for 1 */
    uint32_t min_signal_remaining; /* 0 to 2^14 */
    uint32_t smoothing_bits;       /* 0 to 31 */
    uint32_t gain_shift;           /* 0 to 31 */
    int32_t correction_bits;       /* -31 to 31: log2(fft_size) - 6 */
    uint32_t log_shift;            /* 0 to 31 */
    bool has_log;                  /* false: the logarithm is left out */
};

/* The state of one sound. The pointers go into the workspace, which stays where it is. */
typedef struct eg_micro_audio {
    const eg_micro_audio_plan *plan;
    uint32_t *noise;   /* channels */
    int16_t *frame;    /* fft_size; later the energies */
    int16_t *spectrum; /* fft_size */
    int16_t *samples;  /* frame_length: what was pushed */
    uint32_t held;     /* of them */
} eg_micro_audio;

/* Bytes of the workspace: 4 * fft_size + 4 * channels + 2 * frame_length, rounded up to 4; 0 for a
 * plan that is refused. */
size_t eg_micro_audio_workspace_bytes(const eg_micro_audio_plan *plan);

/* Checks the plan's numbers and that it has its tables, and resets. */
eg_micro_audio_status eg_micro_audio_init(eg_micro_audio *audio, const eg_micro_audio_plan *plan,
                                          void *workspace, size_t workspace_bytes);

/* As after initialising: no sample held, no noise estimated. */
eg_micro_audio_status eg_micro_audio_reset(eg_micro_audio *audio);

/* The `channels` features of the frame_length samples of the next frame. */
eg_micro_audio_status eg_micro_audio_run(eg_micro_audio *audio, const int16_t *samples,
                                         uint16_t *features);

/* Takes samples up to the one that completes a frame; `taken` says how many, `is_row` whether
 * `features` was written. The rest is for the next call. `samples` may be NULL when count is 0. */
eg_micro_audio_status eg_micro_audio_push(eg_micro_audio *audio, const int16_t *samples,
                                          size_t count, size_t *taken, uint16_t *features,
                                          bool *is_row);

/* output[i] = clamp(floor((256 * features[i] + floor(divisor / 2)) / divisor) + zero_point): for
 * micro_speech EG_MICRO_AUDIO_S8_DIVISOR and EG_MICRO_AUDIO_S8_ZERO_POINT. */
eg_micro_audio_status eg_micro_audio_to_s8(const uint16_t *features, size_t count, uint32_t divisor,
                                           int32_t zero_point, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_MICRO_AUDIO_H */
