#include "edgegen/image/pick.h"

void eg_image_pick_gray(const eg_image_plan *plan, const eg_image *image, void *tensor)
{
    eg_image_pick_one_channel(plan, image, false, tensor);
}
