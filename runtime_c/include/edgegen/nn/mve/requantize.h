/* From int32 sums to int8 outputs, four channels at once, bit for bit what eg_requantize
 * (fixed_point.h) gives.
 *
 * It is exact where the generator has proved, for every input that can come:
 *   - the sum with the bias in it is an int32;
 *   - the real multiplier is below 1/2: n = -shift is in 1..31.
 *
 * Why: VQRDMULH is the doubling high multiply. The division by 2^n rounds ties away from zero,
 * VRSHL rounds them upwards: a negative number is made smaller by 1 first. The sum's sign serves
 * for that; a product of 0 rounds to 0 either way as n >= 1.
 */
#ifndef EDGEGEN_NN_MVE_REQUANTIZE_H
#define EDGEGEN_NN_MVE_REQUANTIZE_H

#include <stdint.h>

#include "edgegen/isa_mve.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the channels of a layer share. */
typedef struct eg_output_mve {
    int32_t zero_point;
    int32_t activation_min;
    int32_t activation_max;
} eg_output_mve;

/* Its limits, in vectors. */
typedef struct eg_range_mve {
    int32_t zero_point;
    eg_s32x4 low, high;
} eg_range_mve;

/* The parameters of four channels. */
typedef struct eg_channels_mve {
    eg_s32x4 bias;
    eg_s32x4 multiplier;
    eg_s32x4 shift;
} eg_channels_mve;

static inline eg_range_mve eg_range_vectors(const eg_output_mve *output)
{
    const eg_range_mve range = {output->zero_point, eg_vdup(output->activation_min),
                                eg_vdup(output->activation_max)};

    return range;
}

/* Moves to the end of the parameters. */
static inline eg_channels_mve eg_load_channels(const int32_t **parameters)
{
    const int32_t *from = *parameters;
    const eg_channels_mve channels = {eg_vldrw(from), eg_vldrw(from + 4), eg_vldrw(from + 8)};

    *parameters = from + 12;
    return channels;
}

static inline eg_s32x4 eg_requantize_mve(eg_s32x4 sum, const eg_channels_mve *channels,
                                         const eg_range_mve *range)
{
    const eg_s32x4 biased = eg_vadd(sum, channels->bias);
    const eg_s32x4 product = eg_vqrdmulh(biased, channels->multiplier);
    const eg_s32x4 scaled = eg_vrshl(eg_vadd(product, eg_vsign(biased)), channels->shift);

    return eg_vmin(eg_vmax(eg_vadd_n(scaled, range->zero_point), range->low), range->high);
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_MVE_REQUANTIZE_H */
