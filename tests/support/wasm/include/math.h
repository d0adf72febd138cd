/* What the runtime needs of the C library, where there is none: run.mjs has the functions. */
#ifndef MATH_H
#define MATH_H

#define INFINITY __builtin_inff()

float cosf(float x);
float expf(float x);
float expm1f(float x);
float logf(float x);
float sinf(float x);
float sqrtf(float x);
float tanhf(float x);

#endif /* MATH_H */
