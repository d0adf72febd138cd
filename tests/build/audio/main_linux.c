#include <inttypes.h>
#include <stdio.h>

#include "checksums.h"

int main(void)
{
    for (uint32_t way = 0; way < WAYS; ++way) {
        printf("%08" PRIx32 "\n", features_crc(way));
    }
    return 0;
}
