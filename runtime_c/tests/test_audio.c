#include "edgegen/audio.h"

#include "check.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

static void test_the_transform_of_a_tone(void)
{
    float workspace[64];
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
    float workspace[8];
    float spectrum[10];
    eg_real_fft fft = {0};

    EXPECT(eg_real_fft_workspace_bytes(4) == 0 && eg_real_fft_workspace_bytes(12) == 0);
    EXPECT(eg_real_fft_workspace_bytes(16384) == 0 && eg_real_fft_workspace_bytes(0) == 0);
    EXPECT(eg_real_fft_workspace_bytes(8) == sizeof workspace);
    EXPECT(eg_real_fft_prepare(NULL, 8, workspace, sizeof workspace) == EG_INVALID_ARGUMENT);
    EXPECT(eg_real_fft_prepare(&fft, 8, NULL, sizeof workspace) == EG_INVALID_ARGUMENT);
    EXPECT(eg_real_fft_prepare(&fft, 8, workspace, 31) == EG_INVALID_ARGUMENT);
    EXPECT(eg_real_fft_prepare(&fft, 9, workspace, 32) == EG_INVALID_ARGUMENT);
    EXPECT(eg_real_fft_run(&fft, workspace, spectrum) == EG_INVALID_ARGUMENT); /* not prepared */
    EXPECT(eg_real_fft_prepare(&fft, 8, workspace, 32) == EG_OK);
    EXPECT(eg_real_fft_run(NULL, workspace, spectrum) == EG_INVALID_ARGUMENT);
    EXPECT(eg_real_fft_run(&fft, NULL, spectrum) == EG_INVALID_ARGUMENT);
    EXPECT(eg_real_fft_run(&fft, workspace, NULL) == EG_INVALID_ARGUMENT);
}

static eg_audio_spec small_spec(void)
{
    return (eg_audio_spec){.sample_rate = 8000.0F,
                           .frame_length = 100,
                           .hop = 40,
                           .fft_size = 128,
                           .mel_bands = 10,
                           .coefficients = 5,
                           .low_hz = 50.0F,
                           .high_hz = 4000.0F,
                           .log_floor = 1e-10F,
                           .window = EG_AUDIO_HANN};
}

static float *workspace_of(const eg_audio_spec *spec)
{
    float *const workspace = malloc(eg_audio_workspace_bytes(spec)); /* ASan guards its end */

    EXPECT(workspace != NULL);
    return workspace;
}

static void test_streaming_gives_the_same_rows(void)
{
    const eg_audio_spec spec = small_spec();
    float *const workspace = workspace_of(&spec);
    float samples[500];
    float buffer[100];
    float row[5];
    float streamed[5];
    eg_audio audio;
    eg_audio_stream stream;
    size_t rows = 0;

    for (int n = 0; n < 500; ++n) {
        samples[n] = (float)sin(0.3 * n) + (float)((n * 7919) % 101) * 0.01F;
    }
    EXPECT(eg_audio_prepare(&audio, &spec, workspace, eg_audio_workspace_bytes(&spec)) == EG_OK);
    EXPECT(audio.features == 5 && eg_audio_frame_count(&audio, 500) == 11);
    EXPECT(eg_audio_frame_count(&audio, 99) == 0 && eg_audio_frame_count(NULL, 500) == 0);
    EXPECT(eg_audio_stream_init(&stream, &audio, buffer) == EG_OK);
    for (uint32_t used = 0; used < 500;) {
        const uint32_t count = 500 - used < 33 ? 500 - used : 33;
        uint32_t taken = 0;
        bool is_row = false;

        EXPECT(eg_audio_stream_push(&stream, samples + used, count, &taken, streamed, &is_row) ==
               EG_OK);
        used += taken;
        if (is_row) {
            EXPECT(eg_audio_run(&audio, samples + rows * 40, row) == EG_OK);
            EXPECT(memcmp(row, streamed, sizeof row) == 0);
            ++rows;
        }
    }
    EXPECT(rows == 11);
    free(workspace);
}

