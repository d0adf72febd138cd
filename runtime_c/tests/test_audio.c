#include "edgegen/audio.h"
#include "edgegen/audio/elementary.h"
#include "edgegen/audio/lanes.h"

#include "check.h"

#include <float.h>
#include <math.h>
#include <string.h>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#define PI 3.14159265358979323846

static void test_the_transform_of_a_tone(void)
{
    float workspace[128];
    float samples[64];
    float spectrum[66];
    eg_real_fft fft;

    EXPECT(eg_real_fft_prepare(&fft, 64, workspace, sizeof workspace) == EG_OK);
    for (uint32_t bin = 0; bin <= 32; ++bin) {
        for (int n = 0; n < 64; ++n) {
            samples[n] = (float)cos(2.0 * PI * bin * n / 64.0 + 0.5);
        }
        EXPECT(eg_real_fft_run(&fft, samples, spectrum) == EG_OK);
        for (uint32_t k = 0; k <= 32; ++k) {
            const bool whole = bin == 0 || bin == 32;
            const double re = k != bin ? 0.0 : (whole ? 64.0 : 32.0) * cos(0.5);
            const double im = k != bin || whole ? 0.0 : 32.0 * sin(0.5);

            EXPECT(fabs((double)spectrum[2 * k] - re) < 5e-5);
            EXPECT(fabs((double)spectrum[2 * k + 1] - im) < 5e-5);
        }
    }
}

static void test_what_the_transform_refuses(void)
{
    float workspace[4]; /* a factor, and 4 places */
    const float samples[8] = {0};
    float spectrum[10];
    eg_real_fft fft = {0};

    EXPECT(eg_real_fft_workspace_bytes(4) == 0 && eg_real_fft_workspace_bytes(12) == 0);
    EXPECT(eg_real_fft_workspace_bytes(16384) == 0 && eg_real_fft_workspace_bytes(0) == 0);
    EXPECT(eg_real_fft_workspace_bytes(8) == 16);
    EXPECT(eg_real_fft_prepare(NULL, 8, workspace, sizeof workspace) == EG_INVALID_ARGUMENT);
    EXPECT(eg_real_fft_prepare(&fft, 8, NULL, sizeof workspace) == EG_INVALID_ARGUMENT);
    EXPECT(eg_real_fft_prepare(&fft, 8, (char *)workspace + 2, sizeof workspace) ==
           EG_INVALID_ARGUMENT);
    EXPECT(eg_real_fft_prepare(&fft, 8, workspace, 15) == EG_INVALID_ARGUMENT);
    EXPECT(eg_real_fft_prepare(&fft, 9, workspace, 16) == EG_INVALID_ARGUMENT);
    EXPECT(eg_real_fft_run(&fft, samples, spectrum) == EG_INVALID_ARGUMENT); /* not prepared */
    EXPECT(eg_real_fft_prepare(&fft, 8, workspace, 16) == EG_OK);
    EXPECT(eg_real_fft_run(NULL, samples, spectrum) == EG_INVALID_ARGUMENT);
    EXPECT(eg_real_fft_run(&fft, NULL, spectrum) == EG_INVALID_ARGUMENT);
    EXPECT(eg_real_fft_run(&fft, samples, NULL) == EG_INVALID_ARGUMENT);
}

