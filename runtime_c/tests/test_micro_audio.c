#include "edgegen/micro_audio.h"

#include "check.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

enum { MOST = 4096, CHANNELS = 5 };

/* The tables of a plan, with a rectangular window and channels of equal width. */
typedef struct tables {
    int16_t window[MOST];
    uint16_t order[MOST / 4];
    int16_t factors[2 * MOST];
    int16_t split_factors[MOST];
    uint16_t widths[CHANNELS + 1];
    uint16_t weights[2 * MOST];
    int16_t gains[EG_MICRO_AUDIO_GAINS];
} tables;

static tables made;

static void put_factor(int16_t *to, double turns)
{
    to[0] = (int16_t)floor(32767.0 * cos(2.0 * PI * turns) + 0.5);
    to[1] = (int16_t)floor(-32767.0 * sin(2.0 * PI * turns) + 0.5);
}

static bool is_power_of_4(uint32_t size)
{
    return (size & 0x55555555U) != 0;
}

static void fill_transform(uint32_t size)
{
    const uint32_t groups = is_power_of_4(size) ? size / 4 : size / 2;
    int16_t *factor = made.factors;

    for (uint32_t g = 0; g < groups; ++g) {
        uint32_t reversed = 0;

        for (uint32_t weight = 1; weight < groups; weight *= 4) {
            reversed = 4 * reversed + g / weight % 4;
        }
        made.order[g] = (uint16_t)reversed;
    }
    for (uint32_t m = is_power_of_4(size) ? 4 : 2; m < size; m *= 4) {
        for (uint32_t times = 1; times <= 3; ++times) {
            for (uint32_t j = 0; j < m; ++j) {
                put_factor(factor, (double)(times * j) / (4.0 * m));
                factor += 2;
            }
        }
    }
    for (uint32_t k = 1; k <= size / 2; ++k) {
        put_factor(made.split_factors + 2 * (k - 1), 0.25 + k / (2.0 * size));
    }
}

static eg_micro_audio_plan plan_of(uint32_t fft_size)
{
    const uint32_t bins = fft_size / 2 - 1;

    fill_transform(fft_size / 2);
    for (uint32_t n = 0; n < fft_size; ++n) {
        made.window[n] = 4096;
        made.weights[2 * n] = 1024;
        made.weights[2 * n + 1] = 3072;
    }
    for (uint32_t i = 0; i <= CHANNELS; ++i) {
        made.widths[i] = (uint16_t)(bins / (CHANNELS + 1));
    }
    for (uint32_t i = 0; i < EG_MICRO_AUDIO_GAINS; i += 3) {
        made.gains[i] = (int16_t)(32767 / (i + 1));
    }
    return (eg_micro_audio_plan){.window = made.window,
                                 .order = made.order,
                                 .factors = made.factors,
                                 .split_factors = made.split_factors,
                                 .widths = made.widths,
                                 .weights = made.weights,
                                 .gains = made.gains,
                                 .transform = eg_micro_audio_transform_any,
                                 .frame_length = fft_size - 3,
                                 .hop = fft_size / 3,
                                 .fft_size = fft_size,
                                 .channels = CHANNELS,
                                 .first_bin = 1,
                                 .smoothing = {409, 983},
                                 .min_signal_remaining = 819,
                                 .smoothing_bits = 10,
                                 .gain_shift = 6,
                                 .correction_bits = 3,
                                 .log_shift = 6,
                                 .has_log = true};
}

static int16_t noise(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return (int16_t)(*state >> 16);
}

