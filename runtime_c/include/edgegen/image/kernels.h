/* The two loops of eg_image_run, once for every path; not for callers. */
#ifndef EDGEGEN_IMAGE_KERNELS_H
#define EDGEGEN_IMAGE_KERNELS_H

#include "edgegen/image.h"

/* Whether the compiler can write AVX2 for one function; the processor is asked when a plan is
 * made. Defined as 0, it leaves that path out. */
#ifndef EG_IMAGE_HAS_AVX2
#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
#define EG_IMAGE_HAS_AVX2 1
#else
#define EG_IMAGE_HAS_AVX2 0
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum { EG_IMAGE_FRACTION_BITS = 15, EG_IMAGE_VALUE_BITS = 7 };

/* a + (b - a) * fraction, rounded half up; PMULHRSW and VQRDMULH compute the product. */
static inline int32_t eg_image_mix(int32_t a, int32_t b, int32_t fraction)
{
    const int32_t half = INT32_C(1) << (EG_IMAGE_FRACTION_BITS - 1);

    return a + (((b - a) * fraction + half) >> EG_IMAGE_FRACTION_BITS);
}

/* Between the pixels `first` and `first` + 1 of a side; `first` alone when the fraction is 0. */
typedef struct eg_image_position {
    int32_t first;
    int32_t fraction; /* 0 .. 2^15 - 1 */
} eg_image_position;

/* Where pixel `i` of `to` has its centre on a side of `from` pixels, the fraction rounded half up:
 * whole numbers only, so that every machine finds the same place. */
eg_image_position eg_image_position_of(eg_image_resize resize, int32_t i, int32_t from, int32_t to);

/* Row `y` of the source, resized to the part's width: values, `channels` (AVX2: 4) a pixel. */
void eg_image_resize_row(const eg_image_plan *plan, const eg_image *image, int32_t y, int16_t *row);

/* Row `y` of the tensor, the columns of the part, from two such rows. */
void eg_image_write_row(const eg_image_plan *plan, const int16_t *upper, const int16_t *lower,
                        int32_t fraction, int32_t y, void *tensor);

/* Columns `begin` to `end` of row `y` of the tensor, with the fill colour. */
void eg_image_write_fill(const eg_image_plan *plan, int32_t y, int32_t begin, int32_t end,
                         void *tensor);

#if EG_IMAGE_HAS_AVX2
bool eg_image_avx2_takes(const eg_image_spec *spec, const eg_image_source *source);

/* Turns the portable path's tables into those of this one. */
void eg_image_tabulate_avx2(eg_image_plan *plan);
void eg_image_resize_row_avx2(const eg_image_plan *plan, const eg_image *image, int32_t y,
                              int16_t *row);
void eg_image_write_row_avx2(const eg_image_plan *plan, const int16_t *upper, const int16_t *lower,
                             int32_t fraction, int32_t y, void *tensor);
#endif

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_IMAGE_KERNELS_H */
