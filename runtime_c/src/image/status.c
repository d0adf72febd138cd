#include "edgegen/image.h"

const char *eg_image_status_text(eg_image_status status)
{
    static const char *const texts[] = {
#define EG_IMAGE_STATUS_TEXT(name, text) text,
        EG_IMAGE_STATUS_LIST(EG_IMAGE_STATUS_TEXT)
#undef EG_IMAGE_STATUS_TEXT
    };
    const size_t index = (size_t)status;

    return index < sizeof texts / sizeof texts[0] ? texts[index] : "unknown status";
}
