#include <float.h>

#include "edgegen/audio/elementary.h"
#include "edgegen/audio/tables.h"

#define LN_10 2.30258509299404568402
#define LN_6_4 1.85629799036562617249

static bool is_legal(const eg_audio_spec *spec)
{
    return spec != NULL && spec->sample_rate > 0.0F && spec->sample_rate <= 1e9F &&
           eg_real_fft_is_size(spec->fft_size) && spec->frame_length >= 1 &&
           spec->frame_length <= spec->fft_size && spec->hop >= 1 &&
           spec->hop <= spec->frame_length && spec->mel_bands >= 1 &&
           spec->mel_bands <= EG_AUDIO_MAX_BANDS && spec->coefficients <= spec->mel_bands &&
           spec->low_hz >= 0.0F && spec->high_hz > spec->low_hz &&
           spec->high_hz <= spec->sample_rate / 2.0F && spec->log_floor >= FLT_MIN &&
           spec->log_floor <= FLT_MAX && (unsigned)spec->window <= EG_AUDIO_RECTANGULAR &&
           (unsigned)spec->mel_scale <= EG_AUDIO_SLANEY;
}

static uint32_t half_bands(const eg_audio_spec *spec)
{
    return (spec->mel_bands + 1) / 2;
}

size_t eg_audio_workspace_bytes(const eg_audio_spec *spec)
{
    if (!is_legal(spec)) {
        return 0;
    }
    const size_t frequencies = spec->fft_size / 2 + 1;
    const size_t dct = (size_t)spec->coefficients * half_bands(spec);
    const size_t floats =
        eg_real_fft_floats(spec->fft_size) + spec->frame_length + 2 * frequencies + dct;

    return floats * sizeof(float) + (spec->fft_size / 2 + spec->mel_bands + 2) * sizeof(uint16_t);
}

static float *fill_window(float *window, const eg_audio_spec *spec)
{
    static const double constants[3] = {0.5, 0.54, 1.0};
    const double constant = constants[spec->window];

    for (uint32_t n = 0; n < spec->frame_length; ++n) {
        const double cosine = eg_cosine_of_turn(n, spec->frame_length);

        *window++ = (float)(constant - (1.0 - constant) * cosine);
    }
    return window;
}

static double mel_of(const eg_audio_spec *spec, double hertz)
{
    if (spec->mel_scale == EG_AUDIO_HTK) {
        return 2595.0 / LN_10 * eg_natural_logarithm(1.0 + hertz / 700.0);
    }
    return hertz < 1000.0 ? hertz * 3.0 / 200.0
                          : 15.0 + 27.0 / LN_6_4 * eg_natural_logarithm(hertz / 1000.0);
}

static double hertz_of(const eg_audio_spec *spec, double mel)
{
    if (spec->mel_scale == EG_AUDIO_HTK) {
        return 700.0 * (eg_exponential(mel * LN_10 / 2595.0) - 1.0);
    }
    return mel < 15.0 ? mel * 200.0 / 3.0 : 1000.0 * eg_exponential((mel - 15.0) * LN_6_4 / 27.0);
}

static double corner_hz(const eg_audio_spec *spec, uint32_t corner)
{
    const double low = mel_of(spec, (double)spec->low_hz);
    const double high = mel_of(spec, (double)spec->high_hz);

    return hertz_of(spec, low + (high - low) * (double)corner / (double)(spec->mel_bands + 1));
}

static double bin_hz(const eg_audio_spec *spec, uint32_t bin)
{
    return (double)spec->sample_rate * (double)bin / (double)spec->fft_size;
}

/* How far a frequency lies from a corner, 0, to the next one, 1. */
static double place_of(const eg_audio_spec *spec, double hertz, double left, double right)
{
    if (!spec->mel_slopes) {
        return (hertz - left) / (right - left);
    }
    const double from = mel_of(spec, left);

    return (mel_of(spec, hertz) - from) / (mel_of(spec, right) - from);
}

