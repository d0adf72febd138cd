#include "edgegen/audio/clip.h"
#include "edgegen/audio/row.h"
#include "edgegen/audio/tables.h"
#include "edgegen/finite.h"

enum { ALIGNMENT = 64 /* bytes of a cache line */ };

eg_audio_path eg_audio_best_path(void)
{
#if EG_AUDIO_HAS_AVX2
    if (__builtin_cpu_supports("avx2")) {
        return EG_AUDIO_AVX2;
    }
#endif
    return EG_AUDIO_HAS_VECTOR4 ? EG_AUDIO_VECTOR4 : EG_AUDIO_PORTABLE;
}

/* 0 for a path that is not here. */
static size_t frames_at_once(eg_audio_path path)
{
    switch (path) {
    case EG_AUDIO_PORTABLE:
        return 1;
    case EG_AUDIO_VECTOR4:
        return EG_AUDIO_HAS_VECTOR4 ? 4 : 0;
    case EG_AUDIO_AVX2:
        return eg_audio_best_path() == EG_AUDIO_AVX2 ? 8 : 0;
    default:
        return 0;
    }
}

size_t eg_audio_clip_scratch_bytes(const eg_audio_plan *plan, eg_audio_path path)
{
    const size_t frames = frames_at_once(path);

    if (plan == NULL || frames == 0) {
        return 0;
    }
    return frames * EG_AUDIO_SCRATCH((size_t)plan->fft.size, plan->mel_bands) * sizeof(float) +
           ALIGNMENT;
}

static void run_group(const eg_audio_plan *plan, eg_audio_path path, const float *samples,
                      float *scratch, float *rows)
{
#if EG_AUDIO_HAS_AVX2
    if (path == EG_AUDIO_AVX2) {
        eg_audio_run_avx2(plan, samples, scratch, rows);
        return;
    }
#endif
#if EG_AUDIO_HAS_VECTOR4
    if (path == EG_AUDIO_VECTOR4) {
        eg_audio_run_vector4(plan, samples, scratch, rows);
        return;
    }
#endif
    (void)path;
    eg_audio_row(plan, samples, scratch, rows);
}

eg_status eg_audio_run_clip(const eg_audio_plan *plan, eg_audio_path path, const float *samples,
                            size_t count, void *scratch, size_t scratch_bytes, float *rows)
{
    const size_t needed = eg_audio_clip_scratch_bytes(plan, path);

    if (needed == 0 || samples == NULL || !eg_audio_is_memory(scratch) || scratch_bytes < needed ||
        rows == NULL || !eg_all_finite(samples, count)) {
        return EG_INVALID_ARGUMENT;
    }
    const size_t frames = eg_audio_frame_count(plan, count);
    const size_t group = frames_at_once(path);
    const size_t features = eg_audio_features(plan);
    const size_t offset = (ALIGNMENT - (uintptr_t)scratch % ALIGNMENT) / sizeof(float);
    float *const aligned = (float *)scratch + offset;

    if (frames < group) {
        for (size_t i = 0; i < frames; ++i) {
            eg_audio_row(plan, samples + i * plan->hop, aligned, rows + i * features);
        }
        return EG_OK;
    }
    for (size_t i = 0; i < frames; i += group) {
        /* The last group goes over frames of the one before, too. */
        const size_t first = i + group <= frames ? i : frames - group;

        run_group(plan, path, samples + first * plan->hop, aligned, rows + first * features);
    }
    return EG_OK;
}
