/* Floats with the vectors of WebAssembly. isa/f32_c.h is the manual.
 *
 * Engines compile them for x86-64 to 15 registers, and load what a whole round needs before they
 * multiply: with 5 positions sums are spilled, which takes 15 to 40 % longer than 4 (Chromium 156).
 */
#ifndef EDGEGEN_NN_SIMD_ISA_F32_WASM_H
#define EDGEGEN_NN_SIMD_ISA_F32_WASM_H

#include "edgegen/exact_float.h"

#define EG_F(function) function##_wasm
#define EG_F_LANES 4
#define EG_F_POSITIONS 4

#if defined(__wasm_simd128__)

#include <wasm_simd128.h>
#include <stdint.h>

#define EG_F_INLINE static inline __attribute__((always_inline))
#define EG_F_ALONE static __attribute__((noinline))

#ifdef __cplusplus
extern "C" {
#endif

typedef v128_t eg_f_vector;

EG_F_INLINE eg_f_vector eg_f_load(const float *from)
{
    return wasm_v128_load(from);
}

EG_F_INLINE void eg_f_save(float *to, eg_f_vector x)
{
    wasm_v128_store(to, x);
}

EG_F_INLINE eg_f_vector eg_f_fill(float value)
{
    return wasm_f32x4_splat(value);
}

EG_F_INLINE eg_f_vector eg_f_spread(const float *from)
{
    return wasm_v128_load32_splat(from);
}

EG_F_INLINE eg_f_vector eg_f_add(eg_f_vector a, eg_f_vector b)
{
    return wasm_f32x4_add(a, b);
}

EG_F_INLINE eg_f_vector eg_f_subtract(eg_f_vector a, eg_f_vector b)
{
    return wasm_f32x4_sub(a, b);
}

EG_F_INLINE eg_f_vector eg_f_multiply(eg_f_vector a, eg_f_vector b)
{
    return wasm_f32x4_mul(a, b);
}

EG_F_INLINE eg_f_vector eg_f_divide(eg_f_vector a, eg_f_vector b)
{
    return wasm_f32x4_div(a, b);
}

EG_F_INLINE eg_f_vector eg_f_max(eg_f_vector a, eg_f_vector b)
{
    return wasm_f32x4_pmax(b, a);
}

EG_F_INLINE eg_f_vector eg_f_min(eg_f_vector a, eg_f_vector b)
{
    return wasm_f32x4_pmin(b, a);
}

EG_F_INLINE eg_f_vector eg_f_if_positive(eg_f_vector a, eg_f_vector b)
{
    return wasm_v128_bitselect(a, b, wasm_f32x4_gt(a, wasm_f32x4_splat(0.0f)));
}

EG_F_INLINE eg_f_vector eg_f_shifted(eg_f_vector x)
{
    return wasm_i32x4_shl(x, 23);
}

#ifdef __cplusplus
}
#endif

#else
#include "edgegen/nn/simd/isa/f32_c.h"
#endif

#endif /* EDGEGEN_NN_SIMD_ISA_F32_WASM_H */
