/* edgegen/sensor.h: how a signal is cut into calls changes no result, and a call that is refused
 * changes nothing. */
#include "fuzz.h"

#include "edgegen/sensor.h"

#include <math.h>

enum { MOST = 160 };

/* A chunk of what is left; never nothing of something. */
static uint32_t take_chunk(fuzz_input *input, size_t left)
{
    const size_t chunk = 1 + take(input, 1) % 48;

    return (uint32_t)(chunk < left ? chunk : left);
}

/* Samples as they come, seldom one that is no number. */
static float *take_samples(fuzz_input *input, size_t count)
{
    static const float peaks[] = {0.0F, 1.0F, 1000.0F, 1e15F, 3e38F};
    float *const samples = (float *)allocate(count * sizeof(float), 0);

    fill_samples(samples, count, peaks[take_below(input, sizeof peaks / sizeof peaks[0])],
                 take(input, 2));
    if (count > 0 && take_one_in(input, 4)) {
        samples[take_below(input, (uint32_t)count)] = take_bits(input);
    }
    return samples;
}

static bool all_finite(const float *values, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        if (!isfinite(values[i])) {
            return false;
        }
    }
    return true;
}

/* All windows of frames 0 to count, as the ring hands them out. */
static void push_frames(fuzz_input *input, eg_ring *ring, const float *frames, uint32_t count)
{
    const size_t bytes = (size_t)ring->length * ring->channels * sizeof(float);
    float *const window = (float *)allocate(bytes, 1);
    uint32_t windows = 0;

    for (uint32_t used = 0; used < count;) {
        const uint32_t given = take_chunk(input, count - used);
        const float *const from = frames + (size_t)used * ring->channels;
        const eg_ring before = *ring;
        uint32_t taken = 77;

        if (eg_ring_push(ring, from, given, &taken) != EG_OK) {
            EXPECT(!all_finite(from, (size_t)given * ring->channels));
            EXPECT(taken == 77 && memcmp(ring, &before, sizeof before) == 0);
            break;
        }
        used += taken;
        if (!eg_ring_is_complete(ring)) {
            EXPECT(taken == given);
            EXPECT(eg_ring_read(ring, window) == EG_INVALID_ARGUMENT);
            continue;
        }
        EXPECT(eg_ring_push(ring, from, given, &taken) == EG_OK && taken == 0);
        EXPECT(eg_ring_read(ring, window) == EG_OK);
        EXPECT(used == windows * ring->hop + ring->length);
        EXPECT(memcmp(window, frames + (size_t)windows * ring->hop * ring->channels, bytes) == 0);
        ++windows;
    }
    free(window);
}

static void check_ring(fuzz_input *input)
{
    const uint32_t length = take_size(input, 24);
    const uint32_t channels = take_size(input, 4);
    const uint32_t hop = take_size(input, length < 24 ? length + 1 : 24);
    const uint64_t samples = (uint64_t)length * channels;
    const bool is_small = samples <= 1024;
    float *const buffer = (float *)allocate(is_small ? samples * sizeof(float) : 4, 1);
    eg_ring ring;

    fill(&ring, sizeof ring, 2);
    const eg_status status = eg_ring_init(&ring, length, channels, hop, buffer);
    const bool is_legal =
        length > 0 && channels > 0 && hop > 0 && hop <= length && samples <= UINT64_C(1) << 31;

    EXPECT(status == (is_legal ? EG_OK : EG_INVALID_ARGUMENT));
    if (!is_legal) {
        EXPECT(is_untouched(&ring, sizeof ring, 2));
    } else if (is_small) {
        const uint32_t count = take_below(input, MOST);
        float *const frames = take_samples(input, (size_t)count * channels);

        push_frames(input, &ring, frames, count);
        free(frames);
    }
    free(buffer);
}

