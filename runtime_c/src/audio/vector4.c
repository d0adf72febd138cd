#include "edgegen/audio/clip.h"

#if EG_AUDIO_HAS_VECTOR4

#define EG_AUDIO_LANES 4
#define EG_LANES_FUNCTION static inline

#include "edgegen/audio/group.h"

void eg_audio_run_vector4(const eg_audio_plan *plan, const float *samples, float *scratch,
                          float *rows)
{
    eg_group_run(plan, samples, scratch, rows);
}

#else
typedef int eg_audio_no_vector4;
#endif
