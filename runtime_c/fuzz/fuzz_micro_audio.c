/* edgegen/micro_audio.h: any plan over tables of their very sizes; a stream cut into any chunks, by
 * the fastest transform, gives the rows of whole frames by the portable one. */
#include "fuzz.h"

#include "edgegen/micro_audio.h"

enum { MOST_FRAMES = 10, LARGEST = 512 /* of the transforms that run */ };

/* What a plan points to, each in memory of its own. */
typedef struct tables {
    int16_t *window;
    uint16_t *order;
    int16_t *factors;
    int16_t *split_factors;
    uint16_t *widths;
    uint16_t *weights;
    int16_t *gains;
} tables;

static bool is_power_of_4(uint32_t size)
{
    return (size & UINT32_C(0x55555555)) != 0;
}

/* Whole numbers from `low` to `high`. */
static int16_t *random_table(size_t count, int32_t low, int32_t high, uint32_t seed)
{
    int16_t *const table = (int16_t *)allocate(count * sizeof(int16_t), seed);

    for (size_t i = 0; i < count; ++i) {
        table[i] = (int16_t)(low + (int32_t)(uint16_t)table[i] % (high - low + 1));
    }
    return table;
}

static uint16_t *order_of(uint32_t size)
{
    const uint32_t groups = is_power_of_4(size) ? size / 4 : size / 2;
    uint16_t *const order = (uint16_t *)allocate(groups * sizeof(uint16_t), 0);

    for (uint32_t g = 0; g < groups; ++g) {
        uint32_t reversed = 0;

        for (uint32_t weight = 1; weight < groups; weight *= 4) {
            reversed = 4 * reversed + g / weight % 4;
        }
        order[g] = (uint16_t)reversed;
    }
    return order;
}

static size_t factor_count(uint32_t size)
{
    size_t count = 0;

    for (uint32_t m = is_power_of_4(size) ? 4 : 2; m < size; m *= 4) {
        count += (size_t)3 * m;
    }
    return count;
}

/* Of a legal fft_size and legal channels, else only what is looked at. */
static tables make_tables(fuzz_input *input, const eg_micro_audio_plan *plan, bool runs)
{
    const uint32_t size = (runs ? plan->fft_size : 16) / 2;
    const size_t channels = runs || plan->channels <= 256 ? plan->channels : 1;
    const uint32_t seed = take(input, 2);
    tables made = {
        random_table(runs ? plan->frame_length : 1, 0, 4096, seed),
        order_of(size),
        random_table(2 * factor_count(size), -32767, 32767, seed + 1),
        random_table(2 * (size_t)size / 2, -32767, 32767, seed + 2),
        (uint16_t *)allocate((channels + 1) * sizeof(uint16_t), 0),
        NULL,
        NULL,
    };
    size_t bins = 0;

    for (size_t i = 0; i <= channels; ++i) {
        made.widths[i] = (uint16_t)take_below(input, take_one_in(input, 32) ? 65536 : 5);
        bins += made.widths[i];
    }
    made.weights = (uint16_t *)random_table(2 * bins, 0, 4096, seed + 3);
    if (take_one_in(input, 2)) {
        made.gains = random_table(EG_MICRO_AUDIO_GAINS, -32768, 32767, seed + 4);
    }
    return made;
}

static void free_tables(tables made)
{
    free(made.window);
    free(made.order);
    free(made.factors);
    free(made.split_factors);
    free(made.widths);
    free(made.weights);
    free(made.gains);
}

static eg_micro_audio_plan take_plan(fuzz_input *input)
{
    eg_micro_audio_plan plan;

    memset(&plan, 0, sizeof plan);
    plan.transform = eg_micro_audio_transform_any;
    plan.fft_size = take_one_in(input, 16) ? take(input, 4) : 16U << take_below(input, 6);
    plan.frame_length = take_size(input, plan.fft_size <= LARGEST ? plan.fft_size + 1 : LARGEST);
    plan.hop = take_size(input, plan.frame_length <= LARGEST ? plan.frame_length + 1 : LARGEST);
    plan.channels = take_size(input, take_one_in(input, 8) ? 257 : 24);
    plan.first_bin = take_below(input, 4);
    plan.smoothing[0] = take_below(input, 16400);
    plan.smoothing[1] = take_below(input, 16400);
    plan.min_signal_remaining = take_below(input, 16400);
    plan.smoothing_bits = take_size(input, 32) - 1;
    plan.gain_shift = take_size(input, 32) - 1;
    plan.correction_bits = (int32_t)take_size(input, 32) - 16;
    plan.log_shift = take_size(input, 32) - 1;
    plan.has_log = take_one_in(input, 2);
    return plan;
}

/* What is refused writes nothing. */
static void *init(eg_micro_audio *audio, const eg_micro_audio_plan *plan, uint32_t seed)
{
    const size_t bytes = eg_micro_audio_workspace_bytes(plan);
    uint8_t *const workspace = (uint8_t *)allocate(bytes, seed);

    fill(audio, sizeof *audio, seed);
    if (bytes > 0) {
        EXPECT(eg_micro_audio_init(audio, plan, workspace, bytes - 1) ==
               EG_MICRO_AUDIO_SMALL_WORKSPACE);
        EXPECT(eg_micro_audio_init(audio, plan, workspace + 2, bytes) ==
               EG_MICRO_AUDIO_BAD_WORKSPACE);
        EXPECT(is_untouched(audio, sizeof *audio, seed) && is_untouched(workspace, bytes, seed));
        EXPECT(eg_micro_audio_init(audio, plan, workspace, bytes) == EG_MICRO_AUDIO_OK);
        return workspace;
    }
    const eg_micro_audio_status status = eg_micro_audio_init(audio, plan, workspace, bytes);

    EXPECT(status != EG_MICRO_AUDIO_OK && strchr(eg_micro_audio_status_text(status), ' ') != NULL);
    EXPECT(is_untouched(audio, sizeof *audio, seed));
    free(workspace);
    return NULL;
}

