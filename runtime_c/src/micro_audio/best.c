#include "edgegen/cpu.h"
#include "edgegen/micro_audio/kernels.h"

eg_micro_audio_transform eg_micro_audio_best_transform(void)
{
#if EG_MICRO_AUDIO_HAS_AVX2
    return __builtin_cpu_supports("avx2") ? eg_micro_audio_transform_avx2
                                          : eg_micro_audio_transform_any;
#elif EG_MICRO_AUDIO_HAS_NEON
    return eg_cpu_has_neon() ? eg_micro_audio_transform_neon : eg_micro_audio_transform_any;
#else
    return eg_micro_audio_transform_any;
#endif
}
