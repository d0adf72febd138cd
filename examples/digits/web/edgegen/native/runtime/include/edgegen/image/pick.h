/* Pixels that are looked at one by one: nothing is mixed, so no rows are needed in between. What
 * the eg_image_pick kernels are made of; not for callers. */
#ifndef EDGEGEN_IMAGE_PICK_H
#define EDGEGEN_IMAGE_PICK_H

#include "edgegen/image/yuv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One channel's numbers: of a level, not of a value. */
typedef struct eg_image_level_channel {
    int32_t multiplier, bias;
} eg_image_level_channel;

static inline eg_image_level_channel eg_image_level_channel_of(const eg_image_plan *plan, int32_t c)
{
    const eg_image_level_channel by = {plan->multiplier[c] * (1 << EG_IMAGE_VALUE_BITS),
                                       plan->bias[c]};

    return by;
}

static inline int32_t eg_image_quantise_level(int32_t level, eg_image_level_channel by,
                                              int32_t shift)
{
    return (level * by.multiplier + by.bias) >> shift;
}

/* Whether a tensor can't hold what some level becomes. */
static inline bool eg_image_has_to_clamp(const eg_image_plan *plan)
{
    for (int32_t c = 0; c < eg_image_channels(plan); ++c) {
        const eg_image_level_channel by = eg_image_level_channel_of(plan, c);
        const int32_t darkest = eg_image_quantise_level(0, by, plan->shift);
        const int32_t brightest = eg_image_quantise_level(UINT8_MAX, by, plan->shift);

        if (darkest < plan->low || darkest > plan->high || brightest < plan->low ||
            brightest > plan->high) {
            return true;
        }
    }
    return false;
}

/* What all channels share. */
typedef struct eg_image_range {
    int32_t shift;
    int32_t low, high;
    bool clamps; /* a constant wherever it is asked for, so that loops are of one kind */
} eg_image_range;

static inline eg_image_range eg_image_range_of(const eg_image_plan *plan, bool clamps)
{
    const eg_image_range within = {plan->shift, plan->low, plan->high, clamps};

    return within;
}

/* The byte of an int8 or a uint8. */
static inline uint8_t eg_image_byte_of_level(int32_t level, eg_image_level_channel by,
                                             eg_image_range within)
{
    const int32_t q = eg_image_quantise_level(level, by, within.shift);

    if (!within.clamps) {
        return (uint8_t)q;
    }
    return (uint8_t)(q < within.low ? within.low : (q > within.high ? within.high : q));
}

/* A row of the part, where it begins in the source and in the tensor. */
typedef struct eg_image_pick_row {
    const uint8_t *from;
    uint8_t *to;
} eg_image_pick_row;

static inline eg_image_pick_row eg_image_pick_row_of(const eg_image_plan *plan,
                                                     const eg_image *image, int32_t y, void *tensor)
{
    const eg_image_position at =
        eg_image_position_of(plan->resize, y, plan->crop.height, plan->part.height);
    const size_t before = (size_t)(plan->part.top + y) * (size_t)plan->width;
    const size_t pixel = before + (size_t)plan->part.left;
    const eg_image_pick_row found = {
        image->pixels + (size_t)(plan->crop.top + at.first) * image->stride,
        (uint8_t *)tensor + pixel * (size_t)eg_image_channels(plan),
    };

    return found;
}

static inline void eg_image_pick_one(const eg_image_plan *plan, eg_image_pick_row by, bool is_video,
                                     eg_image_range within)
{
    const eg_image_level_channel only = eg_image_level_channel_of(plan, 0);
    const int32_t *column = plan->columns;

    for (int32_t left = plan->part.width; left > 0; --left) {
        const int32_t byte = by.from[*column++];

        *by.to++ =
            eg_image_byte_of_level(is_video ? eg_image_luma_to_level(byte) : byte, only, within);
    }
}

static inline void eg_image_pick_three(const eg_image_plan *plan, eg_image_pick_row by,
                                       int32_t first, eg_image_range within)
{
    const eg_image_level_channel by0 = eg_image_level_channel_of(plan, 0);
    const eg_image_level_channel by1 = eg_image_level_channel_of(plan, 1);
    const eg_image_level_channel by2 = eg_image_level_channel_of(plan, 2);
    const int32_t *column = plan->columns;

    for (int32_t left = plan->part.width; left > 0; --left) {
        const uint8_t *const pixel = by.from + *column++;

        by.to[0] = eg_image_byte_of_level(pixel[first], by0, within);
        by.to[1] = eg_image_byte_of_level(pixel[1], by1, within);
        by.to[2] = eg_image_byte_of_level(pixel[2 - first], by2, within);
        by.to += 3;
    }
}

static inline void eg_image_pick_one_channel(const eg_image_plan *plan, const eg_image *image,
                                             bool is_video, void *tensor)
{
    const bool clamps = eg_image_has_to_clamp(plan);

    for (int32_t y = 0; y < plan->part.height; ++y) {
        const eg_image_pick_row by = eg_image_pick_row_of(plan, image, y, tensor);

        if (clamps) {
            eg_image_pick_one(plan, by, is_video, eg_image_range_of(plan, true));
        } else {
            eg_image_pick_one(plan, by, is_video, eg_image_range_of(plan, false));
        }
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_IMAGE_PICK_H */
