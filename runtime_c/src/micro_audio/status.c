#include "edgegen/micro_audio.h"

const char *eg_micro_audio_status_text(eg_micro_audio_status status)
{
    static const char *const texts[] = {
#define EG_MICRO_AUDIO_STATUS_TEXT(name, text) text,
        EG_MICRO_AUDIO_STATUS_LIST(EG_MICRO_AUDIO_STATUS_TEXT)
#undef EG_MICRO_AUDIO_STATUS_TEXT
    };
    const size_t index = (size_t)status;

    return index < sizeof texts / sizeof texts[0] ? texts[index] : "unknown status";
}
