/* A group of EG_AUDIO_LANES frames; what lanes.h says of its macros goes for this, too. */
#ifndef EDGEGEN_AUDIO_GROUP_H
#define EDGEGEN_AUDIO_GROUP_H

#include "edgegen/audio/lanes.h"

#ifndef EG_GROUP_BLOCK
#define EG_GROUP_BLOCK 0 /* or 4: then eg_group_block takes four samples from each frame */
#endif

EG_LANES_FUNCTION eg_lanes eg_group_sample(const float *samples, uint32_t hop)
{
#if EG_AUDIO_LANES == 1
    (void)hop;
    return samples[0];
#else
    eg_lanes x;

    for (size_t i = 0; i < EG_AUDIO_LANES; ++i) {
        x[i] = samples[i * hop];
    }
    return x;
#endif
}

/* As run.c loads a frame. */
EG_LANES_FUNCTION void eg_group_load(const eg_audio_plan *plan, const float *samples,
                                     eg_lanes *values)
{
    const uint16_t *const order = plan->fft.order;
    const float *const window = plan->window;
    const uint32_t length = plan->frame_length;
    const uint32_t size = plan->fft.size;
    const uint32_t hop = plan->hop;
    const eg_lanes zero = {0};
    uint32_t n = 0;

#if EG_GROUP_BLOCK > 0
    for (; n + EG_GROUP_BLOCK <= length; n += EG_GROUP_BLOCK) {
        eg_lanes block[EG_GROUP_BLOCK];

        eg_group_block(samples + n, hop, window + n, block);
        eg_lanes_put(values + (size_t)2 * order[n / 2], block[0], block[1]);
        eg_lanes_put(values + (size_t)2 * order[n / 2 + 1], block[2], block[3]);
    }
#endif
    for (; n < length; ++n) {
        values[(size_t)2 * order[n / 2] + n % 2] = eg_group_sample(samples + n, hop) * window[n];
    }
    for (; n < size; ++n) {
        values[(size_t)2 * order[n / 2] + n % 2] = zero;
    }
}

EG_LANES_FUNCTION void eg_group_store(const float *features, uint32_t count, float *rows)
{
    for (uint32_t f = 0; f < count; ++f) {
        for (uint32_t i = 0; i < EG_AUDIO_LANES; ++i) {
            rows[i * count + f] = features[EG_AUDIO_LANES * f + i];
        }
    }
}

EG_LANES_FUNCTION void eg_group_run(const eg_audio_plan *plan, const float *samples, float *scratch,
                                    float *rows)
{
    eg_lanes *const values = (eg_lanes *)(void *)scratch;
    eg_lanes *const bands = values + plan->fft.size + 2;
    eg_lanes *const features = plan->coefficients > 0 ? values : bands;

    eg_group_load(plan, samples, values);
    eg_lanes_features(plan, values, bands, features);
    eg_group_store((const float *)(const void *)features, eg_audio_features(plan), rows);
}

#endif /* EDGEGEN_AUDIO_GROUP_H */
