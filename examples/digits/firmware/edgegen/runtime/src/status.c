#include "edgegen/status.h"

#include <stddef.h>

const char *eg_status_text(eg_status status)
{
    static const char *const texts[] = {
#define EG_STATUS_TEXT(name, text) text,
        EG_STATUS_LIST(EG_STATUS_TEXT)
#undef EG_STATUS_TEXT
    };
    const size_t index = (size_t)status;

    return index < sizeof texts / sizeof texts[0] ? texts[index] : "unknown status";
}