/* Of every size: each bin's energy is that of the discrete Fourier transform, but for roundings. */
static void test_the_transform(void)
{
    static int16_t frame[MOST];
    static int16_t spectrum[MOST];
    static uint32_t energies[MOST / 2];
    uint32_t state = 1;

    for (uint32_t size = EG_MICRO_AUDIO_MIN_FFT_SIZE; size <= 1024; size *= 2) {
        const eg_micro_audio_plan plan = plan_of(size);

        for (uint32_t n = 0; n < size; ++n) {
            frame[n] = (int16_t)(noise(&state) / 4);
        }
        eg_micro_audio_transform_any(&plan, frame, 1, spectrum, energies);
        for (uint32_t k = 1; k < size / 2; ++k) {
            double re = 0.0;
            double im = 0.0;

            for (uint32_t n = 0; n < size; ++n) {
                const double angle = 2.0 * PI * (double)(k * n % size) / size;

                re += 2.0 * frame[n] * cos(angle) / size;
                im -= 2.0 * frame[n] * sin(angle) / size;
            }
            EXPECT(fabs(sqrt((double)energies[k]) - sqrt(re * re + im * im)) < 6.0);
        }
    }
}

/* Every path gives the same energies, also where the frame was; whatever the factors are. */
static void test_every_transform_writes_the_same(void)
{
    static int16_t frame[MOST];
    static int16_t spectrum[MOST];
    static uint32_t energies[MOST / 2];
    static union {
        int16_t frame[MOST];
        uint32_t energies[MOST / 2];
    } both;
    const eg_micro_audio_transform ways[] = {eg_micro_audio_transform_any,
                                             eg_micro_audio_best_transform()};
    uint32_t state = 5;

    for (uint32_t size = EG_MICRO_AUDIO_MIN_FFT_SIZE; size <= MOST; size *= 2) {
        const eg_micro_audio_plan plan = plan_of(size);

        for (uint32_t round = 0; round < 24; ++round) {
            for (uint32_t n = 0; n < size; ++n) {
                const int16_t any = noise(&state);

                frame[n] = (int16_t)(round % 2 == 0 ? any : any < 0 ? INT16_MIN : INT16_MAX);
                if (round >= 12) {
                    made.factors[2 * n] = made.factors[2 * n + 1] = (int16_t)(noise(&state) | 1);
                }
            }
            eg_micro_audio_transform_any(&plan, frame, round % 3, spectrum, energies);
            for (size_t way = 0; way < sizeof ways / sizeof ways[0]; ++way) {
                memcpy(both.frame, frame, sizeof frame);
                ways[way](&plan, both.frame, round % 3, spectrum, both.energies);
                EXPECT(memcmp(energies + 1, both.energies + 1, (size / 2 - 1) * sizeof *energies) ==
                       0);
            }
        }
    }
}

/* A workspace of exactly the bytes that are asked for: the sanitizers guard its end. */
static void *workspace_of(const eg_micro_audio_plan *plan)
{
    void *const workspace = malloc(eg_micro_audio_workspace_bytes(plan));

    EXPECT(workspace != NULL);
    return workspace;
}

static void test_streaming_gives_the_same_rows(uint32_t fft_size)
{
    const eg_micro_audio_plan plan = plan_of(fft_size);
    const size_t bytes = eg_micro_audio_workspace_bytes(&plan);
    void *const workspace = workspace_of(&plan);
    static int16_t samples[3 * MOST];
    uint16_t whole[16][CHANNELS];
    uint16_t row[CHANNELS];
    eg_micro_audio audio;
    uint32_t state = 9;
    uint32_t rows = 0;

    for (uint32_t n = 0; n < 3 * fft_size; ++n) {
        samples[n] = noise(&state);
    }
    EXPECT(bytes == (4 * fft_size + 4 * CHANNELS + 2 * (fft_size - 3) + 3) / 4 * 4);
    EXPECT(eg_micro_audio_init(&audio, &plan, workspace, bytes) == EG_MICRO_AUDIO_OK);
    for (uint32_t at = 0; at + plan.frame_length <= 3 * fft_size; at += plan.hop) {
        EXPECT(eg_micro_audio_run(&audio, samples + at, whole[rows++]) == EG_MICRO_AUDIO_OK);
    }
    EXPECT(rows >= 6 && memcmp(whole[0], whole[1], sizeof whole[0]) != 0);

    for (uint32_t chunk = 1; chunk <= 3 * fft_size; chunk = 3 * chunk + 1) {
        uint32_t found = 0;

        EXPECT(eg_micro_audio_reset(&audio) == EG_MICRO_AUDIO_OK);
        for (uint32_t used = 0; used < 3 * fft_size;) {
            const uint32_t left = 3 * fft_size - used;
            size_t taken = 0;
            bool is_row = false;

            EXPECT(eg_micro_audio_push(&audio, samples + used, left < chunk ? left : chunk, &taken,
                                       row, &is_row) == EG_MICRO_AUDIO_OK);
            EXPECT(taken >= 1 && taken <= chunk);
            used += (uint32_t)taken;
            if (is_row) {
                EXPECT(memcmp(row, whole[found++], sizeof row) == 0);
            }
        }
        EXPECT(found == rows);
    }
    free(workspace);
}

