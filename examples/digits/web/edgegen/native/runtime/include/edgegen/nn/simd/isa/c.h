/* What the int8 kernels of nn/simd/kernels ask of an instruction set, written in plain C: the
 * manual of the other headers beside it, and their twin on machines that lack the instructions.
 *
 * To add an instruction set NAME:
 *   1. isa/NAME.h defines what this file defines, with vectors. Where the compiler has no such
 *      instructions it defines the macros alone and includes this file, so that the kernels can be
 *      tested on any machine, also without optimisation.
 *   2. src/nn/simd/NAME/KERNEL.c, three lines each: include isa/NAME.h, then kernels/KERNEL.h.
 *   3. EG_SIMD_FUNCTIONS in isa/names.h declares its functions; codegen/edgegen/engines/aot/ops/
 *      simd.py has a line that says how weights are packed for it.
 *
 * A whole program is generated and compiled for one set: nothing here asks what the machine has.
 * Features and flags: avx2 takes -mavx2; vnni, beside avx2, that and either -mavxvnni or
 * -mavx512vl -mavx512vnni; wasm takes -msimd128. Without the flags the program computes the same,
 * slowly.
 *
 * The macros, which a header may set before it includes this one:
 *   EG_V(function)   the function's name for this instruction set
 *   EG_V_LANES       int32 in a vector
 *   EG_V_GROUP       inputs that one lane multiplies and adds at once: 2 or 4
 *   EG_V_POSITIONS   positions that are computed together at most, 1..6: twice as many vectors
 *                    hold sums, and four more are needed
 *   EG_V_DEPTHWISE_POSITIONS   3 where code should be small; 6 if it is not set
 *   EG_V_INPUT       how an input is prepared in scratch: EG_V_INPUT_S16 or _S8, as it is, or _U8,
 *                    with 128 added. The generator takes 128 times the weights off the bias then.
 *
 *   EG_V_INLINE      of functions that are inlined always, and EG_V_ALONE of those that never are,
 *                    where a vector is a register
 *
 * Names: a vector of sums has an int32 in each lane, a vector of groups EG_V_GROUP inputs or
 * weights in each lane. No pointer needs to be aligned. Nothing is read or written beyond what is
 * said.
 */
#ifndef EDGEGEN_NN_SIMD_ISA_C_H
#define EDGEGEN_NN_SIMD_ISA_C_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "edgegen/fixed_point.h"

#define EG_V_INPUT_S16 1
#define EG_V_INPUT_S8 2
#define EG_V_INPUT_U8 3

#ifndef EG_V
#define EG_V(function) function##_c
#define EG_V_LANES 8
#define EG_V_GROUP 2
#define EG_V_POSITIONS 6
#define EG_V_INPUT EG_V_INPUT_S16
#endif

#define EG_V_INLINE static inline
#define EG_V_ALONE static inline

