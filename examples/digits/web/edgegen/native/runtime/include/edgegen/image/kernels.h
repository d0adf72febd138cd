/* The kernels that a plan may name, one source file each; not for callers.
 *
 * A reader makes a row of values from a row of the source: pixels beside pixels for NHWC, a
 * channel's row after another (the tensor's width apart) for NCHW. A row writer makes tensor from
 * two such rows. */
#ifndef EDGEGEN_IMAGE_KERNELS_H
#define EDGEGEN_IMAGE_KERNELS_H

#include <stdbool.h>

#include "edgegen/image.h"

/* Whether the compiler can write SSE4.1 and AVX2 for single functions; the processor is asked when
 * a plan is made. Defined as 0, it leaves those paths out. */
#ifndef EG_IMAGE_HAS_X86
#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
#define EG_IMAGE_HAS_X86 1
#else
#define EG_IMAGE_HAS_X86 0
#endif
#endif

/* Whether src/image/neon is compiled for NEON. Of an Armv7-A whose other files are not: defined as
 * 1 for all of them, and the processor is asked when a plan is made. */
#ifndef EG_IMAGE_HAS_NEON
#if defined(__ARM_NEON)
#define EG_IMAGE_HAS_NEON 1
#else
#define EG_IMAGE_HAS_NEON 0
#endif
#endif

/* Whether a plan may have the path of Armv7E-M, which runs anywhere but is slow elsewhere. Defined
 * as 0, it leaves that path out. */
#ifndef EG_IMAGE_HAS_DSP
#define EG_IMAGE_HAS_DSP 1
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

/* Between two levels: the value between 128 a and 128 b. */
static inline int16_t eg_image_mix_levels(int32_t a, int32_t b, int32_t fraction)
{
    const int32_t shift = EG_IMAGE_FRACTION_BITS - EG_IMAGE_VALUE_BITS;
    const int32_t half = INT32_C(1) << (shift - 1);

    return (int16_t)(((a << EG_IMAGE_FRACTION_BITS) + (b - a) * fraction + half) >> shift);
}

/* Between the pixels `first` and `first` + 1 of a side; `first` alone when the fraction is 0. */
typedef struct eg_image_position {
    int32_t first;
    int32_t fraction; /* 0 .. 2^15 - 1 */
} eg_image_position;

/* Where pixel `i` of `to` has its centre on a side of `from` pixels, the fraction rounded half up:
 * whole numbers only, so that every machine finds the same place, and of 32 bits, which sides of
 * 15 bits allow. */
static inline eg_image_position eg_image_position_of(eg_image_resize resize, int32_t i,
                                                     int32_t from, int32_t to)
{
    const uint32_t whole = 2 * (uint32_t)to;
    const uint32_t center = (2 * (uint32_t)i + 1) * (uint32_t)from; /* in 1 / whole pixels */
    eg_image_position at = {0, 0};

    if (resize == EG_IMAGE_NEAREST) {
        at.first = (int32_t)(center / whole);
        return at;
    }
    const uint32_t place = center > (uint32_t)to ? center - (uint32_t)to : 0;
    const uint32_t rest = (place % whole) << EG_IMAGE_FRACTION_BITS;

    at.first = (int32_t)(place / whole);
    at.fraction = (int32_t)((rest + (uint32_t)to) / whole);
    if (at.fraction >> EG_IMAGE_FRACTION_BITS) {
        ++at.first;
        at.fraction = 0;
    }
    if (at.first >= from - 1) {
        at.first = from - 1;
        at.fraction = 0;
    }
    return at;
}

static inline int32_t eg_image_channels(const eg_image_plan *plan)
{
    return plan->color == EG_IMAGE_COLOR_GRAY ? 1 : 3;
}

/* Whether every pixel of the part is one of the source: all fractions are 0. */
static inline bool eg_image_is_unmixed(const eg_image_plan *plan)
{
    return plan->resize == EG_IMAGE_NEAREST ||
           (plan->crop.width == plan->part.width && plan->crop.height == plan->part.height);
}

/* Where a reader puts a pixel: value `x * step + red` and so on. */
typedef struct eg_image_places {
    int32_t step;
    int32_t red, green, blue;
} eg_image_places;

static inline eg_image_places eg_image_places_of(const eg_image_plan *plan)
{
    const bool together = plan->layout == EG_IMAGE_NHWC;
    const int32_t channel = together ? 1 : plan->width;
    const int32_t last = 2 * channel;
    const bool red_first = plan->color == EG_IMAGE_COLOR_RGB;
    const eg_image_places places = {together ? 3 : 1, red_first ? 0 : last, channel,
                                    red_first ? last : 0};

    return places;
}

/* The part, by read_row and write_row. */
eg_image_part_writer eg_image_write_part;

/* The part where nothing is mixed (eg_image_is_unmixed), to int8 and uint8: one channel, or three
 * beside each other. */
eg_image_part_writer eg_image_pick_gray; /* from GRAY8 */
eg_image_part_writer eg_image_pick_luma; /* from YUYV and NV12 to gray */
eg_image_part_writer eg_image_pick_rgb;  /* from RGB8, BGR8 and RGBA8 */

/* The fill colour around the part, by write_row. */
eg_image_border_writer eg_image_write_border;

/* To three channels. */
eg_image_row_reader eg_image_read_rgb; /* from RGB8, BGR8 and RGBA8 */
eg_image_row_reader eg_image_read_gray_as_rgb;
eg_image_row_reader eg_image_read_yuyv;
eg_image_row_reader eg_image_read_nv12;

/* To one channel. */
eg_image_row_reader eg_image_read_rgb_as_gray;
eg_image_row_reader eg_image_read_gray;
eg_image_row_reader eg_image_read_yuyv_as_gray;
eg_image_row_reader eg_image_read_nv12_as_gray;

eg_image_row_writer eg_image_write_f32;
eg_image_row_writer eg_image_write_q8; /* int8 and uint8 */

/* What a path has to work with when a plan is made: the plan, which is the portable one's, and its
 * tables, with room for whole blocks of 8 columns and for 8 fractions for each of them. */
typedef struct eg_image_draft {
    eg_image_plan *plan;
    int32_t *columns;
    int16_t *fractions;
} eg_image_draft;

#if EG_IMAGE_HAS_X86
/* They make the plan one of their path, if the machine has it and it takes such a plan. */
bool eg_image_use_sse41(eg_image_draft draft);
bool eg_image_use_avx2(eg_image_draft draft);
#endif

#if EG_IMAGE_HAS_NEON
/* Makes the plan one of NEON, if it takes such a plan; the caller has asked for the processor's. */
bool eg_image_use_neon(eg_image_draft draft);
#endif

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_IMAGE_KERNELS_H */