static void test_extremes_stay_in_range(void)
{
    eg_micro_audio_plan plan = plan_of(512);
    void *const workspace = workspace_of(&plan);
    int16_t samples[512];
    uint16_t features[CHANNELS];
    eg_micro_audio audio;
    uint32_t state = 3;

    EXPECT(eg_micro_audio_init(&audio, &plan, workspace, eg_micro_audio_workspace_bytes(&plan)) ==
           EG_MICRO_AUDIO_OK);
    memset(samples, 0, sizeof samples);
    EXPECT(eg_micro_audio_run(&audio, samples, features) == EG_MICRO_AUDIO_OK);
    for (uint32_t c = 0; c < CHANNELS; ++c) {
        EXPECT(features[c] == 0);
    }
    for (uint32_t round = 0; round < 400; ++round) {
        for (uint32_t n = 0; n < 512; ++n) {
            const int16_t any = noise(&state);

            samples[n] = (int16_t)(round % 4 == 0   ? INT16_MIN
                                   : round % 4 == 1 ? (any < 0 ? INT16_MIN : INT16_MAX)
                                   : round % 4 == 2 ? (n == round % 512 ? INT16_MIN : 0)
                                                    : any);
        }
        plan.has_log = round % 3 != 0;
        plan.gains = round % 5 == 0 ? NULL : made.gains;
        plan.correction_bits = (int32_t)(round % 63) - 31;
        plan.smoothing_bits = round % 32;
        plan.gain_shift = round % 32;
        plan.log_shift = round / 7 % 32;
        EXPECT(eg_micro_audio_run(&audio, samples, features) == EG_MICRO_AUDIO_OK);
    }
    free(workspace);
}

static void test_int8(void)
{
    const uint16_t features[6] = {0, 1, 2, 333, 665, 65535};
    int8_t output[6];

    EXPECT(eg_micro_audio_to_s8(features, 6, EG_MICRO_AUDIO_S8_DIVISOR,
                                EG_MICRO_AUDIO_S8_ZERO_POINT, output) == EG_MICRO_AUDIO_OK);
    EXPECT(output[0] == -128 && output[1] == -128 && output[2] == -127);
    EXPECT(output[3] == 0 && output[4] == 127 && output[5] == 127);
    EXPECT(eg_micro_audio_to_s8(NULL, 0, 1, 0, NULL) == EG_MICRO_AUDIO_OK);
    EXPECT(eg_micro_audio_to_s8(NULL, 1, 1, 0, output) == EG_MICRO_AUDIO_BAD_FEATURES);
    EXPECT(eg_micro_audio_to_s8(features, 1, 0, 0, output) == EG_MICRO_AUDIO_BAD_DIVISOR);
    EXPECT(eg_micro_audio_to_s8(features, 1, 1U << 25, 0, output) == EG_MICRO_AUDIO_BAD_DIVISOR);
    EXPECT(eg_micro_audio_to_s8(features, 1, 1, 128, output) == EG_MICRO_AUDIO_BAD_ZERO_POINT);
    EXPECT(eg_micro_audio_to_s8(features, 1, 1, 0, NULL) == EG_MICRO_AUDIO_BAD_OUTPUT);
}

static eg_micro_audio_status status_of(eg_micro_audio_plan plan)
{
    static uint32_t workspace[8 * MOST];
    eg_micro_audio audio;

    return eg_micro_audio_init(&audio, &plan, workspace, sizeof workspace);
}

