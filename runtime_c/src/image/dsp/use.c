#include "edgegen/image/dsp.h"

/* NULL: there is none. */
static eg_image_row_reader *reader_of(const eg_image_plan *plan)
{
    static eg_image_row_reader *const to_gray[EG_IMAGE_FORMAT_COUNT] = {
        NULL,
        NULL,
        NULL,
        eg_image_read_gray_dsp,
        eg_image_read_yuyv_as_gray_dsp,
        eg_image_read_nv12_as_gray_dsp,
    };
    const bool blue_first = plan->source.format == EG_IMAGE_BGR8;
    const bool wants_blue_first = plan->color == EG_IMAGE_COLOR_BGR;
    const bool reversed = blue_first != wants_blue_first;

    if (plan->color == EG_IMAGE_COLOR_GRAY) {
        return to_gray[plan->source.format];
    }
    if (plan->layout != EG_IMAGE_NHWC || plan->source.format > EG_IMAGE_RGBA8) {
        return NULL;
    }
    if (plan->source.format == EG_IMAGE_RGBA8) {
        return reversed ? eg_image_read_rgba_reversed_dsp : eg_image_read_rgba_dsp;
    }
    return reversed ? eg_image_read_rgb_reversed_dsp : eg_image_read_rgb_dsp;
}

static eg_image_part_writer *writer_of(const eg_image_plan *plan)
{
    const bool is_signed = plan->type == EG_IMAGE_INT8;

    if (eg_image_is_levels_dsp(plan)) {
        return eg_image_write_levels_dsp;
    }
    if (plan->color == EG_IMAGE_COLOR_GRAY) {
        return is_signed ? eg_image_write_gray_s8_dsp : eg_image_write_gray_u8_dsp;
    }
    return is_signed ? eg_image_write_rgb_s8_dsp : eg_image_write_rgb_u8_dsp;
}

bool eg_image_use_dsp(eg_image_draft draft)
{
    eg_image_plan *const plan = draft.plan;
    eg_image_row_reader *const reader = reader_of(plan);

    if (reader == NULL || plan->type == EG_IMAGE_FLOAT32 || plan->resize != EG_IMAGE_BILINEAR) {
        return false;
    }
    plan->path = EG_IMAGE_PATH_DSP;
    plan->read_row = reader;
    plan->write_part = writer_of(plan);
    if (plan->write_border == NULL) {
        plan->write_row = NULL; /* which serves nothing else */
    }
    return true;
}
