#include "edgegen/image/kernels.h"

#if EG_IMAGE_HAS_X86

#define X86_TARGET __attribute__((target("sse4.1")))
#define X86_WIDE 0
#include "x86_part.h"

bool eg_image_use_sse41(eg_image_draft draft)
{
    return __builtin_cpu_supports("sse4.1") && use(draft, EG_IMAGE_PATH_SSE41);
}

#else

extern int not_empty;

#endif