static void run_stream(fuzz_input *input, eg_micro_audio *audio, const int16_t *samples,
                       size_t count, const uint16_t *want, size_t frames)
{
    const size_t row = audio->plan->channels;
    uint16_t *const features = (uint16_t *)allocate(row * sizeof(uint16_t), 3);
    size_t found = 0;

    for (size_t used = 0; used < count;) {
        const size_t chunk = 1 + take(input, 1) % 64;
        const size_t given = chunk < count - used ? chunk : count - used;
        const eg_micro_audio before = *audio;
        size_t taken = 77;
        bool is_row = true;

        if (take_one_in(input, 8)) {
            EXPECT(eg_micro_audio_push(audio, NULL, given, &taken, features, &is_row) ==
                   EG_MICRO_AUDIO_BAD_SAMPLES);
            EXPECT(taken == 77 && is_row && memcmp(audio, &before, sizeof before) == 0);
        }
        EXPECT(eg_micro_audio_push(audio, samples + used, given, &taken, features, &is_row) ==
               EG_MICRO_AUDIO_OK);
        EXPECT(taken <= given && (taken == given || is_row));
        used += taken;
        if (is_row) {
            EXPECT(found < frames);
            EXPECT(memcmp(features, want + found * row, row * sizeof(uint16_t)) == 0);
            ++found;
        }
    }
    EXPECT(found == frames);
    free(features);
}

static void check_to_s8(fuzz_input *input, const uint16_t *features, size_t count)
{
    const uint32_t divisor = take_size(input, 1000);
    const int32_t zero_point = (int32_t)take_below(input, 260) - 130;
    const bool is_legal = divisor >= 1 && divisor <= UINT32_C(1) << 24 && zero_point >= INT8_MIN &&
                          zero_point <= INT8_MAX;
    int8_t *const codes = (int8_t *)allocate(count, 1);
    const eg_micro_audio_status status =
        eg_micro_audio_to_s8(features, count, divisor, zero_point, codes);

    EXPECT((status == EG_MICRO_AUDIO_OK) == is_legal);
    EXPECT(is_legal || is_untouched(codes, count, 1));
    for (size_t i = 0; i < count && is_legal; ++i) {
        const int64_t code = (256 * (int64_t)features[i] + divisor / 2) / divisor + zero_point;

        EXPECT(codes[i] == (code < -128 ? -128 : (code > 127 ? 127 : code)));
    }
    free(codes);
}

static void run(fuzz_input *input, eg_micro_audio *whole, eg_micro_audio *stream)
{
    const eg_micro_audio_plan *const plan = whole->plan;
    const size_t count = take_below(input, plan->frame_length + (MOST_FRAMES - 1) * plan->hop + 1);
    const size_t frames =
        count < plan->frame_length ? 0 : (count - plan->frame_length) / plan->hop + 1;
    const size_t values = frames * plan->channels;
    int16_t *const samples = (int16_t *)allocate(count * sizeof(int16_t), take(input, 2));
    int16_t *const frame = (int16_t *)allocate(plan->frame_length * sizeof(int16_t), 0);
    uint16_t *const rows = (uint16_t *)allocate(values * sizeof(uint16_t), 0);
    const uint32_t quieter = take_below(input, 16);

    for (size_t i = 0; i < count; ++i) {
        samples[i] = (int16_t)(samples[i] / (1 << quieter));
    }
    for (size_t i = 0; i < frames; ++i) {
        memcpy(frame, samples + i * plan->hop, plan->frame_length * sizeof(int16_t));
        EXPECT(eg_micro_audio_run(whole, frame, rows + i * plan->channels) == EG_MICRO_AUDIO_OK);
    }
    run_stream(input, stream, samples, count, rows, frames);
    check_to_s8(input, rows, values);
    free(samples);
    free(frame);
    free(rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    eg_micro_audio_plan plan = take_plan(&input);
    const bool runs = plan.fft_size >= 16 && plan.fft_size <= LARGEST &&
                      (plan.fft_size & (plan.fft_size - 1)) == 0 &&
                      plan.frame_length <= plan.fft_size && plan.channels <= 256;
    const tables made = make_tables(&input, &plan, runs);
    eg_micro_audio whole;
    eg_micro_audio stream;

    EXPECT(eg_micro_audio_workspace_bytes(&plan) == 0); /* no tables */
    plan.window = made.window;
    plan.order = made.order;
    plan.factors = made.factors;
    plan.split_factors = made.split_factors;
    plan.widths = made.widths;
    plan.weights = made.weights;
    plan.gains = made.gains;

    eg_micro_audio_plan fast = plan; /* the same features */

    fast.transform = eg_micro_audio_best_transform();

    void *const workspace = init(&whole, &plan, 1);
    void *const second = init(&stream, &fast, 2);

    EXPECT((workspace == NULL) == (second == NULL));
    if (workspace != NULL && runs) {
        run(&input, &whole, &stream);
    }
    free(workspace);
    free(second);
    free_tables(made);
    return 0;
}