#define EXPECT_REFUSED(member, value, status)                                                      \
    do {                                                                                           \
        eg_micro_audio_plan changed = plan;                                                        \
        changed.member = value;                                                                    \
        EXPECT(status_of(changed) == (status));                                                    \
        EXPECT(eg_micro_audio_workspace_bytes(&changed) == 0);                                     \
    } while (0)

static void test_plans_that_are_refused(void)
{
    const eg_micro_audio_plan plan = plan_of(64);

    EXPECT(status_of(plan) == EG_MICRO_AUDIO_OK);
    EXPECT_REFUSED(window, NULL, EG_MICRO_AUDIO_BAD_TABLE);
    EXPECT_REFUSED(order, NULL, EG_MICRO_AUDIO_BAD_TABLE);
    EXPECT_REFUSED(factors, NULL, EG_MICRO_AUDIO_BAD_TABLE);
    EXPECT_REFUSED(split_factors, NULL, EG_MICRO_AUDIO_BAD_TABLE);
    EXPECT_REFUSED(widths, NULL, EG_MICRO_AUDIO_BAD_TABLE);
    EXPECT_REFUSED(weights, NULL, EG_MICRO_AUDIO_BAD_TABLE);
    EXPECT_REFUSED(transform, NULL, EG_MICRO_AUDIO_BAD_TABLE);
    EXPECT_REFUSED(fft_size, 8, EG_MICRO_AUDIO_BAD_FFT_SIZE);
    EXPECT_REFUSED(fft_size, 96, EG_MICRO_AUDIO_BAD_FFT_SIZE);
    EXPECT_REFUSED(fft_size, 8192, EG_MICRO_AUDIO_BAD_FFT_SIZE);
    EXPECT_REFUSED(frame_length, 0, EG_MICRO_AUDIO_BAD_FRAME_LENGTH);
    EXPECT_REFUSED(frame_length, 65, EG_MICRO_AUDIO_BAD_FRAME_LENGTH);
    EXPECT_REFUSED(hop, 0, EG_MICRO_AUDIO_BAD_HOP);
    EXPECT_REFUSED(hop, 62, EG_MICRO_AUDIO_BAD_HOP);
    EXPECT_REFUSED(channels, 0, EG_MICRO_AUDIO_BAD_CHANNELS);
    EXPECT_REFUSED(channels, 257, EG_MICRO_AUDIO_BAD_CHANNELS);
    EXPECT_REFUSED(first_bin, 0, EG_MICRO_AUDIO_BAD_BANDS);
    EXPECT_REFUSED(first_bin, 3, EG_MICRO_AUDIO_BAD_BANDS);
    EXPECT_REFUSED(first_bin, UINT32_MAX, EG_MICRO_AUDIO_BAD_BANDS);
    EXPECT_REFUSED(smoothing[0], 16385, EG_MICRO_AUDIO_BAD_NOISE);
    EXPECT_REFUSED(smoothing[1], 16385, EG_MICRO_AUDIO_BAD_NOISE);
    EXPECT_REFUSED(min_signal_remaining, 16385, EG_MICRO_AUDIO_BAD_NOISE);
    EXPECT_REFUSED(smoothing_bits, 32, EG_MICRO_AUDIO_BAD_SHIFT);
    EXPECT_REFUSED(gain_shift, 32, EG_MICRO_AUDIO_BAD_SHIFT);
    EXPECT_REFUSED(log_shift, 32, EG_MICRO_AUDIO_BAD_SHIFT);
    EXPECT_REFUSED(correction_bits, 32, EG_MICRO_AUDIO_BAD_SHIFT);
    EXPECT_REFUSED(correction_bits, -32, EG_MICRO_AUDIO_BAD_SHIFT);
}