static void test_elementary_functions(void)
{
    const double bound = 0x1p-51;

    for (uint32_t n = 1; n < 520; ++n) {
        for (uint32_t k = 0; k < 2 * n; ++k) {
            const double angle = 2.0 * PI * k / n;

            EXPECT(fabs(eg_cosine_of_turn(k, n) - cos(angle)) < bound * (2.0 + angle));
            EXPECT(fabs(eg_sine_of_turn(k, n) - sin(angle)) < bound * (2.0 + angle));
        }
    }
    EXPECT(eg_cosine_of_turn(1, 4) == 0.0 && eg_cosine_of_turn(6, 8) == 0.0);
    EXPECT(eg_cosine_of_turn(5, 5) == 1.0 && eg_cosine_of_turn(3, 6) == -1.0);
    EXPECT(eg_sine_of_turn(1, 4) == 1.0 && eg_sine_of_turn(3, 6) == 0.0);
    for (double x = 1.0; x < 1e9; x *= 1.0007) {
        EXPECT(fabs(eg_natural_logarithm(x) - log(x)) <= bound * log(x));
    }
    for (double x = 0.0; x < 43.0; x += 0.0037) {
        EXPECT(fabs(eg_exponential(x) - exp(x)) <= bound * exp(x));
    }
    for (int bands = 1; bands <= EG_AUDIO_MAX_BANDS; ++bands) {
        EXPECT(fabs(eg_square_root(2.0 / bands) - sqrt(2.0 / bands)) <= bound);
    }
}

/* In units of the exact value's last place. */
static double log_error(uint32_t bits)
{
    const float x = eg_lanes_of_bits(bits);
    const double exact = log((double)x);
    int exponent = 0;

    (void)frexp(exact, &exponent);
    return fabs((double)eg_lanes_log(x) - exact) / ldexp(1.0, exponent - FLT_MANT_DIG);
}

static void test_the_logarithm(void)
{
    const uint32_t one = UINT32_C(0x3F800000);

    EXPECT(eg_lanes_log(1.0F) == 0.0F);
    for (uint32_t bits = UINT32_C(0x00800000); bits < UINT32_C(0x7F800000); bits += 4099) {
        EXPECT(log_error(bits) < 0.93);
    }
    for (uint32_t distance = 1; distance < UINT32_C(0x00400000); distance += 11) {
        EXPECT(log_error(one + distance) < 0.93);
        EXPECT(log_error(one - distance) < 0.93);
    }
    EXPECT(eg_lanes_log(FLT_MAX) <= eg_lanes_log(INFINITY) && eg_lanes_log(INFINITY) < 89.0F);
    EXPECT(eg_lanes_at_least(NAN, 0.5F) == 0.5F && eg_lanes_at_least(0.0F, 0.5F) == 0.5F);
    EXPECT(eg_lanes_at_least(0.75F, 0.5F) == 0.75F);
}

static eg_audio_spec small_spec(void)
{
    return (eg_audio_spec){.sample_rate = 8000.0F,
                           .frame_length = 101,
                           .hop = 40,
                           .fft_size = 128,
                           .mel_bands = 10,
                           .coefficients = 5,
                           .low_hz = 50.0F,
                           .high_hz = 4000.0F,
                           .log_floor = 1e-10F,
                           .window = EG_AUDIO_HANN};
}

#define SCRATCH EG_AUDIO_SCRATCH(128, 10)

/* ASan guards its end. */
static void *memory_of(size_t bytes)
{
    void *const memory = malloc(bytes);

    EXPECT(memory != NULL);
    return memory;
}

static void *prepare(eg_audio_plan *plan, const eg_audio_spec *spec)
{
    const size_t bytes = eg_audio_workspace_bytes(spec);
    void *const workspace = memory_of(bytes);

    EXPECT(eg_audio_prepare(plan, spec, workspace, bytes) == EG_OK);
    return workspace;
}

static void fill(float *samples, size_t count)
{
    for (size_t n = 0; n < count; ++n) {
        samples[n] = (float)sin(0.3 * (double)n) + (float)((n * 7919) % 101) * 0.01F;
    }
}