/* A quarter of the height of the triangle whose middle is a corner. */
static double height(const eg_audio_spec *spec, uint32_t middle)
{
    if (!spec->mel_norm || middle == 0 || middle > spec->mel_bands) {
        return 0.25;
    }
    return 0.5 / (corner_hz(spec, middle + 1) - corner_hz(spec, middle - 1));
}

/* Between two corners one triangle falls and the next one rises. A frequency at high_hz itself has
 * no weight, nor has one at low_hz. */
static float *fill_weights(uint16_t *corners, float *weights, const eg_audio_spec *spec)
{
    uint32_t bin = 0;

    for (uint32_t corner = 0; corner < spec->mel_bands + 2; ++corner) {
        const double right = corner_hz(spec, corner);
        const double left = corner > 0 ? corner_hz(spec, corner - 1) : right;

        for (; bin <= spec->fft_size / 2 && bin_hz(spec, bin) < right; ++bin) {
            if (corner > 0) {
                const double place = place_of(spec, bin_hz(spec, bin), left, right);

                *weights++ = (float)(height(spec, corner) * place);
                *weights++ = (float)(height(spec, corner - 1) * (1.0 - place));
            }
        }
        corners[corner] = (uint16_t)bin;
    }
    return weights;
}

/* Whether no band is empty: one that is would always give the logarithm's floor. */
static bool all_bands_have_weight(const eg_audio_plan *plan)
{
    for (uint32_t band = 0; band < plan->mel_bands; ++band) {
        const uint32_t from = plan->corners[band];
        const uint32_t middle = plan->corners[band + 1];
        const uint32_t to = plan->corners[band + 2];
        const bool rises = middle > from;

        if (to == from ||
            (to - from == 1 && rises && plan->weights[2 * (from - plan->corners[0])] == 0.0F)) {
            return false;
        }
    }
    return true;
}

static float *fill_dct(float *dct, const eg_audio_spec *spec)
{
    const uint32_t bands = spec->mel_bands;

    for (uint32_t j = 0; j < spec->coefficients; ++j) {
        const double scale = eg_square_root((j == 0 ? 1.0 : 2.0) / (double)bands);

        for (uint32_t b = 0; b < half_bands(spec); ++b) {
            const double cosine = eg_cosine_of_turn(j * (2 * b + 1), 4 * bands);

            *dct++ = (float)(scale * cosine);
        }
    }
    return dct;
}

eg_status eg_audio_prepare(eg_audio_plan *plan, const eg_audio_spec *spec, void *workspace,
                           size_t workspace_bytes)
{
    const size_t needed = eg_audio_workspace_bytes(spec);

    if (plan == NULL || !eg_audio_is_memory(workspace) || needed == 0 || workspace_bytes < needed) {
        return EG_INVALID_ARGUMENT;
    }
    float *const twiddles = (float *)workspace;
    float *const window = twiddles + eg_real_fft_floats(spec->fft_size);
    float *const dct = fill_window(window, spec);
    float *const weights = fill_dct(dct, spec);
    uint16_t *const order = (uint16_t *)(void *)(weights + 2 * (spec->fft_size / 2 + 1));
    uint16_t *const corners = order + spec->fft_size / 2;
    eg_audio_plan made = {.frame_length = spec->frame_length,
                          .hop = spec->hop,
                          .mel_bands = spec->mel_bands,
                          .coefficients = spec->coefficients,
                          .log_floor = spec->log_floor,
                          .window = window,
                          .corners = corners,
                          .weights = weights,
                          .dct = dct};

    eg_real_fft_fill(&made.fft, spec->fft_size, twiddles, order);
    (void)fill_weights(corners, weights, spec);
    if (!all_bands_have_weight(&made)) {
        return EG_INVALID_ARGUMENT;
    }
    *plan = made;
    return EG_OK;
}