static void test_silence_is_the_floor(void)
{
    eg_audio_spec spec = small_spec();
    float samples[100] = {0};
    float row[10];
    eg_audio audio;

    spec.coefficients = 0;
    float *const workspace = workspace_of(&spec);

    EXPECT(eg_audio_prepare(&audio, &spec, workspace, eg_audio_workspace_bytes(&spec)) == EG_OK);
    EXPECT(eg_audio_run(&audio, samples, row) == EG_OK);
    for (int b = 0; b < 10; ++b) {
        EXPECT(row[b] == logf(1e-10F));
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
    EXPECT_REFUSED(frame_length = 0);
    EXPECT_REFUSED(frame_length = 129);
    EXPECT_REFUSED(hop = 0);
    EXPECT_REFUSED(hop = 101);
    EXPECT_REFUSED(fft_size = 100);
    EXPECT_REFUSED(mel_bands = 0);
    EXPECT_REFUSED(mel_bands = EG_AUDIO_MAX_BANDS + 1);
    EXPECT_REFUSED(coefficients = 11);
    EXPECT_REFUSED(low_hz = -1.0F);
    EXPECT_REFUSED(low_hz = 4000.0F);
    EXPECT_REFUSED(high_hz = 4001.0F);
    EXPECT_REFUSED(high_hz = NAN);
    EXPECT_REFUSED(log_floor = 0.0F);
    EXPECT_REFUSED(log_floor = NAN);
    EXPECT_REFUSED(window = (eg_audio_window)3);
}

static void test_misuse(void)
{
    eg_audio_spec spec = small_spec();
    float samples[100] = {0};
    float row[10] = {7.0F};
    float *const workspace = workspace_of(&spec);
    const size_t bytes = eg_audio_workspace_bytes(&spec);
    eg_audio audio;
    eg_audio_stream stream;
    uint32_t taken = 9;
    bool is_row = false;

    EXPECT(eg_audio_prepare(NULL, &spec, workspace, bytes) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_prepare(&audio, NULL, workspace, bytes) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_prepare(&audio, &spec, NULL, bytes) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_prepare(&audio, &spec, workspace, bytes - 1) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_prepare(&audio, &spec, workspace, bytes) == EG_OK);
    EXPECT(eg_audio_run(NULL, samples, row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_run(&audio, NULL, row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_run(&audio, samples, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_init(NULL, &audio, samples) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_init(&stream, NULL, samples) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_init(&stream, &audio, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_init(&stream, &audio, (float[100]){0}) == EG_OK);
    samples[99] = NAN;
    EXPECT(eg_audio_run(&audio, samples, row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_push(&stream, samples, 100, &taken, row, &is_row) ==
           EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_push(NULL, samples, 1, &taken, row, &is_row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_push(&stream, samples, 1, NULL, row, &is_row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_push(&stream, samples, 1, &taken, NULL, &is_row) == EG_INVALID_ARGUMENT);
    EXPECT(eg_audio_stream_push(&stream, samples, 1, &taken, row, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(row[0] == 7.0F && taken == 9 && stream.ring.missing == 100);
    free(workspace);
}

static void test_a_band_without_a_frequency_is_refused(void)
{
    eg_audio_spec spec = small_spec();

    spec.mel_bands = 60;
    float *const workspace = workspace_of(&spec);
    eg_audio audio;

    EXPECT(eg_audio_prepare(&audio, &spec, workspace, eg_audio_workspace_bytes(&spec)) ==
           EG_INVALID_ARGUMENT);
    free(workspace);
}

int main(void)
{
    test_the_transform_of_a_tone();
    test_what_the_transform_refuses();
    test_streaming_gives_the_same_rows();
    test_silence_is_the_floor();
    test_what_a_specification_may_not_say();
    test_misuse();
    test_a_band_without_a_frequency_is_refused();
    return 0;
}
