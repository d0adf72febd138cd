#include "edgegen/image/dsp_read.h"

void eg_image_read_gray_dsp(const eg_image_plan *plan, const eg_image *image, int32_t y,
                            int16_t *row)
{
    eg_image_read_luma_dsp(plan, eg_image_rows_of(plan, image, y), 1, false, row);
}
