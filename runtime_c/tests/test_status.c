#include "edgegen/status.h"

#include "check.h"

#include <string.h>

int main(void)
{
    EXPECT(EG_OK == 0);
    for (int i = 0; i < EG_STATUS_COUNT; ++i) {
        EXPECT(strlen(eg_status_text((eg_status)i)) > 0);
        EXPECT(strcmp(eg_status_text((eg_status)i), "unknown status") != 0);
    }
    EXPECT(strcmp(eg_status_text(EG_STATUS_COUNT), "unknown status") == 0);
    return 0;
}
