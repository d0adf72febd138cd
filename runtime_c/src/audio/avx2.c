#include "edgegen/audio/clip.h"

#if EG_AUDIO_HAS_AVX2

#define EG_LANES 8
/* The instructions of these functions, so that no flag is needed. Without FMA. */
#define EG_LANES_FUNCTION __attribute__((target("avx2"))) static inline

#include "edgegen/audio/group.h"

__attribute__((target("avx2"))) void
eg_audio_run_avx2(const eg_audio_plan *plan, const float *samples, float *scratch, float *rows)
{
    eg_group_run(plan, samples, scratch, rows);
}

#else
typedef int eg_audio_no_avx2;
#endif