static void test_streaming_gives_the_same_rows(void)
{
    const eg_audio_spec spec = small_spec();
    float samples[500];
    float buffer[101];
    float scratch[SCRATCH];
    float row[5];
    float streamed[5];
    eg_audio_plan plan;
    eg_audio_stream stream;
    size_t rows = 0;
    void *const workspace = prepare(&plan, &spec);

    fill(samples, 500);
    EXPECT(eg_audio_features(&plan) == 5 && eg_audio_frame_count(&plan, 500) == 10);
    EXPECT(eg_audio_frame_count(&plan, 100) == 0 && eg_audio_frame_count(NULL, 500) == 0);
    EXPECT(eg_audio_stream_init(&stream, &plan, buffer, scratch) == EG_OK);
    for (uint32_t used = 0; used < 500;) {
        const uint32_t count = 500 - used < 33 ? 500 - used : 33;
        uint32_t taken = 0;
        bool is_row = false;

        EXPECT(eg_audio_stream_push(&stream, samples + used, count, &taken, streamed, &is_row) ==
               EG_OK);
        used += taken;
        if (is_row) {
            EXPECT(eg_audio_run(&plan, samples + rows * 40, scratch, row) == EG_OK);
            EXPECT(memcmp(row, streamed, sizeof row) == 0);
            ++rows;
        }
    }
    EXPECT(rows == 10);
    free(workspace);
}

static void test_whole_samples_give_the_same_rows(void)
{
    const eg_audio_spec spec = small_spec();
    int16_t whole[101];
    float samples[101];
    float buffer[101];
    float scratch[SCRATCH];
    float row[5];
    float other[5];
    uint32_t taken = 0;
    bool is_row = false;
    eg_audio_plan plan;
    eg_audio_stream stream;
    void *const workspace = prepare(&plan, &spec);

    for (int32_t n = 0; n < 101; ++n) {
        whole[n] = (int16_t)((n * 25173) % 65536 - 32768);
        samples[n] = (float)whole[n] / 32768.0F;
    }
    EXPECT(eg_audio_run(&plan, samples, scratch, row) == EG_OK);
    EXPECT(eg_audio_run_s16(&plan, whole, scratch, other) == EG_OK);
    EXPECT(memcmp(row, other, sizeof row) == 0);
    EXPECT(eg_audio_stream_init(&stream, &plan, buffer, scratch) == EG_OK);
    memset(other, 0, sizeof other);
    EXPECT(eg_audio_stream_push_s16(&stream, whole, 60, &taken, other, &is_row) == EG_OK);
    EXPECT(taken == 60 && !is_row);
    EXPECT(eg_audio_stream_push_s16(&stream, whole + 60, 41, &taken, other, &is_row) == EG_OK);
    EXPECT(taken == 41 && is_row && stream.held == 61);
    EXPECT(memcmp(row, other, sizeof row) == 0);
    free(workspace);
}

/* Every path that is here, on clips of so few and so many frames that groups are full or not. */
static void test_all_paths_give_the_same_bits(const eg_audio_spec *spec)
{
    eg_audio_plan plan;
    void *const workspace = prepare(&plan, spec);
    const size_t features = eg_audio_features(&plan);
    float *const scratch =
        memory_of(EG_AUDIO_SCRATCH((size_t)spec->fft_size, spec->mel_bands) * sizeof(float));

    for (size_t frames = 0; frames < 20; ++frames) {
        const size_t count =
            frames == 0 ? spec->frame_length - 1 : spec->frame_length + frames * spec->hop - 1;
        float *const samples = memory_of(count * sizeof(float));
        float *const rows = memory_of(frames * features * sizeof(float) + 1);
        float *const expected = memory_of(frames * features * sizeof(float) + 1);

        fill(samples, count);
        EXPECT(eg_audio_frame_count(&plan, count) == frames);
        for (size_t i = 0; i < frames; ++i) {
            EXPECT(eg_audio_run(&plan, samples + i * spec->hop, scratch, expected + i * features) ==
                   EG_OK);
        }
        for (int path = EG_AUDIO_PORTABLE; path <= EG_AUDIO_AVX2; ++path) {
            const size_t bytes = eg_audio_clip_scratch_bytes(&plan, (eg_audio_path)path);

            if (bytes == 0) {
                EXPECT(path != EG_AUDIO_PORTABLE);
                continue;
            }
            void *const clip_scratch = memory_of(bytes);

            memset(rows, 0, frames * features * sizeof(float));
            EXPECT(eg_audio_run_clip(&plan, (eg_audio_path)path, samples, count, clip_scratch,
                                     bytes, rows) == EG_OK);
            EXPECT(memcmp(rows, expected, frames * features * sizeof(float)) == 0);
            free(clip_scratch);
        }
        free(samples);
        free(rows);
        free(expected);
    }
    free(scratch);
    free(workspace);
}

