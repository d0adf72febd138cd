#include "edgegen/audio.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "edgegen/finite.h"

#define PI 3.14159265358979323846

static bool is_legal(const eg_audio_spec *spec)
{
    return spec != NULL && spec->sample_rate > 0.0F && spec->sample_rate <= FLT_MAX &&
           eg_real_fft_workspace_bytes(spec->fft_size) > 0 && spec->frame_length >= 1 &&
           spec->frame_length <= spec->fft_size && spec->hop >= 1 &&
           spec->hop <= spec->frame_length && spec->mel_bands >= 1 &&
           spec->mel_bands <= EG_AUDIO_MAX_BANDS && spec->coefficients <= spec->mel_bands &&
           spec->low_hz >= 0.0F && spec->high_hz > spec->low_hz &&
           spec->high_hz <= spec->sample_rate / 2.0F && spec->log_floor > 0.0F &&
           spec->log_floor <= FLT_MAX && (unsigned)spec->window <= EG_AUDIO_RECTANGULAR;
}

size_t eg_audio_workspace_bytes(const eg_audio_spec *spec)
{
    if (!is_legal(spec)) {
        return 0;
    }
    const size_t fft = spec->fft_size;
    const size_t weights = 2 * (fft / 2 + 1);
    const size_t dct = (size_t)spec->coefficients * spec->mel_bands;

    return (fft + spec->frame_length + weights + dct + fft + fft + 2) * sizeof(float);
}

static void fill_window(float *window, const eg_audio_spec *spec)
{
    static const double constants[3] = {0.5, 0.54, 1.0};
    const double constant = constants[spec->window];

    for (uint32_t n = 0; n < spec->frame_length; ++n) {
        const double angle = 2.0 * PI * (double)n / (double)spec->frame_length;

        window[n] = (float)(constant - (1.0 - constant) * cos(angle));
    }
}

static double mel_of(double hertz)
{
    return 2595.0 * log10(1.0 + hertz / 700.0);
}

static double corner_hz(const eg_audio_spec *spec, uint32_t corner)
{
    const double low = mel_of((double)spec->low_hz);
    const double high = mel_of((double)spec->high_hz);
    const double mel = low + (high - low) * (double)corner / (double)(spec->mel_bands + 1);

    return 700.0 * (pow(10.0, mel / 2595.0) - 1.0);
}

static double bin_hz(const eg_audio_spec *spec, uint32_t bin)
{
    return (double)spec->sample_rate * (double)bin / (double)spec->fft_size;
}

/* Between two corners one triangle falls and the next one rises. A frequency at high_hz itself has
 * no weight, nor has one at low_hz. */
static void fill_weights(eg_audio *audio, float *rising, float *falling)
{
    const eg_audio_spec *const spec = &audio->spec;
    uint32_t bin = 0;

    for (uint32_t corner = 0; corner < spec->mel_bands + 2; ++corner) {
        const double right = corner_hz(spec, corner);
        const double left = corner > 0 ? corner_hz(spec, corner - 1) : right;

        for (; bin <= spec->fft_size / 2 && bin_hz(spec, bin) < right; ++bin) {
            const double place = corner > 0 ? (bin_hz(spec, bin) - left) / (right - left) : 0.0;

            rising[bin] = (float)place;
            falling[bin] = (float)(1.0 - place);
        }
        audio->first[corner] = (uint16_t)bin;
    }
}

/* Whether no band is empty: one that is would always give the logarithm's floor. */
static bool all_bands_have_weight(const eg_audio *audio)
{
    for (uint32_t band = 0; band < audio->spec.mel_bands; ++band) {
        const uint32_t from = audio->first[band];
        const uint32_t to = audio->first[band + 2];

        if (to - from == 0 ||
            (to - from == 1 && audio->rising[from] == 0.0F && audio->first[band + 1] > from)) {
            return false;
        }
    }
    return true;
}

static void fill_dct(float *dct, const eg_audio_spec *spec)
{
    const double bands = (double)spec->mel_bands;

    for (uint32_t b = 0; b < spec->mel_bands; ++b) {
        for (uint32_t j = 0; j < spec->coefficients; ++j) {
            const double scale = sqrt((j == 0 ? 1.0 : 2.0) / bands);

            *dct++ = (float)(scale * cos(PI * (double)j * ((double)b + 0.5) / bands));
        }
    }
}

