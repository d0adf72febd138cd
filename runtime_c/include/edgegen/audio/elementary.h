/* What tables are made of, in double operations of a fixed order: libraries round their functions
 * differently, and a plan is the same on whatever machine it is prepared. Errors are below
 * 2^-51, relative to the result or, for cosines, to 1; not for callers. */
#ifndef EDGEGEN_AUDIO_ELEMENTARY_H
#define EDGEGEN_AUDIO_ELEMENTARY_H

#include <stdbool.h>
#include <stdint.h>

#include "edgegen/exact_float.h"

/* Taylor's series of cos(x), or of sin(x) / x, for x up to pi / 4. */
static inline double eg_cosine_series(double x2, bool of_sine)
{
    double sum = 1.0;

    for (int n = 20; n > 0; n -= 2) {
        const double factor = of_sine ? (double)(n * (n + 1)) : (double)(n * (n - 1));

        sum = 1.0 - x2 * sum / factor;
    }
    return sum;
}

/* cos(2 pi k / n), exactly 0, 1 and -1 where it is that. `n` is above 0. */
static inline double eg_cosine_of_turn(uint32_t k, uint32_t n)
{
    const uint64_t half = (uint64_t)4 * n; /* in eighths of 1 / n */
    uint64_t place = (uint64_t)8 * (k % n);
    bool is_negative = false;

    if (place > half) {
        place = 2 * half - place;
    }
    if (place > half / 2) {
        place = half - place;
        is_negative = true;
    }
    const bool of_sine = place > half / 4;
    const uint64_t rest = of_sine ? half / 2 - place : place;
    const double x = 3.14159265358979323846 * (double)rest / (double)half;
    const double series = eg_cosine_series(x * x, of_sine);
    const double cosine = of_sine ? x * series : series;

    return is_negative ? -cosine : cosine;
}

/* sin(2 pi k / n), likewise. */
static inline double eg_sine_of_turn(uint32_t k, uint32_t n)
{
    return eg_cosine_of_turn(4 * (k % n) + 3 * n, 4 * n);
}

#define EG_LN_2 0.69314718055994530942

/* The natural logarithm of a normal number above 0, up to 2^63: x = 2^e m, of
 * s = (m - 1) / (m + 1) the series 2 (s + s^3 / 3 + ...). */
static inline double eg_natural_logarithm(double x)
{
    double exponent = 0.0;

    for (; x > 1.5; x *= 0.5) {
        exponent += 1.0;
    }
    for (; x < 0.75; x *= 2.0) {
        exponent -= 1.0;
    }
    const double s = (x - 1.0) / (x + 1.0);
    double sum = 0.0;

    for (int n = 25; n > 0; n -= 2) {
        sum = 1.0 / (double)n + s * s * sum;
    }
    return exponent * EG_LN_2 + 2.0 * s * sum;
}

/* e^x for x from 0 to 43: e^x = 2^n e^r with r up to log(2) / 2, which is subtracted in two parts,
 * the first of so few bits that n times it is exact. */
static inline double eg_exponential(double x)
{
    const uint32_t n = (uint32_t)(x / EG_LN_2 + 0.5);
    const double r = (x - (double)n * 0x1.62e42feep-1) - (double)n * 0x1.a39ef35793c76p-33;
    double sum = 1.0;

    for (int i = 16; i > 0; --i) {
        sum = 1.0 + r * sum / (double)i;
    }
    return (double)(UINT64_C(1) << n) * sum;
}

/* The square root of a number from 2^-20 to 2^20, by Newton's iteration. */
static inline double eg_square_root(double x)
{
    double root = 1.0;

    for (int i = 0; i < 20; ++i) {
        root = 0.5 * (root + x / root);
    }
    return root;
}

#endif /* EDGEGEN_AUDIO_ELEMENTARY_H */
