/* The steps from a frame to its features, for the files of src/micro_audio. */
#ifndef EDGEGEN_MICRO_AUDIO_KERNELS_H
#define EDGEGEN_MICRO_AUDIO_KERNELS_H

#include "edgegen/micro_audio.h"

/* Whether the compiler can write AVX2 for one function; the processor is asked when the program
 * runs. Defined as 0, it leaves that path out. */
#ifndef EG_MICRO_AUDIO_HAS_AVX2
#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
#define EG_MICRO_AUDIO_HAS_AVX2 1
#else
#define EG_MICRO_AUDIO_HAS_AVX2 0
#endif
#endif

/* Whether src/micro_audio/neon.c is compiled for NEON; of an Armv7-A whose other files are not,
 * defined as 1 for all of them, and the processor is asked when the program runs. */
#ifndef EG_MICRO_AUDIO_HAS_NEON
#if defined(__ARM_NEON)
#define EG_MICRO_AUDIO_HAS_NEON 1
#else
#define EG_MICRO_AUDIO_HAS_NEON 0
#endif
#endif

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

#if EG_MICRO_AUDIO_HAS_AVX2
void eg_micro_audio_transform_avx2(const eg_micro_audio_plan *plan, const int16_t *frame,
                                   uint32_t shift, int16_t *spectrum, uint32_t *energies);
#endif

#if EG_MICRO_AUDIO_HAS_NEON
void eg_micro_audio_transform_neon(const eg_micro_audio_plan *plan, const int16_t *frame,
                                   uint32_t shift, int16_t *spectrum, uint32_t *energies);
#endif

/* Energies to features; updates the noise estimates. */
void eg_micro_audio_features(const eg_micro_audio_plan *plan, const uint32_t *energies,
                             uint32_t shift, uint32_t *noise, uint16_t *features);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_MICRO_AUDIO_KERNELS_H */
