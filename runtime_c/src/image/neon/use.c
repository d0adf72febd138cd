#include "edgegen/image/neon.h"

#if EG_IMAGE_HAS_NEON

enum { LANES = 4 };

/* NEON of Armv7-A takes what is below 2^-126 for 0, which the portable path doesn't. Neither a
 * product with a number above 2^-100 nor a sum of two such is: sums are multiples of the last bit
 * of either. */
static bool is_normal(float x)
{
#if defined(__aarch64__)
    (void)x;
    return true;
#else
    const float least = 1.0F / 1.2676506e30F; /* 2^-100 */

    return x == 0.0F || x > least || x < -least;
#endif
}

static bool takes_floats(const eg_image_plan *plan)
{
    for (int32_t c = 0; c < eg_image_channels(plan); ++c) {
        if (!is_normal(plan->value_scale[c]) || !is_normal(plan->offset[c])) {
            return false;
        }
    }
    return true;
}

/* Each fraction four times, for the channels of a pixel; the inner columns are those from which 8
 * bytes may be read. */
static void tabulate(eg_image_draft draft)
{
    eg_image_plan *const plan = draft.plan;
    const int32_t size = plan->source.format == EG_IMAGE_RGBA8 ? 4 : 3;
    const int32_t row = plan->source.width * size;

    plan->inner_columns = 0;
    for (int32_t x = plan->part.width; x-- > 0;) {
        const int16_t fraction = draft.fractions[x];

        for (int32_t lane = 0; lane < LANES; ++lane) {
            draft.fractions[LANES * x + lane] = fraction;
        }
        if (draft.columns[x] + 8 <= row && plan->inner_columns == 0) {
            plan->inner_columns = x + 1;
        }
    }
}

bool eg_image_use_neon(eg_image_draft draft)
{
    eg_image_plan *const plan = draft.plan;

    if (plan->type == EG_IMAGE_FLOAT32 && !takes_floats(plan)) {
        return false;
    }
    plan->path = EG_IMAGE_PATH_NEON;
    plan->write_row =
        plan->type == EG_IMAGE_FLOAT32 ? eg_image_write_f32_neon : eg_image_write_q8_neon;
    if (plan->read_row == eg_image_read_rgb) {
        plan->read_row = eg_image_read_rgb_neon;
        tabulate(draft);
    }
    return true;
}

#else

extern int not_empty;

#endif
