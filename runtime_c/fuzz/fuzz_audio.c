/* edgegen/audio.h: any spec; every path, and a stream cut into any chunks, gives the rows of whole
 * frames. */
#include "fuzz.h"

#include "edgegen/audio.h"

#include <math.h>

enum { MOST_FRAMES = 12 };

static eg_audio_spec take_spec(fuzz_input *input)
{
    eg_audio_spec spec;

    memset(&spec, 0, sizeof spec);
    spec.sample_rate =
        take_one_in(input, 16) ? take_bits(input) : (float)(1000 + take_below(input, 48000));
    spec.fft_size = take_one_in(input, 16) ? take(input, 4) : 8U << take_below(input, 7);
    spec.frame_length = take_size(input, spec.fft_size < 8192 ? spec.fft_size + 1 : 8192);
    spec.hop = take_size(input, spec.frame_length < 8192 ? spec.frame_length + 1 : 8192);
    spec.mel_bands = take_size(input, take_one_in(input, 2) ? 8 : EG_AUDIO_MAX_BANDS + 1);
    spec.coefficients = take_one_in(input, 2) ? 0 : take_size(input, 20);
    spec.low_hz = take_one_in(input, 16) ? take_bits(input) : (float)take_below(input, 1000);
    spec.high_hz = take_one_in(input, 2) ? spec.sample_rate / 2.0F
                                         : spec.low_hz + (float)take_below(input, 24000) / 2.0F;
    spec.log_floor = take_one_in(input, 16) ? take_bits(input) : 1e-10F;
    spec.window = (eg_audio_window)take_below(input, 5);
    spec.mel_scale = (eg_audio_mel_scale)take_below(input, 3);
    spec.mel_slopes = take_one_in(input, 2);
    spec.mel_norm = take_one_in(input, 2);
    return spec;
}

/* A plan over a workspace of its very size; NULL when the spec is refused. */
static void *prepare(eg_audio_plan *plan, const eg_audio_spec *spec, uint32_t seed)
{
    const size_t bytes = eg_audio_workspace_bytes(spec);
    void *const workspace = allocate(bytes, seed);

    fill(plan, sizeof *plan, seed);
    EXPECT(eg_audio_prepare(plan, spec, workspace, bytes > 0 ? bytes - 1 : 0) ==
           EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_prepare(plan, spec, NULL, bytes) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_prepare(plan, spec, (uint8_t *)workspace + 2, bytes) == EG_INVALID_ARGUMENT);
    EXPECT(is_untouched(workspace, bytes, seed));
    if (eg_audio_prepare(plan, spec, workspace, bytes) == EG_OK) {
        EXPECT(bytes > 0);
        return workspace;
    }
    EXPECT(is_untouched(plan, sizeof *plan, seed)); /* the workspace not, when a band is empty */
    free(workspace);
    return NULL;
}

/* The rows of all whole frames, each from memory of its own. */
static float *run_frames(const eg_audio_plan *plan, const float *samples, size_t frames,
                         uint32_t seed)
{
    const size_t row = eg_audio_features(plan);
    const size_t frame_bytes = plan->frame_length * sizeof(float);
    float *const rows = (float *)allocate(frames * row * sizeof(float), seed);
    float *const scratch =
        (float *)allocate(EG_AUDIO_SCRATCH(plan->fft.size, plan->mel_bands) * sizeof(float), seed);
    float *const frame = (float *)allocate(frame_bytes, seed);

    for (size_t i = 0; i < frames; ++i) {
        memcpy(frame, samples + i * plan->hop, frame_bytes);
        EXPECT(eg_audio_run(plan, frame, scratch, rows + i * row) == EG_OK);
    }
    free(scratch);
    free(frame);
    return rows;
}

/* A whole clip on a path, if it is here; what is refused writes nothing. */
static void run_clip(fuzz_input *input, const eg_audio_plan *plan, float *samples, size_t count,
                     const float *want, size_t frames)
{
    const eg_audio_path path = (eg_audio_path)take_below(input, EG_AUDIO_AVX2 + 2);
    const size_t bytes = eg_audio_clip_scratch_bytes(plan, path);
    const size_t values = frames * eg_audio_features(plan);
    void *const scratch = allocate(bytes, 1);
    float *const rows = (float *)allocate(values * sizeof(float), 2);

    if (bytes > 0 && count > 0) {
        const size_t bad = take_below(input, (uint32_t)count);
        const float sample = samples[bad];

        samples[bad] = take_one_in(input, 2) ? NAN : -INFINITY;
        EXPECT(eg_audio_run_clip(plan, path, samples, count, scratch, bytes, rows) ==
               EG_INVALID_ARGUMENT);
        samples[bad] = sample;
        EXPECT(eg_audio_run_clip(plan, path, samples, count, scratch, bytes - 1, rows) ==
               EG_INVALID_ARGUMENT);
        EXPECT(is_untouched(rows, values * sizeof(float), 2));
        EXPECT(eg_audio_run_clip(plan, path, samples, count, scratch, bytes, rows) == EG_OK);
        EXPECT(memcmp(rows, want, values * sizeof(float)) == 0);
    } else {
        EXPECT(bytes > 0 || path > eg_audio_best_path());
    }
    free(scratch);
    free(rows);
}

