/* What the layers with weights have in common.
 *
 * Outputs are, bit for bit, those of eg_requantize (fixed_point.h) where the generator has proved,
 * for every input that can come, that sums with the bias in them are below 2^30 in magnitude and no
 * multiplier is 1 or more; and
 *   - where ties_upwards: that the output is clamped at its zero point or above, and shifts are in
 *     1..24. What else an instruction set asks of this way is in its header. */
#ifndef EDGEGEN_NN_SIMD_LAYERS_H
#define EDGEGEN_NN_SIMD_LAYERS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EG_POSITIONS_SIMD = 48 }; /* whose sums become outputs together, at most */

typedef struct eg_output_simd {
    const int32_t *bias;       /* of every channel, with what depends on the zero point */
    const int32_t *multiplier; /* Q31 */
    const int32_t *shift;      /* to the right; like the two before at least a vector of them */
    int32_t zero_point;
    int32_t activation_min;
    int32_t activation_max;
    int32_t ties_upwards; /* 1: how ties of what is below the zero point are rounded can't show */
    int32_t lane_by_lane; /* 1: vectors don't have the shift of some channel */
} eg_output_simd;

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_LAYERS_H */