static void check_scale(fuzz_input *input)
{
    const uint32_t channels = take_below(input, 5);
    const size_t count = take_below(input, 20);
    const size_t values = count * channels;
    float *const samples = take_samples(input, values);
    float *const output = (float *)allocate(values * sizeof(float), 1);
    int16_t *const words = (int16_t *)allocate(values * sizeof(int16_t), 2);
    float *const scale = (float *)allocate(channels * sizeof(float), 0);
    float *const offset = (float *)allocate(channels * sizeof(float), 0);

    for (uint32_t c = 0; c < channels; ++c) {
        scale[c] = take_float(input);
        offset[c] = take_float(input);
    }
    const bool is_legal =
        channels > 0 && all_finite(scale, channels) && all_finite(offset, channels);

    if (is_legal && all_finite(samples, values)) {
        EXPECT(eg_scale_f32(samples, count, channels, scale, offset, output) == EG_OK);
        EXPECT(eg_scale_f32(samples, count, channels, scale, offset, samples) == EG_OK);
        EXPECT(values == 0 || memcmp(samples, output, values * sizeof(float)) == 0);
    } else {
        EXPECT(eg_scale_f32(samples, count, channels, scale, offset, output) ==
               EG_INVALID_ARGUMENT);
        EXPECT(is_untouched(output, values * sizeof(float), 1));
    }
    fill(output, values * sizeof(float), 3);
    EXPECT(eg_scale_s16(words, count, channels, scale, offset, output) ==
           (is_legal ? EG_OK : EG_INVALID_ARGUMENT));
    EXPECT(is_legal || is_untouched(output, values * sizeof(float), 3));
    free(samples);
    free(output);
    free(words);
    free(scale);
    free(offset);
}

/* The stated bounds, of the last `length` of `count` samples. */
static void expect_statistics(const eg_moving *moving, const float *samples, size_t count)
{
    const size_t n = count < moving->length ? count : moving->length;
    const float *const window = samples + count - n;
    const double u = 0x1p-24;
    const double length = moving->length;
    double largest = 0.0;
    double sum = 0.0;
    double squares = 0.0;
    float mean = 0.0F;
    float variance = 0.0F;

    for (size_t i = 0; i < n; ++i) {
        largest = fmax(largest, fabs((double)window[i]));
        sum += (double)window[i];
    }
    const double center = sum / (double)n;

    for (size_t i = 0; i < n; ++i) {
        squares += ((double)window[i] - center) * ((double)window[i] - center);
    }
    const double want = squares / (double)n;
    const double s = sqrt(want);
    const double bound = 16.0 * length * u * (want + s * largest + length * u * largest * largest);

    EXPECT(eg_moving_read(moving, &mean, &variance) == EG_OK);
    EXPECT(eg_moving_read(moving, NULL, NULL) == EG_OK);
    EXPECT(fabs((double)mean - center) <= 4.0 * length * u * largest + 0x1p-126);
    EXPECT(fabs((double)variance - want) <= bound + 0x1p-126);
}

static void check_moving(fuzz_input *input)
{
    const uint32_t length = take_size(input, 40);
    const bool is_legal = length >= 1 && length <= UINT32_C(1) << 24;
    const size_t count = take_below(input, MOST);
    float *const samples = take_samples(input, count);
    eg_moving_part *const parts =
        (eg_moving_part *)allocate(length <= 4096 ? length * sizeof(eg_moving_part) : 1, 1);
    eg_moving moving;
    float mean = 0.0F;

    fill(&moving, sizeof moving, 2);
    EXPECT(eg_moving_init(&moving, length, parts) == (is_legal ? EG_OK : EG_INVALID_ARGUMENT));
    EXPECT(is_legal || is_untouched(&moving, sizeof moving, 2));
    if (is_legal && length <= 4096) {
        EXPECT(eg_moving_read(&moving, &mean, NULL) == EG_INVALID_ARGUMENT);
        for (size_t i = 0; i < count; ++i) {
            const eg_moving before = moving;

            if (eg_moving_push(&moving, samples[i]) != EG_OK) {
                EXPECT(!(fabsf(samples[i]) <= 1e15F));
                EXPECT(memcmp(&moving, &before, sizeof before) == 0);
                break;
            }
            expect_statistics(&moving, samples, i + 1);
        }
    }
    free(samples);
    free(parts);
}