static void test_paths(void)
{
    eg_audio_spec spec = small_spec();

    for (uint32_t size = 8; size <= 1024; size *= 2) {
        for (uint32_t coefficients = 0; coefficients < 3; ++coefficients) {
            spec.fft_size = size;
            spec.frame_length = size - coefficients;
            spec.hop = spec.frame_length / 2;
            spec.mel_bands = size < 64 ? 1 + coefficients : 9;
            spec.coefficients = coefficients;
            test_all_paths_give_the_same_bits(&spec);
        }
    }
    EXPECT(eg_audio_best_path() <= EG_AUDIO_AVX2);
}

#if defined(__SSE2__)
/* As some processors always do: results and operands that are subnormal become zero. */
static void test_flushing_subnormals_changes_nothing(void)
{
    enum { FLUSH = 0x8040 };
    const eg_audio_spec spec = small_spec();
    float samples[101];
    float scratch[SCRATCH];
    float row[5];
    float flushed[5];
    eg_audio_plan plan;
    void *const workspace = prepare(&plan, &spec);
    const unsigned control = _mm_getcsr();

    for (int exponent = 0; exponent < 150; ++exponent) {
        fill(samples, 101);
        for (int n = 0; n < 101; ++n) {
            samples[n] = (float)ldexp((double)samples[n], -(exponent * (n % 3 + 1)) / 3);
        }
        EXPECT(eg_audio_run(&plan, samples, scratch, row) == EG_OK);
        _mm_setcsr(control | FLUSH);
        const eg_status status = eg_audio_run(&plan, samples, scratch, flushed);

        _mm_setcsr(control);
        EXPECT(status == EG_OK && memcmp(row, flushed, sizeof row) == 0);
    }
    free(workspace);
}
#endif

static void test_silence_is_the_floor(void)
{
    eg_audio_spec spec = small_spec();
    float samples[101] = {0};
    float scratch[SCRATCH];
    float row[10];
    eg_audio_plan plan;

    spec.coefficients = 0;
    void *const workspace = prepare(&plan, &spec);

    EXPECT(eg_audio_run(&plan, samples, scratch, row) == EG_OK);
    for (int b = 0; b < 10; ++b) {
        EXPECT(fabs((double)row[b] - log((double)1e-10F)) < 1e-6);
    }
    free(workspace);
}

#define EXPECT_REFUSED(change)                                                                     \
    do {                                                                                           \
        eg_audio_spec bad = small_spec();                                                          \
        bad.change;                                                                                \
        EXPECT(eg_audio_workspace_bytes(&bad) == 0);                                               \
    } while (0)

static void test_what_a_specification_may_not_say(void)
{
    EXPECT(eg_audio_workspace_bytes(NULL) == 0);
    EXPECT_REFUSED(sample_rate = NAN);
    EXPECT_REFUSED(sample_rate = INFINITY);
    EXPECT_REFUSED(sample_rate = 1.1e9F);
    EXPECT_REFUSED(sample_rate = 0.0F);
    EXPECT_REFUSED(frame_length = 0);
    EXPECT_REFUSED(frame_length = 129);
    EXPECT_REFUSED(hop = 0);
    EXPECT_REFUSED(hop = 102);
    EXPECT_REFUSED(fft_size = 100);
    EXPECT_REFUSED(mel_bands = 0);
    EXPECT_REFUSED(mel_bands = EG_AUDIO_MAX_BANDS + 1);
    EXPECT_REFUSED(coefficients = 11);
    EXPECT_REFUSED(low_hz = -1.0F);
    EXPECT_REFUSED(low_hz = 4000.0F);
    EXPECT_REFUSED(high_hz = 4001.0F);
    EXPECT_REFUSED(high_hz = NAN);
    EXPECT_REFUSED(log_floor = 0.0F);
    EXPECT_REFUSED(log_floor = 1e-39F);
    EXPECT_REFUSED(log_floor = NAN);
    EXPECT_REFUSED(window = (eg_audio_window)3);
    EXPECT_REFUSED(mel_scale = (eg_audio_mel_scale)2);
}

