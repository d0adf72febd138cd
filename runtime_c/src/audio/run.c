#include "edgegen/audio/lanes.h"
#include "edgegen/audio/row.h"
#include "edgegen/finite.h"

static void fill_up(const eg_audio_plan *plan, float *values)
{
    for (uint32_t n = plan->frame_length; n < plan->fft.size; ++n) {
        values[(size_t)2 * plan->fft.order[n / 2] + n % 2] = 0.0F;
    }
}

/* Windowed pairs, in the transform's order, and zeros after them; a frame may end within a pair. */
static void load(const eg_audio_plan *plan, const float *samples, float *values)
{
    const uint16_t *const order = plan->fft.order;
    const float *const window = plan->window;
    const uint32_t pairs = plan->frame_length / 2;

    for (uint32_t i = 0; i < pairs; ++i) {
        eg_lanes_put(values + (size_t)2 * order[i], samples[2 * i] * window[2 * i],
                     samples[2 * i + 1] * window[2 * i + 1]);
    }
    if (plan->frame_length % 2 != 0) {
        values[(size_t)2 * order[pairs]] = samples[2 * pairs] * window[2 * pairs];
    }
    fill_up(plan, values);
}

static void load_s16(const eg_audio_plan *plan, const int16_t *samples, float *values)
{
    const float unit = 0x1p-15F;
    const uint16_t *const order = plan->fft.order;
    const float *const window = plan->window;
    const uint32_t pairs = plan->frame_length / 2;

    for (uint32_t i = 0; i < pairs; ++i) {
        eg_lanes_put(values + (size_t)2 * order[i], (float)samples[2 * i] * unit * window[2 * i],
                     (float)samples[2 * i + 1] * unit * window[2 * i + 1]);
    }
    if (plan->frame_length % 2 != 0) {
        values[(size_t)2 * order[pairs]] = (float)samples[2 * pairs] * unit * window[2 * pairs];
    }
    fill_up(plan, values);
}

static void finish(const eg_audio_plan *plan, float *scratch, float *features)
{
    float *const bands = plan->coefficients > 0 ? scratch + plan->fft.size + 2 : features;

    eg_lanes_features(plan, scratch, bands, features);
}

void eg_audio_row(const eg_audio_plan *plan, const float *samples, float *scratch, float *features)
{
    load(plan, samples, scratch);
    finish(plan, scratch, features);
}

uint32_t eg_audio_features(const eg_audio_plan *plan)
{
    return plan == NULL ? 0 : (plan->coefficients > 0 ? plan->coefficients : plan->mel_bands);
}

size_t eg_audio_frame_count(const eg_audio_plan *plan, size_t count)
{
    if (plan == NULL || count < plan->frame_length) {
        return 0;
    }
    return (count - plan->frame_length) / plan->hop + 1;
}

eg_status eg_audio_run(const eg_audio_plan *plan, const float *samples, float *scratch,
                       float *features)
{
    if (plan == NULL || samples == NULL || scratch == NULL || features == NULL ||
        !eg_all_finite(samples, plan->frame_length)) {
        return EG_INVALID_ARGUMENT;
    }
    eg_audio_row(plan, samples, scratch, features);
    return EG_OK;
}

eg_status eg_audio_run_s16(const eg_audio_plan *plan, const int16_t *samples, float *scratch,
                           float *features)
{
    if (plan == NULL || samples == NULL || scratch == NULL || features == NULL) {
        return EG_INVALID_ARGUMENT;
    }
    load_s16(plan, samples, scratch);
    finish(plan, scratch, features);
    return EG_OK;
}
