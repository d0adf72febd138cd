/* What the runtime needs of the C library's <math.h>, for a target that has none.
 *
 * expf, expm1f, logf and tanhf compute in double: their results are the float32 nearest to the real
 * number, or, where that lies all but halfway between two, the other one; within 0.501 units in the
 * last place. Infinities, zeros with their signs and NaN are the standard's. The others are exact.
 */
#ifndef EDGEGEN_LIBC_MATH_H
#define EDGEGEN_LIBC_MATH_H

#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")

#define isnan(x) __builtin_isnan(x)
#define isfinite(x) __builtin_isfinite(x)

float expf(float x);
float expm1f(float x);
float fabsf(float x);
float floorf(float x);
float logf(float x);
float sqrtf(float x);
float tanhf(float x);

#endif /* EDGEGEN_LIBC_MATH_H */