/* From hardly anything to the highest rate: prepared or refused, with weights of 0 to 1 / 4. */
static void test_any_frequencies(void)
{
    eg_audio_spec spec = small_spec();
    const size_t bytes = eg_audio_workspace_bytes(&spec);
    void *const workspace = memory_of(bytes);
    uint32_t prepared = 0;

    for (double rate = 1e-30; rate < 1e9; rate *= 3.7) {
        for (uint32_t choice = 0; choice < 16; ++choice) {
            eg_audio_plan plan;

            spec.sample_rate = (float)rate;
            spec.high_hz = spec.sample_rate / 2.0F;
            spec.low_hz = choice < 8 ? 0.0F : spec.high_hz / 2.0F;
            spec.mel_scale = choice % 2 == 0 ? EG_AUDIO_HTK : EG_AUDIO_SLANEY;
            spec.mel_slopes = choice / 2 % 2 != 0;
            spec.mel_bands = choice / 4 % 2 == 0 ? 4 : 10;
            spec.coefficients = 1;
            if (eg_audio_prepare(&plan, &spec, workspace, bytes) == EG_OK) {
                const uint32_t frequencies = plan.corners[spec.mel_bands + 1] - plan.corners[0];

                ++prepared;
                for (uint32_t i = 0; i < 2 * frequencies; ++i) {
                    EXPECT(plan.weights[i] >= 0.0F && plan.weights[i] <= 0.25F);
                }
            }
        }
    }
    EXPECT(prepared > 100);
    free(workspace);
}

