#include "edgegen/image/dsp_write.h"

static void write_row(const eg_image_plan *plan, eg_image_row_dsp row)
{
    eg_image_write_rgb_row_dsp(plan, row, false);
}

void eg_image_write_rgb_u8_dsp(const eg_image_plan *plan, const eg_image *image, void *tensor)
{
    eg_image_write_rows_dsp(plan, image, 3, write_row, tensor);
}
