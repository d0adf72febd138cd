#include "edgegen/audio/clip.h"

#if EG_AUDIO_HAS_AVX2

#include <immintrin.h>

#define EG_AUDIO_LANES 8
/* The instructions of these functions, so that no flag is needed. Without FMA. */
#define EG_LANES_FUNCTION __attribute__((target("avx2"))) static inline
#define EG_GROUP_BLOCK 4

#include "edgegen/audio/lanes.h"

/* Four windowed samples of frame i and, in the upper half, of frame i + 4. */
EG_LANES_FUNCTION __m256 windowed(const float *samples, size_t hop, size_t i, __m256 window)
{
    const __m256 lower = _mm256_castps128_ps256(_mm_loadu_ps(samples + i * hop));
    const __m128 upper = _mm_loadu_ps(samples + (i + 4) * hop);

    return _mm256_mul_ps(_mm256_insertf128_ps(lower, upper, 1), window);
}

/* Four samples of each frame, transposed in both halves. */
EG_LANES_FUNCTION void eg_group_block(const float *samples, size_t hop, const float *window,
                                      eg_lanes *block)
{
    const __m256 w = _mm256_broadcast_ps((const __m128 *)(const void *)window);
    const __m256 a = windowed(samples, hop, 0, w);
    const __m256 b = windowed(samples, hop, 1, w);
    const __m256 c = windowed(samples, hop, 2, w);
    const __m256 d = windowed(samples, hop, 3, w);
    const __m256 ac01 = _mm256_unpacklo_ps(a, c);
    const __m256 ac23 = _mm256_unpackhi_ps(a, c);
    const __m256 bd01 = _mm256_unpacklo_ps(b, d);
    const __m256 bd23 = _mm256_unpackhi_ps(b, d);

    block[0] = _mm256_unpacklo_ps(ac01, bd01);
    block[1] = _mm256_unpackhi_ps(ac01, bd01);
    block[2] = _mm256_unpacklo_ps(ac23, bd23);
    block[3] = _mm256_unpackhi_ps(ac23, bd23);
}

#include "edgegen/audio/group.h"

__attribute__((target("avx2"))) void
eg_audio_run_avx2(const eg_audio_plan *plan, const float *samples, float *scratch, float *rows)
{
    eg_group_run(plan, samples, scratch, rows);
}

#else
typedef int eg_audio_no_avx2;
#endif