static void test_misuse(void)
{
    eg_audio_spec spec = small_spec();
    float samples[101] = {0};
    float scratch[SCRATCH];
    float row[10] = {7.0F};
    const size_t bytes = eg_audio_workspace_bytes(&spec);
    void *const workspace = memory_of(bytes);
    eg_audio_plan plan;

    EXPECT(eg_audio_prepare(NULL, &spec, workspace, bytes) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_prepare(&plan, NULL, workspace, bytes) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_prepare(&plan, &spec, NULL, bytes) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_prepare(&plan, &spec, workspace, bytes - 1) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_prepare(&plan, &spec, (char *)workspace + 2, bytes) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_prepare(&plan, &spec, workspace, bytes) == EG_OK);
    EXPECT(eg_audio_run(NULL, samples, scratch, row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_run(&plan, NULL, scratch, row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_run(&plan, samples, NULL, row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_run(&plan, samples, scratch, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_run_s16(NULL, (int16_t[101]){0}, scratch, row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_run_s16(&plan, NULL, scratch, row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_run_s16(&plan, (int16_t[101]){0}, NULL, row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_run_s16(&plan, (int16_t[101]){0}, scratch, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_features(NULL) == 0);
    samples[100] = NAN;
    EXPECT(eg_audio_run(&plan, samples, scratch, row) == EG_INVALID_ARGUMENT);
    EXPECT(row[0] == 7.0F);
    free(workspace);
}

static void test_misuse_of_a_clip(void)
{
    const eg_audio_spec spec = small_spec();
    float samples[101] = {0};
    float row[5] = {7.0F};
    eg_audio_plan plan;
    void *const workspace = prepare(&plan, &spec);
    const eg_audio_path path = EG_AUDIO_PORTABLE;
    const size_t bytes = eg_audio_clip_scratch_bytes(&plan, path);
    void *const scratch = memory_of(bytes);

    EXPECT(eg_audio_clip_scratch_bytes(NULL, path) == 0);
    EXPECT(eg_audio_clip_scratch_bytes(&plan, (eg_audio_path)7) == 0);
    EXPECT(eg_audio_run_clip(NULL, path, samples, 101, scratch, bytes, row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_run_clip(&plan, (eg_audio_path)7, samples, 101, scratch, bytes, row) ==
           EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_run_clip(&plan, path, NULL, 101, scratch, bytes, row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_run_clip(&plan, path, samples, 101, NULL, bytes, row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_run_clip(&plan, path, samples, 101, (char *)scratch + 1, bytes, row) ==
           EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_run_clip(&plan, path, samples, 101, scratch, bytes - 1, row) ==
           EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_run_clip(&plan, path, samples, 101, scratch, bytes, NULL) ==
           EG_INVALID_ARGUMENT);
    samples[100] = -INFINITY;
    EXPECT(eg_audio_run_clip(&plan, path, samples, 101, scratch, bytes, row) ==
           EG_INVALID_ARGUMENT);
    EXPECT(row[0] == 7.0F);
    free(scratch);
    free(workspace);
}

static void test_misuse_of_a_stream(void)
{
    const eg_audio_spec spec = small_spec();
    const int16_t whole[1] = {0};
    float samples[101] = {0};
    float buffer[101];
    float scratch[SCRATCH];
    float row[5] = {7.0F};
    uint32_t taken = 9;
    bool is_row = false;
    eg_audio_plan plan;
    eg_audio_stream stream;
    void *const workspace = prepare(&plan, &spec);

    samples[100] = NAN;
    EXPECT(eg_audio_stream_init(NULL, &plan, buffer, scratch) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_init(&stream, NULL, buffer, scratch) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_init(&stream, &plan, NULL, scratch) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_init(&stream, &plan, buffer, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_init(&stream, &plan, buffer, scratch) == EG_OK);
    EXPECT(eg_audio_stream_push(&stream, samples, 101, &taken, row, &is_row) ==
           EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_push(NULL, samples, 1, &taken, row, &is_row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_push(&stream, NULL, 1, &taken, row, &is_row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_push(&stream, samples, 1, NULL, row, &is_row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_push(&stream, samples, 1, &taken, NULL, &is_row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_push(&stream, samples, 1, &taken, row, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_push_s16(NULL, whole, 1, &taken, row, &is_row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_push_s16(&stream, NULL, 1, &taken, row, &is_row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_push_s16(&stream, whole, 1, NULL, row, &is_row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_push_s16(&stream, whole, 1, &taken, NULL, &is_row) ==
           EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_push_s16(&stream, whole, 1, &taken, row, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(row[0] == 7.0F && taken == 9 && stream.held == 0);
    EXPECT(eg_audio_stream_push(&stream, NULL, 0, &taken, row, &is_row) == EG_OK);
    EXPECT(taken == 0 && !is_row);
    free(workspace);
}

static void test_a_band_without_a_frequency_is_refused(void)
{
    eg_audio_spec spec = small_spec();

    spec.mel_bands = 60;
    const size_t bytes = eg_audio_workspace_bytes(&spec);
    void *const workspace = memory_of(bytes);
    eg_audio_plan plan;

    EXPECT(eg_audio_prepare(&plan, &spec, workspace, bytes) == EG_INVALID_ARGUMENT);
    free(workspace);
}

int main(void)
{
    test_the_transform_of_a_tone();
    test_what_the_transform_refuses();
    test_elementary_functions();
    test_the_logarithm();
    test_streaming_gives_the_same_rows();
    test_whole_samples_give_the_same_rows();
    test_paths();
#if defined(__SSE2__)
    test_flushing_subnormals_changes_nothing();
#endif
    test_silence_is_the_floor();
    test_what_a_specification_may_not_say();
    test_any_frequencies();
    test_misuse();
    test_misuse_of_a_clip();
    test_misuse_of_a_stream();
    test_a_band_without_a_frequency_is_refused();
    return 0;
}
