/* What the FFT's and the features' preparation share; not for callers. */
#ifndef EDGEGEN_AUDIO_TABLES_H
#define EDGEGEN_AUDIO_TABLES_H

#include "edgegen/audio.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Not NULL, and where floats may lie. */
static inline bool eg_audio_is_memory(const void *memory)
{
    return memory != NULL && (uintptr_t)memory % sizeof(float) == 0;
}

bool eg_real_fft_is_size(uint32_t size);

/* Floats that an FFT's tables take, beside the size / 2 elements of its order. */
size_t eg_real_fft_floats(uint32_t size);

void eg_real_fft_fill(eg_real_fft *fft, uint32_t size, float *floats, uint16_t *order);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_AUDIO_TABLES_H */
