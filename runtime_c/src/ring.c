#include <string.h>

#include "edgegen/finite.h"
#include "edgegen/sensor.h"

#define MOST_SAMPLES (UINT32_C(1) << 31)

eg_status eg_ring_init(eg_ring *ring, uint32_t length, uint32_t channels, uint32_t hop,
                       float *buffer)
{
    if (ring == NULL || buffer == NULL || channels == 0 || hop == 0 || hop > length ||
        length > MOST_SAMPLES / channels) {
        return EG_INVALID_ARGUMENT;
    }
    *ring = (eg_ring){
        .frames = buffer, .length = length, .channels = channels, .hop = hop, .missing = length};
    return EG_OK;
}

eg_status eg_ring_push(eg_ring *ring, const float *frames, uint32_t count, uint32_t *taken)
{
    if (ring == NULL || taken == NULL || (frames == NULL && count > 0)) {
        return EG_INVALID_ARGUMENT;
    }
    const uint32_t wanted = count < ring->missing ? count : ring->missing;

    if (!eg_all_finite(frames, (size_t)wanted * ring->channels)) {
        return EG_INVALID_ARGUMENT;
    }
    for (uint32_t i = 0; i < wanted; ++i) {
        memcpy(ring->frames + (size_t)ring->oldest * ring->channels,
               frames + (size_t)i * ring->channels, ring->channels * sizeof *frames);
        ring->oldest = ring->oldest + 1 < ring->length ? ring->oldest + 1 : 0;
    }
    ring->missing -= wanted;
    *taken = wanted;
    return EG_OK;
}

bool eg_ring_is_complete(const eg_ring *ring)
{
    return ring != NULL && ring->missing == 0;
}

eg_status eg_ring_read(eg_ring *ring, float *window)
{
    if (!eg_ring_is_complete(ring) || window == NULL) {
        return EG_INVALID_ARGUMENT;
    }
    const size_t split = (size_t)ring->oldest * ring->channels;
    const size_t all = (size_t)ring->length * ring->channels;

    memcpy(window, ring->frames + split, (all - split) * sizeof *window);
    memcpy(window + (all - split), ring->frames, split * sizeof *window);
    ring->missing = ring->hop;
    return EG_OK;
}
