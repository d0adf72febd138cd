/* The ways to run a clip; not for callers. */
#ifndef EDGEGEN_AUDIO_CLIP_H
#define EDGEGEN_AUDIO_CLIP_H

#include "edgegen/audio.h"

/* Defined as 0, they leave a path out. */
#ifndef EG_AUDIO_HAS_AVX2
#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
#define EG_AUDIO_HAS_AVX2 1
#else
#define EG_AUDIO_HAS_AVX2 0
#endif
#endif

#ifndef EG_AUDIO_HAS_VECTOR4
#if defined(__GNUC__) && (defined(__SSE2__) || defined(__aarch64__) || defined(__wasm_simd128__))
#define EG_AUDIO_HAS_VECTOR4 1
#else
#define EG_AUDIO_HAS_VECTOR4 0
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The rows of a group of 4 or 8 frames, the first at `samples`; scratch as that of one frame for
 * each. */
#if EG_AUDIO_HAS_VECTOR4
void eg_audio_run_vector4(const eg_audio_plan *plan, const float *samples, float *scratch,
                          float *rows);
#endif
#if EG_AUDIO_HAS_AVX2
void eg_audio_run_avx2(const eg_audio_plan *plan, const float *samples, float *scratch,
                       float *rows);
#endif

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_AUDIO_CLIP_H */
