#include "edgegen/image/pick.h"

void eg_image_pick_rgb(const eg_image_plan *plan, const eg_image *image, void *tensor)
{
    const bool blue_first = plan->source.format == EG_IMAGE_BGR8;
    const bool wants_blue_first = plan->color == EG_IMAGE_COLOR_BGR;
    const int32_t first = blue_first == wants_blue_first ? 0 : 2;
    const bool clamps = eg_image_has_to_clamp(plan);

    for (int32_t y = 0; y < plan->part.height; ++y) {
        const eg_image_pick_row by = eg_image_pick_row_of(plan, image, y, tensor);

        if (clamps) {
            eg_image_pick_three(plan, by, first, eg_image_range_of(plan, true));
        } else {
            eg_image_pick_three(plan, by, first, eg_image_range_of(plan, false));
        }
    }
}