static void test_arguments_that_are_refused(void)
{
    const eg_micro_audio_plan plan = plan_of(64);
    const size_t bytes = eg_micro_audio_workspace_bytes(&plan);
    uint32_t *const workspace = workspace_of(&plan);
    int16_t samples[64] = {0};
    uint16_t row[CHANNELS];
    size_t taken = 0;
    bool is_row = false;
    eg_micro_audio audio = {0};

    EXPECT(eg_micro_audio_workspace_bytes(NULL) == 0);
    EXPECT(eg_micro_audio_init(NULL, &plan, workspace, bytes) == EG_MICRO_AUDIO_BAD_AUDIO);
    EXPECT(eg_micro_audio_init(&audio, NULL, workspace, bytes) == EG_MICRO_AUDIO_BAD_PLAN);
    EXPECT(eg_micro_audio_init(&audio, &plan, NULL, bytes) == EG_MICRO_AUDIO_BAD_WORKSPACE);
    EXPECT(eg_micro_audio_init(&audio, &plan, (char *)workspace + 2, bytes) ==
           EG_MICRO_AUDIO_BAD_WORKSPACE);
    EXPECT(eg_micro_audio_init(&audio, &plan, workspace, bytes - 1) ==
           EG_MICRO_AUDIO_SMALL_WORKSPACE);
    EXPECT(eg_micro_audio_reset(&audio) == EG_MICRO_AUDIO_BAD_AUDIO);
    EXPECT(eg_micro_audio_run(&audio, samples, row) == EG_MICRO_AUDIO_BAD_AUDIO);
    EXPECT(eg_micro_audio_push(&audio, samples, 1, &taken, row, &is_row) ==
           EG_MICRO_AUDIO_BAD_AUDIO);
    EXPECT(eg_micro_audio_init(&audio, &plan, workspace, bytes) == EG_MICRO_AUDIO_OK);
    EXPECT(eg_micro_audio_reset(NULL) == EG_MICRO_AUDIO_BAD_AUDIO);
    EXPECT(eg_micro_audio_run(NULL, samples, row) == EG_MICRO_AUDIO_BAD_AUDIO);
    EXPECT(eg_micro_audio_run(&audio, NULL, row) == EG_MICRO_AUDIO_BAD_SAMPLES);
    EXPECT(eg_micro_audio_run(&audio, samples, NULL) == EG_MICRO_AUDIO_BAD_FEATURES);
    EXPECT(eg_micro_audio_push(NULL, samples, 1, &taken, row, &is_row) == EG_MICRO_AUDIO_BAD_AUDIO);
    EXPECT(eg_micro_audio_push(&audio, NULL, 1, &taken, row, &is_row) ==
           EG_MICRO_AUDIO_BAD_SAMPLES);
    EXPECT(eg_micro_audio_push(&audio, samples, 1, &taken, NULL, &is_row) ==
           EG_MICRO_AUDIO_BAD_FEATURES);
    EXPECT(eg_micro_audio_push(&audio, samples, 1, NULL, row, &is_row) ==
           EG_MICRO_AUDIO_BAD_RESULT);
    EXPECT(eg_micro_audio_push(&audio, samples, 1, &taken, row, NULL) == EG_MICRO_AUDIO_BAD_RESULT);
    EXPECT(audio.held == 0 && taken == 0);
    EXPECT(eg_micro_audio_push(&audio, NULL, 0, &taken, row, &is_row) == EG_MICRO_AUDIO_OK);
    EXPECT(taken == 0 && !is_row);
    free(workspace);
}

static void test_texts(void)
{
    for (int status = 0; status < EG_MICRO_AUDIO_STATUS_COUNT; ++status) {
        EXPECT(strlen(eg_micro_audio_status_text((eg_micro_audio_status)status)) > 1);
    }
    EXPECT(strcmp(eg_micro_audio_status_text(EG_MICRO_AUDIO_STATUS_COUNT), "unknown status") == 0);
}

int main(void)
{
    test_the_transform();
    test_every_transform_writes_the_same();
    test_streaming_gives_the_same_rows(16);
    test_streaming_gives_the_same_rows(32);
    test_streaming_gives_the_same_rows(4096);
    test_extremes_stay_in_range();
    test_int8();
    test_plans_that_are_refused();
    test_arguments_that_are_refused();
    test_texts();
    return 0;
}
