#include "edgegen/image/dsp_write.h"

/* What is added to a value, in 1/128 of a step. */
static int32_t start_of(const eg_image_plan *plan)
{
    return plan->bias[0] >> (plan->shift - EG_IMAGE_VALUE_BITS);
}

bool eg_image_is_levels_dsp(const eg_image_plan *plan)
{
    const int32_t start = start_of(plan);
    const int32_t most = UINT8_MAX << EG_IMAGE_VALUE_BITS;

    for (int32_t c = 0; c < eg_image_channels(plan); ++c) {
        if (plan->multiplier[c] != INT32_C(1) << (plan->shift - EG_IMAGE_VALUE_BITS) ||
            plan->bias[c] != plan->bias[0]) {
            return false;
        }
    }
    return start >> EG_IMAGE_VALUE_BITS >= plan->low &&
           (start + most) >> EG_IMAGE_VALUE_BITS <= plan->high;
}

/* Mixing and rounding to a level by one shift: a floor of a floor. */
static inline uint8_t to_byte(uint32_t pair, uint32_t weights, int32_t below)
{
    return (uint8_t) ~(eg_smlad(pair, weights, below) >>
                       (EG_IMAGE_FRACTION_BITS + EG_IMAGE_VALUE_BITS));
}

static void write_row(const eg_image_plan *plan, eg_image_row_dsp row)
{
    const int32_t start = start_of(plan);
    const int32_t below = eg_opaque(EG_IMAGE_MINUS_HALF - start * (1 << EG_IMAGE_FRACTION_BITS));
    const uint32_t weights = eg_image_pair_weights(row.fraction);
    const uint32_t *pairs = row.pairs;
    int32_t left = plan->part.width * eg_image_channels(plan);
    uint8_t *to = row.to;

    for (; left >= 4; left -= 4) {
        to[0] = to_byte(pairs[0], weights, below);
        to[1] = to_byte(pairs[1], weights, below);
        to[2] = to_byte(pairs[2], weights, below);
        to[3] = to_byte(pairs[3], weights, below);
        pairs += 4;
        to += 4;
    }
    for (; left > 0; --left) {
        *to++ = to_byte(*pairs++, weights, below);
    }
}

void eg_image_write_levels_dsp(const eg_image_plan *plan, const eg_image *image, void *tensor)
{
    eg_image_write_rows_dsp(plan, image, eg_image_channels(plan), write_row, tensor);
}
