#ifndef CHECKSUMS_H
#define CHECKSUMS_H

#include "edgegen/audio.h"

/* `way`: 0 frame by frame, 1 in a stream, 2 with plans prepared here, 3 (with -DCLIPS) four
 * frames at once. */
uint32_t features_crc(uint32_t way);

#endif