static void expect_refusal(eg_audio_stream *stream, const float *samples, uint32_t count)
{
    const eg_audio_stream before = *stream;
    const size_t bytes = stream->plan->frame_length * sizeof(float);
    void *const held = allocate(bytes, 0);
    uint32_t taken = 77;
    bool is_row = true;
    float features[EG_AUDIO_MAX_BANDS];

    memcpy(held, stream->buffer, bytes);
    fill(features, sizeof features, 3);
    EXPECT(eg_audio_stream_push(stream, samples, count, &taken, features, &is_row) ==
           EG_INVALID_ARGUMENT);
    EXPECT(memcmp(stream, &before, sizeof before) == 0);
    EXPECT(memcmp(held, stream->buffer, bytes) == 0);
    EXPECT(taken == 77 && is_row && is_untouched(features, sizeof features, 3));
    free(held);
}

/* The same samples as they come, some refused in between; `words` are the samples times 2^15, or
 * NULL. */
static void run_stream(fuzz_input *input, const eg_audio_plan *plan, const float *samples,
                       const int16_t *words, uint32_t count, const float *want)
{
    const size_t row = eg_audio_features(plan);
    float *const buffer = (float *)allocate(plan->frame_length * sizeof(float), 4);
    float *const scratch =
        (float *)allocate(EG_AUDIO_SCRATCH(plan->fft.size, plan->mel_bands) * sizeof(float), 5);
    float *const features = (float *)allocate(row * sizeof(float), 6);
    size_t found = 0;
    eg_audio_stream stream;

    memset(&stream, 0, sizeof stream);
    EXPECT(eg_audio_stream_init(&stream, plan, NULL, scratch) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_init(&stream, plan, buffer, scratch) == EG_OK);
    for (uint32_t used = 0; used < count;) {
        const uint32_t chunk = 1 + take(input, 1) % 64;
        const uint32_t given = chunk < count - used ? chunk : count - used;
        uint32_t taken = 0;
        bool is_row = false;

        if (take_one_in(input, 8)) {
            const float bad = take_one_in(input, 2) ? NAN : -INFINITY;

            expect_refusal(&stream, &bad, 1);
            expect_refusal(&stream, NULL, given);
        }
        EXPECT((words == NULL ? eg_audio_stream_push(&stream, samples + used, given, &taken,
                                                     features, &is_row)
                              : eg_audio_stream_push_s16(&stream, words + used, given, &taken,
                                                         features, &is_row)) == EG_OK);
        EXPECT(taken <= given && (taken == given || is_row));
        used += taken;
        if (is_row) {
            EXPECT(memcmp(features, want + found * row, row * sizeof(float)) == 0);
            ++found;
        }
    }
    EXPECT(found == eg_audio_frame_count(plan, count));
    free(buffer);
    free(scratch);
    free(features);
}

/* 16-bit samples and the same as floats. */
static int16_t *make_words(float *samples, size_t count)
{
    int16_t *const words = (int16_t *)allocate(count * sizeof(int16_t), 7);

    for (size_t i = 0; i < count; ++i) {
        samples[i] = (float)words[i] / 32768.0F;
    }
    return words;
}

static void check(fuzz_input *input, const eg_audio_plan *plan, const eg_audio_plan *other)
{
    static const float peaks[] = {0.0F, 1e-20F, 1.0F, 32768.0F, 1e12F, 1e38F};
    const float peak = peaks[take_below(input, sizeof peaks / sizeof peaks[0])];
    const uint32_t count =
        take_below(input, plan->frame_length + (MOST_FRAMES - 1) * plan->hop + 1);
    const size_t frames = eg_audio_frame_count(plan, count);
    const size_t values = frames * eg_audio_features(plan);
    float *const samples = (float *)allocate(count * sizeof(float), 0);
    int16_t *const words = take_one_in(input, 2) ? make_words(samples, count) : NULL;

    if (words == NULL) {
        fill_samples(samples, count, peak, take(input, 2));
    }
    float *const rows = run_frames(plan, samples, frames, 3);
    float *const again = run_frames(other, samples, frames, 4);

    EXPECT(values == 0 || memcmp(rows, again, values * sizeof(float)) == 0);
    for (size_t i = 0; i < values && (peak <= 1e12F || words != NULL); ++i) {
        EXPECT(isfinite(rows[i]));
    }
    run_stream(input, plan, samples, words, count, rows);
    if (frames > 0) {
        run_clip(input, plan, samples, count, rows, frames);
    }
    free(samples);
    free(words);
    free(rows);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    const eg_audio_spec spec = take_spec(&input);
    eg_audio_plan plan;
    eg_audio_plan other;
    void *const workspace = prepare(&plan, &spec, 1);
    void *const second = prepare(&other, &spec, 2);

    EXPECT((workspace == NULL) == (second == NULL));
    if (workspace != NULL) {
        check(&input, &plan, &other);
    }
    free(workspace);
    free(second);
    return 0;
}
