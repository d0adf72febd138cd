#include <math.h>

#include "edgegen/sensor.h"

#define MOST_SAMPLES (UINT32_C(1) << 24) /* counts are exact in float32 */
#define LARGEST_SAMPLE 1e15F             /* squares of differences and their sums stay finite */

/* Two parts of na and nb samples become one. */
static eg_moving_part joined(eg_moving_part a, uint32_t na, eg_moving_part b, uint32_t nb)
{
    if (na == 0 || nb == 0) {
        return na == 0 ? b : a;
    }
    const float distance = b.mean - a.mean;
    const float share = (float)nb / (float)(na + nb);

    return (eg_moving_part){
        .mean = a.mean + distance * share,
        .squares = a.squares + b.squares + distance * distance * share * (float)na,
    };
}

static uint32_t index_of(const eg_moving *moving, uint32_t age)
{
    const uint32_t index = moving->oldest + age;

    return index < moving->length ? index : index - moving->length;
}

/* All samples become the older part: every sample is replaced by the tail from it on. */
static void grow_old(eg_moving *moving)
{
    eg_moving_part tail = {0.0F, 0.0F};

    for (uint32_t size = 0; size < moving->count; ++size) {
        eg_moving_part *const part = &moving->parts[index_of(moving, moving->count - 1 - size)];

        tail = joined(tail, size, *part, 1);
        *part = tail;
    }
    moving->older = moving->count;
}

static void drop_oldest(eg_moving *moving)
{
    if (moving->older == 0) {
        grow_old(moving);
    }
    moving->oldest = index_of(moving, 1);
    --moving->older;
    --moving->count;
}

eg_status eg_moving_init(eg_moving *moving, uint32_t length, eg_moving_part *buffer)
{
    if (moving == NULL || buffer == NULL || length == 0 || length > MOST_SAMPLES) {
        return EG_INVALID_ARGUMENT;
    }
    *moving = (eg_moving){.parts = buffer, .length = length};
    return EG_OK;
}

eg_status eg_moving_push(eg_moving *moving, float sample)
{
    if (moving == NULL || !(fabsf(sample) <= LARGEST_SAMPLE)) {
        return EG_INVALID_ARGUMENT;
    }
    if (moving->count == moving->length) {
        drop_oldest(moving);
    }
    const eg_moving_part alone = {sample, 0.0F};

    moving->parts[index_of(moving, moving->count)] = alone;
    moving->newer = joined(moving->newer, moving->count - moving->older, alone, 1);
    ++moving->count;
    return EG_OK;
}

eg_status eg_moving_read(const eg_moving *moving, float *mean, float *variance)
{
    if (moving == NULL || moving->count == 0) {
        return EG_INVALID_ARGUMENT;
    }
    const eg_moving_part window = joined(moving->parts[moving->oldest], moving->older,
                                         moving->newer, moving->count - moving->older);

    if (mean != NULL) {
        *mean = window.mean;
    }
    if (variance != NULL) {
        *variance = window.squares / (float)moving->count;
    }
    return EG_OK;
}
