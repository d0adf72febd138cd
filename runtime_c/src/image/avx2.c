#include "edgegen/image/kernels.h"

#if EG_IMAGE_HAS_X86

/* Without FMA, so nothing is fused. */
#define X86_TARGET __attribute__((target("avx2")))
#define X86_WIDE 1
#include "x86_part.h"

bool eg_image_use_avx2(eg_image_draft draft)
{
    return __builtin_cpu_supports("avx2") && use(draft, EG_IMAGE_PATH_AVX2);
}

#else

extern int not_empty;

#endif
