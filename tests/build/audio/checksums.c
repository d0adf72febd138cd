/* The checksum of what each plan makes of a sound: in a stream, frame by frame and as a clip. */
#include "checksums.h"

#include "plans.h"

enum { LONGEST = 2048 };

static float buffer[LONGEST];
static float scratch[(LONGEST + 2 + EG_AUDIO_MAX_BANDS) * 4 + 16];
static float rows[ROWS * EG_AUDIO_MAX_BANDS];
static uint32_t workspace[24 * LONGEST]; /* large enough for any plan */
static int16_t whole[SAMPLES];
static float samples[SAMPLES];

static uint32_t crc32_of(uint32_t crc, const void *data, size_t size)
{
    const unsigned char *byte = (const unsigned char *)data;

    crc = ~crc;
    for (; size > 0; --size) {
        crc ^= *byte++;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ (UINT32_C(0xEDB88320) & (0U - (crc & 1U)));
        }
    }
    return ~crc;
}

static void fill(void)
{
    uint32_t state = 1;

    for (size_t n = 0; n < SAMPLES; ++n) {
        state = state * UINT32_C(1664525) + UINT32_C(1013904223);
        whole[n] = (int16_t)(int32_t)((state >> 16) - 32768U);
        whole[n] = (int16_t)(whole[n] >> (n / 256)); /* from loud to silent */
        samples[n] = (float)whole[n] / 32768.0F;
    }
}

static size_t stream(const eg_audio_plan *plan)
{
    eg_audio_stream state;
    float *row = rows;

    if (eg_audio_stream_init(&state, plan, buffer, scratch) != EG_OK) {
        return 0;
    }
    for (uint32_t used = 0; used < SAMPLES;) {
        const uint32_t count = SAMPLES - used < 100 ? SAMPLES - used : 100;
        uint32_t taken = 0;
        bool is_row = false;

        if (eg_audio_stream_push_s16(&state, whole + used, count, &taken, row, &is_row) != EG_OK) {
            return 0;
        }
        used += taken;
        row += is_row ? eg_audio_features(plan) : 0;
    }
    return (size_t)(row - rows);
}

static size_t run(const eg_audio_plan *plan)
{
    const size_t frames = eg_audio_frame_count(plan, SAMPLES);
    const size_t features = eg_audio_features(plan);

    for (size_t i = 0; i < frames; ++i) {
        if (eg_audio_run(plan, samples + i * plan->hop, scratch, rows + i * features) != EG_OK) {
            return 0;
        }
    }
    return frames * features;
}

static size_t prepare_and_run(const eg_audio_spec *spec)
{
    eg_audio_plan plan;

    if (eg_audio_prepare(&plan, spec, workspace, sizeof workspace) != EG_OK) {
        return 0;
    }
    return run(&plan);
}

#ifdef CLIPS
static size_t run_clip(const eg_audio_plan *plan)
{
    if (eg_audio_run_clip(plan, EG_AUDIO_VECTOR4, samples, SAMPLES, scratch, sizeof scratch,
                          rows) != EG_OK) {
        return 0;
    }
    return eg_audio_frame_count(plan, SAMPLES) * eg_audio_features(plan);
}
#endif

uint32_t features_crc(uint32_t way)
{
    uint32_t crc = 0;

    fill();
    for (size_t i = 0; i < sizeof plans / sizeof *plans; ++i) {
        size_t count = 0;

        switch (way) {
        case 0:
            count = run(&plans[i]);
            break;
        case 1:
            count = stream(&plans[i]);
            break;
        case 2:
            count = prepare_and_run(&specs[i]);
            break;
        default:
#ifdef CLIPS
            count = run_clip(&plans[i]);
#endif
            break;
        }
        crc = crc32_of(crc, rows, count * sizeof *rows);
    }
    return crc;
}
