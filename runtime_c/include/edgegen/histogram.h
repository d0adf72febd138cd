/* How often which duration occurred, in 4 KiB whatever their number: percentiles without a list.
 *
 * The buckets are log-linear. Values below 32 have one each; from there every power of two is cut
 * into 32 buckets of equal width, up to 2^36 (69 s of nanoseconds). A value read back is its
 * bucket's middle, so it is at most 1/64 (1.6 %) from the value counted, and exact below 64.
 * Values of 2^36 and more are counted together and read back as 2^36.
 *
 * Integers only: the same counts on every machine. Not thread-safe.
 */
#ifndef EDGEGEN_HISTOGRAM_H
#define EDGEGEN_HISTOGRAM_H

#include <stdint.h>

#include "edgegen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EG_HISTOGRAM_BUCKETS 1024
#define EG_HISTOGRAM_LIMIT (UINT64_C(1) << 36)

/* Zero-initialised is ready for use: `static eg_histogram histogram;` */
typedef struct eg_histogram {
    uint32_t counts[EG_HISTOGRAM_BUCKETS]; /* stay at UINT32_MAX once there */
    uint32_t beyond; /* values of EG_HISTOGRAM_LIMIT and more; saturates too */
} eg_histogram;

/* Counts one value. EG_INVALID_ARGUMENT when `histogram` is NULL. */
eg_status eg_histogram_add(eg_histogram *histogram, uint64_t value);

/* The nearest rank: the smallest value counted that at least `percent` of all values don't exceed
 * (0: the smallest), to the precision stated above. EG_INVALID_ARGUMENT, with nothing written, when
 * nothing has been counted, `percent` is above 100 or a pointer is NULL. Reads all the buckets. */
eg_status eg_histogram_percentile(const eg_histogram *histogram, uint32_t percent, uint64_t *value);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_HISTOGRAM_H */
