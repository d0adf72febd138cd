#include "edgegen/image/dsp_part.h"

/* Whether the tensor is levels plus one number. */
static bool is_levels(const eg_image_plan *plan)
{
    const int32_t bias = eg_image_level_bias(plan);
    const int32_t most = UINT8_MAX << EG_IMAGE_VALUE_BITS;

    for (int32_t c = 0; c < eg_image_channels(plan); ++c) {
        if (plan->multiplier[c] != INT32_C(1) << (plan->shift - EG_IMAGE_VALUE_BITS) ||
            plan->bias[c] != plan->bias[0]) {
            return false;
        }
    }
    return bias >> EG_IMAGE_VALUE_BITS >= plan->low &&
           (bias + most) >> EG_IMAGE_VALUE_BITS <= plan->high;
}

static eg_image_bytes_dsp bytes_of(const eg_image_plan *plan)
{
    if (is_levels(plan)) {
        return EG_IMAGE_LEVELS_DSP;
    }
    return plan->type == EG_IMAGE_INT8 ? EG_IMAGE_S8_DSP : EG_IMAGE_U8_DSP;
}

/* NULL: there is none. */
static eg_image_part_writer *colors_writer(const eg_image_plan *plan)
{
    static eg_image_part_writer *const writers[2][3] = {
        {eg_image_rgb_to_levels_dsp, eg_image_rgb_to_s8_dsp, eg_image_rgb_to_u8_dsp},
        {eg_image_rgb_reversed_to_levels_dsp, eg_image_rgb_reversed_to_s8_dsp,
         eg_image_rgb_reversed_to_u8_dsp},
    };
    const bool blue_first = plan->source.format == EG_IMAGE_BGR8;
    const bool wants_blue_first = plan->color == EG_IMAGE_COLOR_BGR;

    if (plan->layout != EG_IMAGE_NHWC ||
        (plan->source.format != EG_IMAGE_RGB8 && plan->source.format != EG_IMAGE_BGR8)) {
        return NULL;
    }
    return writers[blue_first != wants_blue_first][bytes_of(plan)];
}

/* NULL: there is none. */
static eg_image_part_writer *gray_writer(const eg_image_plan *plan)
{
    static eg_image_part_writer *const writers[EG_IMAGE_FORMAT_COUNT][3] = {
        [EG_IMAGE_GRAY8] = {eg_image_gray_to_levels_dsp, eg_image_gray_to_s8_dsp,
                            eg_image_gray_to_u8_dsp},
        [EG_IMAGE_YUYV] = {eg_image_yuyv_to_gray_levels_dsp, eg_image_yuyv_to_gray_s8_dsp,
                           eg_image_yuyv_to_gray_u8_dsp},
        [EG_IMAGE_NV12] = {eg_image_nv12_to_gray_levels_dsp, eg_image_nv12_to_gray_s8_dsp,
                           eg_image_nv12_to_gray_u8_dsp},
    };

    return writers[plan->source.format][bytes_of(plan)];
}

bool eg_image_use_dsp(eg_image_draft draft)
{
    eg_image_plan *const plan = draft.plan;

    if (plan->type == EG_IMAGE_FLOAT32 || eg_image_is_unmixed(plan)) {
        return false;
    }
    eg_image_part_writer *const writer =
        plan->color == EG_IMAGE_COLOR_GRAY ? gray_writer(plan) : colors_writer(plan);

    if (writer == NULL) {
        return false;
    }
    plan->path = EG_IMAGE_PATH_DSP;
    plan->write_part = writer;
    plan->read_row = NULL;
    if (plan->write_border == NULL) { /* which has its own uses of them */
        plan->write_row = NULL;
        plan->rows[0] = NULL;
        plan->rows[1] = NULL;
    }
    return true;
}