#ifdef __cplusplus
extern "C" {
#endif

/* A prepared input. */
#if EG_V_INPUT == EG_V_INPUT_S16
typedef int16_t eg_v_input;
#elif EG_V_INPUT == EG_V_INPUT_S8
typedef int8_t eg_v_input;
#else
typedef uint8_t eg_v_input;
#endif

typedef struct eg_v_sums {
    int32_t lane[EG_V_LANES];
} eg_v_sums;

typedef struct eg_v_groups {
    int16_t lane[EG_V_LANES][EG_V_GROUP];
} eg_v_groups;

/* How the sums of so many channels become outputs; what is in it is up to the instruction set. */
typedef struct eg_v_scale {
    int32_t multiplier[EG_V_LANES];
    int32_t shift[EG_V_LANES];
    int32_t zero_point;
} eg_v_scale;

/* What outputs are clamped to. */
typedef struct eg_v_limits {
    int32_t low;
    int32_t high;
} eg_v_limits;

EG_V_INLINE eg_v_input eg_v_prepared(int32_t x)
{
    return (eg_v_input)(EG_V_INPUT == EG_V_INPUT_U8 ? x + 128 : x);
}

/* Inputs that follow one another. */
EG_V_INLINE void eg_v_prepare(eg_v_input *to, const int8_t *from, int32_t count)
{
    for (int32_t i = 0; i < count; ++i) {
        to[i] = eg_v_prepared(from[i]);
    }
}

/* Inputs of EG_V_GROUP rows side by side: to[EG_V_GROUP * i + k] is rows[k][i]. */
EG_V_INLINE void eg_v_interleave(eg_v_input *to, const int8_t *const *rows, int32_t count)
{
    for (int32_t i = 0; i < count; ++i) {
        for (int32_t k = 0; k < EG_V_GROUP; ++k) {
            to[EG_V_GROUP * i + k] = eg_v_prepared(rows[k][i]);
        }
    }
}

/* Where EG_V_GROUP is 2: inputs as they are, one of either in each lane. */
EG_V_INLINE eg_v_groups eg_v_pair(const int8_t *first, const int8_t *second)
{
    eg_v_groups groups;

    for (int32_t i = 0; i < EG_V_LANES; ++i) {
        groups.lane[i][0] = first[i];
        groups.lane[i][1] = second[i];
    }
    return groups;
}

/* One group of prepared inputs in every lane. */
EG_V_INLINE eg_v_groups eg_v_spread(const eg_v_input *inputs)
{
    eg_v_groups groups;

    for (int32_t i = 0; i < EG_V_LANES; ++i) {
        for (int32_t k = 0; k < EG_V_GROUP; ++k) {
            groups.lane[i][k] = inputs[k];
        }
    }
    return groups;
}

/* EG_V_LANES groups of prepared inputs that follow one another. */
EG_V_INLINE eg_v_groups eg_v_load_inputs(const eg_v_input *inputs)
{
    eg_v_groups groups;

    for (int32_t i = 0; i < EG_V_LANES; ++i) {
        for (int32_t k = 0; k < EG_V_GROUP; ++k) {
            groups.lane[i][k] = inputs[EG_V_GROUP * i + k];
        }
    }
    return groups;
}

/* EG_V_LANES groups of weights. They are -128 too, unless simd.py says otherwise of the instruction
 * set (`lowest_weight`). */
EG_V_INLINE eg_v_groups eg_v_load_weights(const int8_t *weights)
{
    eg_v_groups groups;

    for (int32_t i = 0; i < EG_V_LANES; ++i) {
        for (int32_t k = 0; k < EG_V_GROUP; ++k) {
            groups.lane[i][k] = weights[EG_V_GROUP * i + k];
        }
    }
    return groups;
}

/* sums[i] plus the products of the group i of one with that of the other. */
EG_V_INLINE eg_v_sums eg_v_dot(eg_v_sums sums, eg_v_groups weights, eg_v_groups inputs)
{
    for (int32_t i = 0; i < EG_V_LANES; ++i) {
        for (int32_t k = 0; k < EG_V_GROUP; ++k) {
            sums.lane[i] += weights.lane[i][k] * inputs.lane[i][k];
        }
    }
    return sums;
}

EG_V_INLINE eg_v_sums eg_v_load(const int32_t *from)
{
    eg_v_sums sums;

    memcpy(sums.lane, from, sizeof sums.lane);
    return sums;
}

EG_V_INLINE void eg_v_save(int32_t *to, eg_v_sums sums)
{
    memcpy(to, sums.lane, sizeof sums.lane);
}

/* The same in every lane. */
EG_V_INLINE eg_v_sums eg_v_fill(int32_t value)
{
    eg_v_sums sums;

    for (int32_t i = 0; i < EG_V_LANES; ++i) {
        sums.lane[i] = value;
    }
    return sums;
}

/* EG_V_LANES int8 that follow one another. */
EG_V_INLINE eg_v_sums eg_v_widen(const int8_t *from)
{
    eg_v_sums sums;

    for (int32_t i = 0; i < EG_V_LANES; ++i) {
        sums.lane[i] = from[i];
    }
    return sums;
}

EG_V_INLINE eg_v_sums eg_v_add(eg_v_sums a, eg_v_sums b)
{
    for (int32_t i = 0; i < EG_V_LANES; ++i) {
        a.lane[i] += b.lane[i];
    }
    return a;
}

EG_V_INLINE eg_v_sums eg_v_max(eg_v_sums a, eg_v_sums b)
{
    for (int32_t i = 0; i < EG_V_LANES; ++i) {
        a.lane[i] = a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i];
    }
    return a;
}

