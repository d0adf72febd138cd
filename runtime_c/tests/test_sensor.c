#include "edgegen/sensor.h"

#include "check.h"

#include <math.h>
#include <string.h>

static void test_windows_overlap(void)
{
    float buffer[4 * 2];
    float window[4 * 2];
    float frames[11 * 2];
    eg_ring ring;
    uint32_t used = 0;
    int windows = 0;

    for (int i = 0; i < 22; ++i) {
        frames[i] = (float)i;
    }
    EXPECT(eg_ring_init(&ring, 4, 2, 3, buffer) == EG_OK);
    while (used < 11) {
        const uint32_t count = 11 - used < 3 ? 11 - used : 3; /* no multiple of the window */
        uint32_t taken = 9;

        EXPECT(eg_ring_push(&ring, frames + used * 2, count, &taken) == EG_OK && taken <= count);
        used += taken;
        if (eg_ring_is_complete(&ring)) {
            EXPECT(eg_ring_push(&ring, frames, 1, &taken) == EG_OK && taken == 0);
            EXPECT(eg_ring_read(&ring, window) == EG_OK);
            EXPECT(memcmp(window, frames + windows * 3 * 2, sizeof window) == 0);
            ++windows;
        }
    }
    EXPECT(windows == 3 && ring.missing == 2);
}

