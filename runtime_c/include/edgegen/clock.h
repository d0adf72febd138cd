/* The host's monotonic clock. Not for bare metal, where the project's port layer has one. */
#ifndef EDGEGEN_CLOCK_H
#define EDGEGEN_CLOCK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Nanoseconds since an arbitrary moment, the same for the whole process; never goes back, and
 * neither the user nor a time server can set it. 64 bits last for 584 years. Costs some tens of
 * nanoseconds on Linux. Returns 0, and only 0, where the system has no such clock. */
uint64_t eg_clock_ns(void);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_CLOCK_H */
