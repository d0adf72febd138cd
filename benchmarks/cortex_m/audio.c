/* Sound to rows of features: instructions per frame, beside a plain float MFCC. */
#include "bench.h"

#include <string.h>

#include "edgegen/audio.h"
#include "edgegen/isa_dsp.h"
#include "peer_audio.h"

/* A const eg_micro_audio_plan micro_plan, which preprocess_cortex_m.py writes. */
#include "micro_plan.h"

enum { FRAMES = 16, FRAME = 480, MOST_HOP = 320, SAMPLES = FRAME + (FRAMES - 1) * MOST_HOP };
enum { BANDS = 40, MOST_FEATURES = 40 };

typedef struct audio_case {
    const char *name;
    uint32_t hop, coefficients;
} audio_case;

static const audio_case cases[] = {{"mfcc10", 320, 10}, {"mfcc13", 160, 13}, {"logmel", 320, 0}};

static int16_t samples[SAMPLES];
static uint32_t workspace[4096];
static float scratch[EG_AUDIO_SCRATCH(512, BANDS)];
static float rows[FRAMES * MOST_FEATURES];
static uint16_t micro_rows[FRAMES * MOST_FEATURES];

typedef struct run {
    const audio_case *which;
    eg_audio_plan plan;
    peer_mfcc peer;
    eg_micro_audio micro;
} run;

static run this;

static void run_ours(void *context)
{
    const run *const of = context;
    const uint32_t features = eg_audio_features(&of->plan);

    for (uint32_t i = 0; i < FRAMES; ++i) {
        (void)eg_audio_run_s16(&of->plan, samples + i * of->which->hop, scratch,
                               rows + i * features);
    }
}

static void run_peer(void *context)
{
    run *const of = context;
    const uint32_t features = eg_audio_features(&of->plan);

    for (uint32_t i = 0; i < FRAMES; ++i) {
        peer_mfcc_run(&of->peer, samples + i * of->which->hop, rows + i * features);
    }
}

static void run_micro(void *context)
{
    run *const of = context;

    for (uint32_t i = 0; i < FRAMES; ++i) {
        (void)eg_micro_audio_run(&of->micro, samples + i * micro_plan.hop,
                                 micro_rows + i * micro_plan.channels);
    }
}

/* The lines' words: case, path, instructions of all frames, CRC32 of the rows. */
static void report(const char *name, const char *path, void (*work)(void *context),
                   const void *result, size_t bytes)
{
    const uint32_t instructions = count_instructions(work, &this);

    print_text(name);
    print_text(" ");
    print_text(path);
    print_text(" ");
    print_number(instructions);
    print_text(" ");
    print_number(crc32(result, bytes));
    print_text("\n");
}

/* A tone that fades out, and noise: what rows depend on is exercised, and the counts hardly depend
 * on it. */
static void fill(void)
{
    uint32_t state = 1;

    for (int32_t i = 0; i < SAMPLES; ++i) {
        state = state * 1664525U + 1013904223U;
        const int32_t noise = (int32_t)(state >> 20) - 2048;
        const int32_t triangle = (i * 37) % 4096 - 2048;

        samples[i] = (int16_t)(noise + triangle * (SAMPLES - i) / SAMPLES * 4);
    }
}

static void run_case(const audio_case *which)
{
    const eg_audio_spec spec = {.sample_rate = 16000.0F,
                                .frame_length = FRAME,
                                .hop = which->hop,
                                .fft_size = 512,
                                .mel_bands = BANDS,
                                .coefficients = which->coefficients,
                                .low_hz = 20.0F,
                                .high_hz = 7600.0F,
                                .log_floor = 1e-6F};

    this.which = which;
    if (eg_audio_prepare(&this.plan, &spec, workspace, sizeof workspace) != EG_OK) {
        return;
    }
    const size_t bytes = FRAMES * eg_audio_features(&this.plan) * sizeof *rows;

    report(which->name, "portable", run_ours, rows, bytes);
    peer_mfcc_prepare(&this.peer, spec.low_hz, spec.high_hz, which->coefficients, spec.log_floor);
    report(which->name, "plain", run_peer, rows, bytes);
}

void run_benchmark(void)
{
    fill();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        run_case(&cases[i]);
    }
    (void)eg_micro_audio_init(&this.micro, &micro_plan, workspace, sizeof workspace);
    report("micro", EG_HAS_DSP ? "dsp" : "portable", run_micro, micro_rows,
           FRAMES * micro_plan.channels * sizeof *micro_rows);
}