/* The lower halves of the products. */
EG_V_INLINE eg_v_sums eg_v_multiply(eg_v_sums a, eg_v_sums b)
{
    for (int32_t i = 0; i < EG_V_LANES; ++i) {
        a.lane[i] = (int32_t)((uint32_t)a.lane[i] * (uint32_t)b.lane[i]);
    }
    return a;
}

EG_V_INLINE eg_v_sums eg_v_shift_left(eg_v_sums a, int32_t shift)
{
    for (int32_t i = 0; i < EG_V_LANES; ++i) {
        a.lane[i] = (int32_t)((uint32_t)a.lane[i] << shift);
    }
    return a;
}

/* Arithmetic, 0..31. */
EG_V_INLINE eg_v_sums eg_v_shift_right(eg_v_sums a, int32_t shift)
{
    for (int32_t i = 0; i < EG_V_LANES; ++i) {
        a.lane[i] >>= shift;
    }
    return a;
}

/* Multipliers in Q31 and right shifts of EG_V_LANES channels. */
EG_V_INLINE eg_v_scale eg_v_load_scale(const int32_t *multiplier, const int32_t *shift,
                                       int32_t zero_point)
{
    eg_v_scale scale;

    memcpy(scale.multiplier, multiplier, sizeof scale.multiplier);
    memcpy(scale.shift, shift, sizeof scale.shift);
    scale.zero_point = zero_point;
    return scale;
}

/* eg_multiply_by_quantized_multiplier, plus the zero point. Sums are below 2^30 in magnitude,
 * shifts in 0..31. */
EG_V_INLINE eg_v_sums eg_v_rescale(eg_v_sums sums, const eg_v_scale *scale)
{
    for (int32_t i = 0; i < EG_V_LANES; ++i) {
        sums.lane[i] = scale->zero_point + eg_multiply_by_quantized_multiplier(sums.lane[i],
                                                                               scale->multiplier[i],
                                                                               -scale->shift[i]);
    }
    return sums;
}

/* The same where the output is clamped at its zero point or above: what it is below does not show,
 * and with it how ties are rounded there. Shifts are in 1..24. With that, both roundings are one:
 *
 *   floor((floor((a m + 2^30) / 2^31) + 2^(n-1)) / 2^n) = floor((a m + 2^30 + 2^(n+30)) / 2^(n+31))
 *
 * and a vector of 64 bits adds both halves and the zero point as one constant. Where lanes can't be
 * shifted by numbers of their own, clamp to what can become an output, multiply by powers of two
 * that make all shifts alike, then shift. */
EG_V_INLINE eg_v_sums eg_v_rescale_upwards(eg_v_sums sums, const eg_v_scale *scale)
{
    for (int32_t i = 0; i < EG_V_LANES; ++i) {
        const int64_t product = (int64_t)sums.lane[i] * scale->multiplier[i];
        const int32_t n = scale->shift[i];
        const int64_t halves = (INT64_C(1) << 30) + (INT64_C(1) << (n + 30));

        sums.lane[i] = (int32_t)((product + halves) >> (n + 31)) + scale->zero_point;
    }
    return sums;
}

EG_V_INLINE eg_v_limits eg_v_load_limits(int32_t low, int32_t high)
{
    eg_v_limits limits;

    limits.low = low;
    limits.high = high;
    return limits;
}

/* EG_V_LANES outputs. */
EG_V_INLINE void eg_v_store(int8_t *to, eg_v_sums sums, const eg_v_limits *limits)
{
    for (int32_t i = 0; i < EG_V_LANES; ++i) {
        to[i] = (int8_t)eg_clamp_i32(sums.lane[i], limits->low, limits->high);
    }
}

/* Twice as many. */
EG_V_INLINE void eg_v_store_two(int8_t *to, eg_v_sums first, eg_v_sums second,
                                const eg_v_limits *limits)
{
    eg_v_store(to, first, limits);
    eg_v_store(to + EG_V_LANES, second, limits);
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_ISA_C_H */
