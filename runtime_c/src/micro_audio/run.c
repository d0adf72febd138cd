#include "edgegen/micro_audio.h"
#include "edgegen/micro_audio/kernels.h"

#include <string.h>

static bool is_fft_size(uint32_t size)
{
    return size >= EG_MICRO_AUDIO_MIN_FFT_SIZE && size <= EG_MICRO_AUDIO_MAX_FFT_SIZE &&
           (size & (size - 1)) == 0;
}

static bool are_bands_legal(const eg_micro_audio_plan *plan)
{
    const uint32_t end = plan->fft_size / 2;
    uint32_t bin = plan->first_bin;

    if (bin < 1) {
        return false;
    }
    for (uint32_t i = 0; i <= plan->channels && bin <= end; ++i) {
        bin += plan->widths[i];
    }
    return bin <= end;
}

static bool are_shifts_legal(const eg_micro_audio_plan *plan)
{
    return plan->smoothing_bits <= 31 && plan->gain_shift <= 31 && plan->log_shift <= 31 &&
           plan->correction_bits >= -31 && plan->correction_bits <= 31;
}

static eg_micro_audio_status check(const eg_micro_audio_plan *plan)
{
    const uint32_t one = UINT32_C(1) << 14;

    if (plan == NULL) {
        return EG_MICRO_AUDIO_BAD_PLAN;
    }
    if (plan->window == NULL || plan->order == NULL || plan->factors == NULL ||
        plan->split_factors == NULL || plan->widths == NULL || plan->weights == NULL ||
        plan->transform == NULL) {
        return EG_MICRO_AUDIO_BAD_TABLE;
    }
    if (!is_fft_size(plan->fft_size)) {
        return EG_MICRO_AUDIO_BAD_FFT_SIZE;
    }
    if (plan->frame_length < 1 || plan->frame_length > plan->fft_size) {
        return EG_MICRO_AUDIO_BAD_FRAME_LENGTH;
    }
    if (plan->hop < 1 || plan->hop > plan->frame_length) {
        return EG_MICRO_AUDIO_BAD_HOP;
    }
    if (plan->channels < 1 || plan->channels > EG_MICRO_AUDIO_MAX_CHANNELS) {
        return EG_MICRO_AUDIO_BAD_CHANNELS;
    }
    if (!are_bands_legal(plan)) {
        return EG_MICRO_AUDIO_BAD_BANDS;
    }
    if (plan->smoothing[0] > one || plan->smoothing[1] > one || plan->min_signal_remaining > one) {
        return EG_MICRO_AUDIO_BAD_NOISE;
    }
    return are_shifts_legal(plan) ? EG_MICRO_AUDIO_OK : EG_MICRO_AUDIO_BAD_SHIFT;
}

static size_t bytes_of(const eg_micro_audio_plan *plan)
{
    const size_t halfwords =
        2 * (size_t)plan->fft_size + 2 * (size_t)plan->channels + (size_t)plan->frame_length;

    return (halfwords * sizeof(int16_t) + 3) / 4 * 4;
}

size_t eg_micro_audio_workspace_bytes(const eg_micro_audio_plan *plan)
{
    return check(plan) == EG_MICRO_AUDIO_OK ? bytes_of(plan) : 0;
}

eg_micro_audio_status eg_micro_audio_init(eg_micro_audio *audio, const eg_micro_audio_plan *plan,
                                          void *workspace, size_t workspace_bytes)
{
    const eg_micro_audio_status status = check(plan);

    if (audio == NULL) {
        return EG_MICRO_AUDIO_BAD_AUDIO;
    }
    if (status != EG_MICRO_AUDIO_OK) {
        return status;
    }
    if (workspace == NULL || (uintptr_t)workspace % 4 != 0) {
        return EG_MICRO_AUDIO_BAD_WORKSPACE;
    }
    if (workspace_bytes < bytes_of(plan)) {
        return EG_MICRO_AUDIO_SMALL_WORKSPACE;
    }
    uint32_t *const words = workspace;

    audio->plan = plan;
    audio->noise = words;
    audio->frame = (int16_t *)(words + plan->channels);
    audio->spectrum = audio->frame + plan->fft_size;
    audio->samples = audio->spectrum + plan->fft_size;
    return eg_micro_audio_reset(audio);
}

eg_micro_audio_status eg_micro_audio_reset(eg_micro_audio *audio)
{
    if (audio == NULL || audio->plan == NULL) {
        return EG_MICRO_AUDIO_BAD_AUDIO;
    }
    memset(audio->noise, 0, audio->plan->channels * sizeof *audio->noise);
    audio->held = 0;
    return EG_MICRO_AUDIO_OK;
}

eg_micro_audio_status eg_micro_audio_run(eg_micro_audio *audio, const int16_t *samples,
                                         uint16_t *features)
{
    if (audio == NULL || audio->plan == NULL) {
        return EG_MICRO_AUDIO_BAD_AUDIO;
    }
    if (samples == NULL) {
        return EG_MICRO_AUDIO_BAD_SAMPLES;
    }
    if (features == NULL) {
        return EG_MICRO_AUDIO_BAD_FEATURES;
    }
    const eg_micro_audio_plan *const plan = audio->plan;
    uint32_t *const energies = (uint32_t *)(void *)audio->frame;
    const uint32_t shift = eg_micro_audio_window(plan, samples, audio->frame);

    plan->transform(plan, audio->frame, shift, audio->spectrum, energies);
    eg_micro_audio_features(plan, energies, shift, audio->noise, features);
    return EG_MICRO_AUDIO_OK;
}

eg_micro_audio_status eg_micro_audio_push(eg_micro_audio *audio, const int16_t *samples,
                                          size_t count, size_t *taken, uint16_t *features,
                                          bool *is_row)
{
    if (audio == NULL || audio->plan == NULL) {
        return EG_MICRO_AUDIO_BAD_AUDIO;
    }
    if (samples == NULL && count > 0) {
        return EG_MICRO_AUDIO_BAD_SAMPLES;
    }
    if (features == NULL) {
        return EG_MICRO_AUDIO_BAD_FEATURES;
    }
    if (taken == NULL || is_row == NULL) {
        return EG_MICRO_AUDIO_BAD_RESULT;
    }
    const eg_micro_audio_plan *const plan = audio->plan;
    const uint32_t missing = plan->frame_length - audio->held;
    const uint32_t moved = count < missing ? (uint32_t)count : missing;

    if (moved > 0) {
        memcpy(audio->samples + audio->held, samples, moved * sizeof *samples);
    }
    audio->held += moved;
    *taken = moved;
    *is_row = audio->held == plan->frame_length;
    if (*is_row) {
        (void)eg_micro_audio_run(audio, audio->samples, features);
        audio->held -= plan->hop;
        memmove(audio->samples, audio->samples + plan->hop, audio->held * sizeof *samples);
    }
    return EG_MICRO_AUDIO_OK;
}