static void test_what_a_ring_refuses(void)
{
    float buffer[4] = {0};
    eg_ring ring;
    uint32_t taken = 9;

    EXPECT(eg_ring_init(NULL, 4, 1, 1, buffer) == EG_INVALID_ARGUMENT);
    EXPECT(eg_ring_init(&ring, 4, 1, 1, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(eg_ring_init(&ring, 0, 1, 0, buffer) == EG_INVALID_ARGUMENT);
    EXPECT(eg_ring_init(&ring, 4, 0, 1, buffer) == EG_INVALID_ARGUMENT);
    EXPECT(eg_ring_init(&ring, 4, 1, 0, buffer) == EG_INVALID_ARGUMENT);
    EXPECT(eg_ring_init(&ring, 4, 1, 5, buffer) == EG_INVALID_ARGUMENT);
    EXPECT(eg_ring_init(&ring, 65536, 65536, 1, buffer) == EG_INVALID_ARGUMENT);
    EXPECT(eg_ring_init(&ring, 4, 1, 4, buffer) == EG_OK);
    EXPECT(eg_ring_push(&ring, NULL, 0, &taken) == EG_OK && taken == 0);
    taken = 9;
    EXPECT(eg_ring_push(NULL, buffer, 1, &taken) == EG_INVALID_ARGUMENT);
    EXPECT(eg_ring_push(&ring, NULL, 1, &taken) == EG_INVALID_ARGUMENT);
    EXPECT(eg_ring_push(&ring, buffer, 1, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(eg_ring_push(&ring, (const float[]){0, NAN}, 2, &taken) == EG_INVALID_ARGUMENT);
    EXPECT(eg_ring_read(&ring, buffer) == EG_INVALID_ARGUMENT); /* not complete */
    EXPECT(!eg_ring_is_complete(NULL) && taken == 9 && ring.missing == 4);
}

static void test_scaling(void)
{
    const int16_t codes[4] = {-32768, 0, 32767, 2};
    const float scale[2] = {0.5F, 2.0F};
    const float offset[2] = {1.0F, -1.0F};
    float values[4];

    EXPECT(eg_scale_s16(codes, 2, 2, scale, offset, values) == EG_OK);
    EXPECT(values[0] == -16383.0F && values[1] == -1.0F);
    EXPECT(values[2] == 16384.5F && values[3] == 3.0F);
    EXPECT(eg_scale_f32(values, 2, 2, scale, offset, values) == EG_OK); /* in place */
    EXPECT(values[0] == -8190.5F && values[1] == -3.0F);
    EXPECT(values[2] == 8193.25F && values[3] == 5.0F);
    EXPECT(eg_scale_s16(NULL, 2, 2, scale, offset, values) == EG_INVALID_ARGUMENT);
    EXPECT(eg_scale_s16(codes, 2, 0, scale, offset, values) == EG_INVALID_ARGUMENT);
    EXPECT(eg_scale_s16(codes, 1, 1, &(float){NAN}, offset, values) == EG_INVALID_ARGUMENT);
    EXPECT(eg_scale_f32(&(float){INFINITY}, 1, 1, scale, offset, values) == EG_INVALID_ARGUMENT);
    EXPECT(eg_scale_f32(values, 1, 1, scale, NULL, values) == EG_INVALID_ARGUMENT);
    EXPECT(eg_scale_f32(values, 1, 1, NULL, offset, values) == EG_INVALID_ARGUMENT);
    EXPECT(eg_scale_f32(values, 1, 1, scale, offset, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(values[0] == -8190.5F);
}

static void test_a_peak_leaves_no_trace(void)
{
    eg_moving_part buffer[4];
    eg_moving moving;
    float mean = 0.0F;
    float variance = 0.0F;

    EXPECT(eg_moving_init(&moving, 4, buffer) == EG_OK);
    EXPECT(eg_moving_push(&moving, 1e12F) == EG_OK);
    EXPECT(eg_moving_read(&moving, &mean, &variance) == EG_OK && mean == 1e12F && variance == 0);
    for (int i = 1; i <= 4; ++i) {
        EXPECT(eg_moving_push(&moving, (float)i) == EG_OK);
    }
    EXPECT(eg_moving_read(&moving, &mean, &variance) == EG_OK);
    EXPECT(mean == 2.5F && variance == 1.25F);
}

static void test_what_moving_statistics_refuse(void)
{
    eg_moving_part buffer[2];
    eg_moving moving;
    float mean = 7.0F;

    EXPECT(eg_moving_init(NULL, 2, buffer) == EG_INVALID_ARGUMENT);
    EXPECT(eg_moving_init(&moving, 2, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(eg_moving_init(&moving, 0, buffer) == EG_INVALID_ARGUMENT);
    EXPECT(eg_moving_init(&moving, (1U << 24) + 1, buffer) == EG_INVALID_ARGUMENT);
    EXPECT(eg_moving_init(&moving, 2, buffer) == EG_OK);
    EXPECT(eg_moving_read(&moving, &mean, NULL) == EG_INVALID_ARGUMENT); /* empty */
    EXPECT(eg_moving_push(NULL, 1.0F) == EG_INVALID_ARGUMENT);
    EXPECT(eg_moving_push(&moving, NAN) == EG_INVALID_ARGUMENT);
    EXPECT(eg_moving_push(&moving, -2e15F) == EG_INVALID_ARGUMENT);
    EXPECT(eg_moving_read(NULL, &mean, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(mean == 7.0F && moving.count == 0);
}

/* y[n] = x[n] + x[n-1] / 2 + x[n-2] / 4 + y[n-1] / 2 - y[n-2] / 4, worked out by hand. */
static void test_the_impulse_response_of_a_biquad(void)
{
    const float expected[5] = {1.0F, 1.0F, 0.5F, 0.0F, -0.125F};
    float signal[5] = {1.0F, 0.0F, 0.0F, 0.0F, 0.0F};
    eg_biquad biquad;

    EXPECT(eg_biquad_init(&biquad, 1.0F, 0.5F, 0.25F, -0.5F, 0.25F) == EG_OK);
    EXPECT(eg_biquad_run(&biquad, signal, 2, signal) == EG_OK); /* in place, in two calls */
    EXPECT(eg_biquad_run(&biquad, signal + 2, 3, signal + 2) == EG_OK);
    EXPECT(memcmp(signal, expected, sizeof signal) == 0);
}

static void test_what_a_biquad_refuses(void)
{
    float signal[2] = {1.0F, NAN};
    eg_biquad biquad;

    EXPECT(eg_biquad_init(NULL, 1, 0, 0, 0, 0) == EG_INVALID_ARGUMENT);
    EXPECT(eg_biquad_init(&biquad, INFINITY, 0, 0, 0, 0) == EG_INVALID_ARGUMENT);
    EXPECT(eg_biquad_init(&biquad, 1, 0, 0, NAN, 0) == EG_INVALID_ARGUMENT);
    EXPECT(eg_biquad_init(&biquad, 1, 0, 0, 0, 1) == EG_INVALID_ARGUMENT);
    EXPECT(eg_biquad_init(&biquad, 1, 0, 0, -1.5F, 0.5F) == EG_INVALID_ARGUMENT);
    EXPECT(eg_biquad_init(&biquad, 1, 1, 1, 0, 0) == EG_OK);
    EXPECT(eg_biquad_run(NULL, signal, 1, signal) == EG_INVALID_ARGUMENT);
    EXPECT(eg_biquad_run(&biquad, NULL, 1, signal) == EG_INVALID_ARGUMENT);
    EXPECT(eg_biquad_run(&biquad, signal, 1, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(eg_biquad_run(&biquad, signal, 2, signal) == EG_INVALID_ARGUMENT);
    EXPECT(eg_biquad_run(&biquad, NULL, 0, NULL) == EG_OK);
    EXPECT(biquad.z1 == 0.0F && signal[0] == 1.0F);
}

/* Every pair of small factors: the count of outputs, and a constant that stays one. */
static void test_resampling(uint32_t up, uint32_t down)
{
    float *const workspace = malloc(eg_resampler_workspace_bytes(up, down));
    float input[90];
    float output[90 * 5];
    eg_resampler resampler;
    size_t total = 0;

    for (int i = 0; i < 90; ++i) {
        input[i] = 1.0F;
    }
    EXPECT(workspace != NULL);
    EXPECT(eg_resampler_init(&resampler, up, down, workspace,
                             eg_resampler_workspace_bytes(up, down)) == EG_OK);
    for (size_t at = 0; at < 90; at += 9) {
        const size_t count = eg_resampler_output_count(&resampler, 9);

        EXPECT(eg_resampler_run(&resampler, input + at, 9, output + total, count) == EG_OK);
        total += count;
    }
    EXPECT(total == (90 * up + down - 1) / down);
    /* The filter has left the silence behind once it has run over its whole span. */
    EXPECT(resampler.length <= 90 ? fabsf(output[total - 1] - 1.0F) < 1e-6F : down == 5);
    free(workspace);
}

static void test_what_a_resampler_refuses(void)
{
    float workspace[128];
    float out[4] = {7.0F};
    const float in[2] = {1.0F, NAN};
    eg_resampler resampler;
    const size_t bytes = eg_resampler_workspace_bytes(2, 1);

    EXPECT(bytes > 0 && bytes <= sizeof workspace);
    EXPECT(eg_resampler_workspace_bytes(0, 1) == 0 && eg_resampler_workspace_bytes(1, 65) == 0);
    EXPECT(eg_resampler_init(NULL, 2, 1, workspace, bytes) == EG_INVALID_ARGUMENT);
    EXPECT(eg_resampler_init(&resampler, 2, 1, NULL, bytes) == EG_INVALID_ARGUMENT);
    EXPECT(eg_resampler_init(&resampler, 2, 1, workspace, bytes - 1) == EG_INVALID_ARGUMENT);
    EXPECT(eg_resampler_init(&resampler, 2, 0, workspace, bytes) == EG_INVALID_ARGUMENT);
    EXPECT(eg_resampler_output_count(NULL, 5) == 0);
    EXPECT(eg_resampler_init(&resampler, 2, 1, workspace, bytes) == EG_OK);
    EXPECT(eg_resampler_run(NULL, in, 1, out, 4) == EG_INVALID_ARGUMENT);
    EXPECT(eg_resampler_run(&resampler, NULL, 1, out, 4) == EG_INVALID_ARGUMENT);
    EXPECT(eg_resampler_run(&resampler, in, 1, NULL, 4) == EG_INVALID_ARGUMENT);
    EXPECT(eg_resampler_run(&resampler, in, 1, out, 1) == EG_INVALID_ARGUMENT);
    EXPECT(eg_resampler_run(&resampler, in, 2, out, 4) == EG_INVALID_ARGUMENT);
    EXPECT(eg_resampler_run(&resampler, NULL, 0, NULL, 0) == EG_OK);
    EXPECT(out[0] == 7.0F && resampler.newest == 0);
}

int main(void)
{
    test_windows_overlap();
    test_what_a_ring_refuses();
    test_scaling();
    test_a_peak_leaves_no_trace();
    test_what_moving_statistics_refuse();
    test_the_impulse_response_of_a_biquad();
    test_what_a_biquad_refuses();
    for (uint32_t up = 1; up <= 5; ++up) {
        for (uint32_t down = 1; down <= 5; ++down) {
            test_resampling(up, down);
        }
    }
    test_what_a_resampler_refuses();
    return 0;
}