eg_status eg_audio_prepare(eg_audio *audio, const eg_audio_spec *spec, float *workspace,
                           size_t workspace_bytes)
{
    const size_t needed = eg_audio_workspace_bytes(spec);

    if (audio == NULL || workspace == NULL || needed == 0 || workspace_bytes < needed) {
        return EG_INVALID_ARGUMENT;
    }
    const uint32_t fft_size = spec->fft_size;
    float *const window = workspace + fft_size;
    float *const rising = window + spec->frame_length;
    float *const falling = rising + fft_size / 2 + 1;
    float *const dct = falling + fft_size / 2 + 1;
    float *const frame = dct + (size_t)spec->coefficients * spec->mel_bands;
    eg_audio made = {.spec = *spec,
                     .window = window,
                     .rising = rising,
                     .falling = falling,
                     .dct = dct,
                     .frame = frame,
                     .spectrum = frame + fft_size,
                     .features = spec->coefficients > 0 ? spec->coefficients : spec->mel_bands};

    (void)eg_real_fft_prepare(&made.fft, fft_size, workspace, fft_size * sizeof(float));
    fill_window(window, spec);
    fill_weights(&made, rising, falling);
    fill_dct(dct, spec);
    if (!all_bands_have_weight(&made)) {
        return EG_INVALID_ARGUMENT;
    }
    *audio = made;
    return EG_OK;
}

static void transform(eg_audio *audio, const float *samples)
{
    const eg_audio_spec *const spec = &audio->spec;

    for (uint32_t n = 0; n < spec->frame_length; ++n) {
        audio->frame[n] = samples[n] * audio->window[n];
    }
    memset(audio->frame + spec->frame_length, 0,
           (spec->fft_size - spec->frame_length) * sizeof *audio->frame);
    (void)eg_real_fft_run(&audio->fft, audio->frame, audio->spectrum);
}

/* Every frequency is read once: it falls into two bands. */
static void sum_bands(const eg_audio *audio, float *energies)
{
    const uint32_t bands = audio->spec.mel_bands;

    for (uint32_t i = 0; i <= bands; ++i) { /* from corner i to corner i + 1 */
        float up = 0.0F;
        float down = 0.0F;

        for (uint32_t k = audio->first[i]; k < audio->first[i + 1]; ++k) {
            const float re = audio->spectrum[2 * k];
            const float im = audio->spectrum[2 * k + 1];
            const float power = re * re + im * im;

            up += power * audio->rising[k];
            down += power * audio->falling[k];
        }
        if (i > 0) {
            energies[i - 1] += down;
        }
        if (i < bands) {
            energies[i] = up;
        }
    }
}

static void take_logarithms(const eg_audio *audio, float *energies)
{
    const float floor = audio->spec.log_floor;

    for (uint32_t b = 0; b < audio->spec.mel_bands; ++b) {
        energies[b] = logf(energies[b] > floor ? energies[b] : floor);
    }
}

/* A band at a time: the coefficients' sums don't wait for one another. */
static void multiply_dct(const eg_audio *audio, const float *bands, float *coefficients)
{
    const uint32_t count = audio->spec.coefficients;
    const float *row = audio->dct;

    memset(coefficients, 0, count * sizeof *coefficients);
    for (uint32_t b = 0; b < audio->spec.mel_bands; ++b) {
        for (uint32_t j = 0; j < count; ++j) {
            coefficients[j] += row[j] * bands[b];
        }
        row += count;
    }
}

eg_status eg_audio_run(eg_audio *audio, const float *samples, float *features)
{
    if (audio == NULL || samples == NULL || features == NULL ||
        !eg_all_finite(samples, audio->spec.frame_length)) {
        return EG_INVALID_ARGUMENT;
    }
    float bands[EG_AUDIO_MAX_BANDS];

    transform(audio, samples);
    sum_bands(audio, bands);
    take_logarithms(audio, bands);
    if (audio->spec.coefficients > 0) {
        multiply_dct(audio, bands, features);
    } else {
        memcpy(features, bands, audio->features * sizeof *features);
    }
    return EG_OK;
}

size_t eg_audio_frame_count(const eg_audio *audio, size_t count)
{
    if (audio == NULL || count < audio->spec.frame_length) {
        return 0;
    }
    return (count - audio->spec.frame_length) / audio->spec.hop + 1;
}

eg_status eg_audio_stream_init(eg_audio_stream *stream, eg_audio *audio, float *buffer)
{
    if (stream == NULL || audio == NULL) {
        return EG_INVALID_ARGUMENT;
    }
    stream->audio = audio;
    return eg_ring_init(&stream->ring, audio->spec.frame_length, 1, audio->spec.hop, buffer);
}

eg_status eg_audio_stream_push(eg_audio_stream *stream, const float *samples, uint32_t count,
                               uint32_t *taken, float *features, bool *is_row)
{
    if (stream == NULL || features == NULL || is_row == NULL) {
        return EG_INVALID_ARGUMENT;
    }
    const eg_status status = eg_ring_push(&stream->ring, samples, count, taken);

    if (status != EG_OK) {
        return status;
    }
    *is_row = eg_ring_is_complete(&stream->ring);
    if (*is_row) {
        eg_audio *const audio = stream->audio;

        (void)eg_ring_read(&stream->ring, audio->frame);
        return eg_audio_run(audio, audio->frame, features); /* windows its scratch in place */
    }
    return EG_OK;
}
