/* eg_audio_run of samples that have been looked at; not for callers. */
#ifndef EDGEGEN_AUDIO_ROW_H
#define EDGEGEN_AUDIO_ROW_H

#include "edgegen/audio.h"

#ifdef __cplusplus
extern "C" {
#endif

void eg_audio_row(const eg_audio_plan *plan, const float *samples, float *scratch, float *features);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_AUDIO_ROW_H */
