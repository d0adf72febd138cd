/* The steps from a frame to its features, for the files of src/micro_audio. */
#ifndef EDGEGEN_MICRO_AUDIO_KERNELS_H
#define EDGEGEN_MICRO_AUDIO_KERNELS_H

#include "edgegen/micro_audio.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bits up to the leading one: 0 for 0, 32 for 2^31. */
static inline uint32_t eg_bit_length(uint32_t x)
{
#if defined(__GNUC__)
    return x == 0 ? 0U : 32U - (uint32_t)__builtin_clz(x);
#else
    uint32_t length = 0;

    for (; x != 0; x >>= 1) {
        ++length;
    }
    return length;
#endif
}

/* Writes the windowed samples, and zeros up to fft_size. Returns how far to shift them up. */
uint32_t eg_micro_audio_window(const eg_micro_audio_plan *plan, const int16_t *samples,
                               int16_t *frame);

/* Energies to features; updates the noise estimates. */
void eg_micro_audio_features(const eg_micro_audio_plan *plan, const uint32_t *energies,
                             uint32_t shift, uint32_t *noise, uint16_t *features);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_MICRO_AUDIO_KERNELS_H */
