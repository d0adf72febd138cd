#include "edgegen/histogram.h"

#include <stddef.h>

#define BITS 5 /* 2^BITS buckets for every power of two */

static uint32_t exponent_of(uint64_t value)
{
    uint32_t exponent = 0;

    for (uint32_t step = 32; step > 0; step /= 2) {
        if (value >> step != 0) {
            value >>= step;
            exponent += step;
        }
    }
    return exponent;
}

/* The value's BITS + 1 leading bits, counted on from one power of two to the next. */
static uint32_t bucket_of(uint64_t value)
{
    const uint32_t exponent = exponent_of(value);
    const uint32_t shift = exponent > BITS ? exponent - BITS : 0;

    return (shift << BITS) + (uint32_t)(value >> shift);
}

static uint64_t middle_of(uint32_t bucket)
{
    const uint32_t octave = bucket >> BITS;
    const uint32_t shift = octave > 0 ? octave - 1 : 0;
    const uint64_t low = (uint64_t)(bucket - (shift << BITS)) << shift;

    return low + (UINT64_C(1) << shift) / 2;
}

eg_status eg_histogram_add(eg_histogram *histogram, uint64_t value)
{
    if (histogram == NULL) {
        return EG_INVALID_ARGUMENT;
    }
    uint32_t *const count =
        value < EG_HISTOGRAM_LIMIT ? &histogram->counts[bucket_of(value)] : &histogram->beyond;

    *count += *count < UINT32_MAX;
    return EG_OK;
}

eg_status eg_histogram_percentile(const eg_histogram *histogram, uint32_t percent, uint64_t *value)
{
    if (histogram == NULL || value == NULL || percent > 100) {
        return EG_INVALID_ARGUMENT;
    }
    uint64_t total = histogram->beyond;

    for (uint32_t i = 0; i < EG_HISTOGRAM_BUCKETS; ++i) {
        total += histogram->counts[i];
    }
    if (total == 0) {
        return EG_INVALID_ARGUMENT;
    }
    const uint64_t rank = percent == 0 ? 1 : (total * percent + 99) / 100;
    uint64_t seen = 0;

    *value = EG_HISTOGRAM_LIMIT;
    for (uint32_t i = 0; i < EG_HISTOGRAM_BUCKETS; ++i) {
        seen += histogram->counts[i];
        if (seen >= rank) {
            *value = middle_of(i);
            break;
        }
    }
    return EG_OK;
}