static void check_biquad(fuzz_input *input)
{
    float coefficients[5];
    const size_t count = take_below(input, MOST);
    float *const samples = take_samples(input, count);
    float *const whole = (float *)allocate(count * sizeof(float), 1);
    eg_biquad filter;
    eg_biquad other;

    for (int i = 0; i < 5; ++i) {
        coefficients[i] = take_float(input);
    }
    fill(&filter, sizeof filter, 2);
    if (eg_biquad_init(&filter, coefficients[0], coefficients[1], coefficients[2], coefficients[3],
                       coefficients[4]) != EG_OK) {
        EXPECT(is_untouched(&filter, sizeof filter, 2));
    } else if (all_finite(samples, count)) {
        other = filter;
        EXPECT(eg_biquad_run(&filter, samples, count, whole) == EG_OK);
        for (size_t used = 0; used < count;) { /* in pieces, each in place */
            const uint32_t given = take_chunk(input, count - used);

            EXPECT(eg_biquad_run(&other, samples + used, given, samples + used) == EG_OK);
            used += given;
        }
        EXPECT(count == 0 || memcmp(samples, whole, count * sizeof(float)) == 0);
    } else {
        other = filter;
        EXPECT(eg_biquad_run(&filter, samples, count, whole) == EG_INVALID_ARGUMENT);
        EXPECT(memcmp(&filter, &other, sizeof filter) == 0);
        EXPECT(is_untouched(whole, count * sizeof(float), 1));
    }
    free(samples);
    free(whole);
}

/* Cut into pieces, each with room for its output and no more. */
static void resample_pieces(fuzz_input *input, eg_resampler *resampler, const float *samples,
                            size_t count, const float *want, size_t wanted)
{
    size_t found = 0;

    for (size_t used = 0; used < count;) {
        const uint32_t given = take_chunk(input, count - used);
        const size_t made = eg_resampler_output_count(resampler, given);
        float *const output = (float *)allocate(made * sizeof(float), 1);
        const eg_resampler before = *resampler;

        if (made > 0) {
            EXPECT(eg_resampler_run(resampler, samples + used, given, output, made - 1) ==
                   EG_INVALID_ARGUMENT);
            EXPECT(memcmp(resampler, &before, sizeof before) == 0);
            EXPECT(is_untouched(output, made * sizeof(float), 1));
        }
        EXPECT(eg_resampler_run(resampler, samples + used, given, output, made) == EG_OK);
        EXPECT(found + made <= wanted);
        EXPECT(made == 0 || memcmp(output, want + found, made * sizeof(float)) == 0);
        found += made;
        used += given;
        free(output);
    }
    EXPECT(found == wanted);
}

static void check_resampler(fuzz_input *input)
{
    const uint32_t up = take_size(input, take_one_in(input, 4) ? 66 : 5);
    const uint32_t down = take_size(input, take_one_in(input, 4) ? 66 : 5);
    const size_t bytes = eg_resampler_workspace_bytes(up, down);
    const bool is_legal = up >= 1 && up <= 64 && down >= 1 && down <= 64;
    const size_t count = take_below(input, MOST);
    float *const samples = take_samples(input, count);
    float *const first = (float *)allocate(bytes, 1);
    float *const second = (float *)allocate(bytes, 2);
    eg_resampler resampler;
    eg_resampler other;

    EXPECT((bytes > 0) == is_legal);
    fill(&resampler, sizeof resampler, 3);
    EXPECT(eg_resampler_init(&resampler, up, down, first, bytes > 0 ? bytes - 1 : 0) ==
           EG_INVALID_ARGUMENT);
    EXPECT(is_untouched(&resampler, sizeof resampler, 3) && is_untouched(first, bytes, 1));
    if (is_legal) {
        EXPECT(eg_resampler_init(&resampler, up, down, first, bytes) == EG_OK);
        EXPECT(eg_resampler_init(&other, up, down, second, bytes) == EG_OK);
        const size_t made = eg_resampler_output_count(&resampler, count);
        float *const output = (float *)allocate(made * sizeof(float), 4);
        const eg_status status = eg_resampler_run(&resampler, samples, count, output, made);

        EXPECT(status == (all_finite(samples, count) ? EG_OK : EG_INVALID_ARGUMENT));
        if (status == EG_OK) {
            EXPECT(made == (count * up + down - 1) / down);
            resample_pieces(input, &other, samples, count, output, made);
        } else {
            EXPECT(is_untouched(output, made * sizeof(float), 4));
            EXPECT(eg_resampler_output_count(&resampler, count) == made);
        }
        free(output);
    }
    free(samples);
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const checks[])(fuzz_input *) = {check_ring, check_scale, check_moving,
                                                   check_biquad, check_resampler};
    fuzz_input input = {data, size};

    checks[take(&input, 1) % (sizeof checks / sizeof checks[0])](&input);
    return 0;
}
