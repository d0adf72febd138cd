/* The arithmetic of a frame, for EG_AUDIO_LANES frames side by side; not for callers.
 *
 * A source file defines EG_AUDIO_LANES (1, or a number that the compiler makes vectors of) and
 * EG_LANES_FUNCTION, and includes this once. An operation on vectors is the operation on each of
 * their lanes, so all widths give the same bits.
 */
#ifndef EDGEGEN_AUDIO_LANES_H
#define EDGEGEN_AUDIO_LANES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "edgegen/audio.h"
#include "edgegen/exact_float.h"

#ifndef EG_AUDIO_LANES
#define EG_AUDIO_LANES 1
#define EG_LANES_FUNCTION static inline
#endif

#if EG_AUDIO_LANES == 1
typedef float eg_lanes;
typedef uint32_t eg_lanes_bits;
typedef int32_t eg_lanes_int;
#else
/* Elements of arrays of floats, which begin anywhere. */
typedef float eg_lanes __attribute__((vector_size(4 * EG_AUDIO_LANES), aligned(4), may_alias));
typedef uint32_t eg_lanes_bits __attribute__((vector_size(4 * EG_AUDIO_LANES)));
typedef int32_t eg_lanes_int __attribute__((vector_size(4 * EG_AUDIO_LANES)));
#endif

typedef struct eg_lanes_complex {
    eg_lanes re;
    eg_lanes im;
} eg_lanes_complex;

EG_LANES_FUNCTION eg_lanes_complex eg_lanes_at(const eg_lanes *values)
{
    const eg_lanes_complex z = {values[0], values[1]};

    return z;
}

EG_LANES_FUNCTION void eg_lanes_put(eg_lanes *values, eg_lanes re, eg_lanes im)
{
    values[0] = re;
    values[1] = im;
}

EG_LANES_FUNCTION eg_lanes_complex eg_lanes_times(eg_lanes_complex a, float re, float im)
{
    const eg_lanes_complex z = {a.re * re - a.im * im, a.re * im + a.im * re};

    return z;
}

/* The first stage where the size has an odd number of factors of 2. */
EG_LANES_FUNCTION void eg_lanes_twos(eg_lanes *values, uint32_t count)
{
    for (eg_lanes *at = values; at < values + 2 * (size_t)count; at += 4) {
        const eg_lanes_complex a = eg_lanes_at(at);
        const eg_lanes_complex b = eg_lanes_at(at + 2);

        eg_lanes_put(at, a.re + b.re, a.im + b.im);
        eg_lanes_put(at + 2, a.re - b.re, a.im - b.im);
    }
}

/* A transform of 4, of values that lie `apart` (in floats) and come in the order 0, 2, 1, 3. */
EG_LANES_FUNCTION void eg_lanes_four(eg_lanes *values, size_t apart, eg_lanes_complex a,
                                     eg_lanes_complex b, eg_lanes_complex c, eg_lanes_complex d)
{
    const eg_lanes_complex ab = {a.re + b.re, a.im + b.im};
    const eg_lanes_complex a_b = {a.re - b.re, a.im - b.im};
    const eg_lanes_complex cd = {c.re + d.re, c.im + d.im};
    const eg_lanes_complex c_d = {c.re - d.re, c.im - d.im};

    eg_lanes_put(values, ab.re + cd.re, ab.im + cd.im);
    eg_lanes_put(values + apart, a_b.re + c_d.im, a_b.im - c_d.re);
    eg_lanes_put(values + 2 * apart, ab.re - cd.re, ab.im - cd.im);
    eg_lanes_put(values + 3 * apart, a_b.re - c_d.im, a_b.im + c_d.re);
}

/* One stage: four parts of `part` values each become one. Of each quarter first those whose factors
 * are 1, then with three factors those that share them. Returns the factors after these. */
EG_LANES_FUNCTION const float *eg_lanes_join(eg_lanes *values, uint32_t count, uint32_t part,
                                             const float *w)
{
    const size_t apart = (size_t)2 * part;
    const eg_lanes *const end = values + (size_t)2 * count;

    for (eg_lanes *at = values; at < end; at += 4 * apart) {
        eg_lanes_four(at, apart, eg_lanes_at(at), eg_lanes_at(at + apart),
                      eg_lanes_at(at + 2 * apart), eg_lanes_at(at + 3 * apart));
    }
    for (uint32_t j = 1; j < part; ++j, w += 6) {
        const float b_re = w[0], b_im = w[1]; /* here, so that they stay in registers */
        const float c_re = w[2], c_im = w[3];
        const float d_re = w[4], d_im = w[5];

        for (eg_lanes *at = values + (size_t)2 * j; at < end; at += 4 * apart) {
            eg_lanes_four(at, apart, eg_lanes_at(at),
                          eg_lanes_times(eg_lanes_at(at + apart), b_re, b_im),
                          eg_lanes_times(eg_lanes_at(at + 2 * apart), c_re, c_im),
                          eg_lanes_times(eg_lanes_at(at + 3 * apart), d_re, d_im));
        }
    }
    return w;
}

/* The complex transform, in place, of size / 2 values that lie in the order of `fft`. */
EG_LANES_FUNCTION void eg_lanes_transform(const eg_real_fft *fft, eg_lanes *values)
{
    const uint32_t count = fft->size / 2;
    const float *w = fft->twiddles;
    uint32_t part = 1;

    if ((count & UINT32_C(0xAAAAAAAA)) != 0) {
        eg_lanes_twos(values, count);
        part = 2;
    }
    for (; part < count; part *= 4) {
        w = eg_lanes_join(values, count, part, w);
    }
}

EG_LANES_FUNCTION eg_lanes eg_lanes_power(eg_lanes re, eg_lanes im)
{
    return re * re + im * im;
}

/* With E and O the transforms of the even and the odd samples and w their factor,
 * Z[k] = E[k] + i O[k] makes X[k] = E[k] + w O[k] and X[count - k] = conj(E[k] - w O[k]). Leaves
 * 4 |X[k]|^2 in place of the real part of value k, which saves halving E and O. */
EG_LANES_FUNCTION void eg_lanes_powers(const eg_real_fft *fft, eg_lanes *values)
{
    const uint32_t size = fft->size;
    const float *w = fft->separators;
    eg_lanes *low = values;
    eg_lanes *high = values + size;
    const eg_lanes_complex first = eg_lanes_at(low);
    const eg_lanes sum = first.re + first.im;
    const eg_lanes difference = first.re - first.im;

    low[0] = (sum + sum) * (sum + sum);
    high[0] = (difference + difference) * (difference + difference);
    for (low += 2, high -= 2; low < high; low += 2, high -= 2, w += 2) {
        const eg_lanes_complex z = eg_lanes_at(low);
        const eg_lanes_complex mirror = eg_lanes_at(high);
        const eg_lanes_complex even = {z.re + mirror.re, z.im - mirror.im};
        const eg_lanes_complex odd = {z.im + mirror.im, mirror.re - z.re};
        const eg_lanes_complex turned = eg_lanes_times(odd, w[0], w[1]);

        low[0] = eg_lanes_power(even.re + turned.re, even.im + turned.im);
        high[0] = eg_lanes_power(even.re - turned.re, even.im - turned.im);
    }
    const eg_lanes_complex middle = eg_lanes_at(low);

    low[0] = eg_lanes_power(middle.re + middle.re, middle.im + middle.im);
}

/* Every frequency is read once: it falls into two bands. */
EG_LANES_FUNCTION void eg_lanes_bands(const eg_audio_plan *plan, const eg_lanes *powers,
                                      eg_lanes *energies)
{
    const uint16_t *const corners = plan->corners;
    const uint32_t bands = plan->mel_bands;
    const eg_lanes *power = powers + (size_t)2 * corners[0];
    const float *weights = plan->weights;
    eg_lanes rising = {0};

    for (uint32_t i = 0; i <= bands; ++i) { /* from corner i to corner i + 1 */
        const eg_lanes *const end = powers + (size_t)2 * corners[i + 1];
        eg_lanes up = {0};
        eg_lanes down = {0};

        for (; power < end; power += 2, weights += 2) {
            up = up + power[0] * weights[0];
            down = down + power[0] * weights[1];
        }
        if (i > 0) {
            energies[i - 1] = rising + down;
        }
        rising = up;
    }
}

EG_LANES_FUNCTION eg_lanes_bits eg_lanes_bits_of(eg_lanes x)
{
    eg_lanes_bits bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

EG_LANES_FUNCTION eg_lanes eg_lanes_of_bits(eg_lanes_bits bits)
{
    eg_lanes x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

EG_LANES_FUNCTION eg_lanes eg_lanes_of_int(eg_lanes_bits bits)
{
#if EG_AUDIO_LANES == 1
    return (float)(int32_t)bits;
#else
    return __builtin_convertvector((eg_lanes_int)bits, eg_lanes);
#endif
}

/* NaN gives the floor. */
EG_LANES_FUNCTION eg_lanes eg_lanes_at_least(eg_lanes x, float floor)
{
#if EG_AUDIO_LANES == 1
    return x > floor ? x : floor;
#else
    const eg_lanes floors = floor - (eg_lanes){0};
    const eg_lanes_bits is_above = (eg_lanes_bits)(x > floors);

    return eg_lanes_of_bits((eg_lanes_bits_of(x) & is_above) |
                            (eg_lanes_bits_of(floors) & ~is_above));
#endif
}

/* The natural logarithm of a normal number, to within 0.93 units in the last place (over all of
 * them). x = 2^e m with m from sqrt(1/2) to sqrt(2), and of f = m - 1
 *   log(m) = f - f^2 / 2 + f^3 P(f),
 * P of degree 7 with the least relative error, 0.1 * 2^-24, that float coefficients came to. The
 * first part of log(2) has so few bits that its product with e is exact. */
EG_LANES_FUNCTION eg_lanes eg_lanes_log(eg_lanes x)
{
    const eg_lanes_bits bits = eg_lanes_bits_of(x);
    const eg_lanes_bits biased = (bits + UINT32_C(0x00CAFB0D)) >> 23; /* e + 128 */
    const eg_lanes f = eg_lanes_of_bits(bits - (biased << 23) + UINT32_C(0x40000000)) - 1.0F;
    const eg_lanes e = eg_lanes_of_int(biased) - 128.0F;
    const eg_lanes f2 = f * f;
    const eg_lanes p01 = f * -0x1.000226p-2F + 0x1.555554p-2F;
    const eg_lanes p23 = f * -0x1.54728cp-3F + 0x1.99a01cp-3F;
    const eg_lanes p45 = f * -0x1.0d8232p-3F + 0x1.22d936p-3F;
    const eg_lanes p67 = f * -0x1.38c910p-4F + 0x1.055e62p-3F;
    const eg_lanes p = (p01 + f2 * p23) + f2 * f2 * (p45 + f2 * p67);
    const eg_lanes rest = f * f2 * p - f2 * 0.5F;

    return e * 0x1.62e4p-1F + (f + (rest + e * 0x1.7f7d1cp-20F));
}

/* Rows of the DCT are symmetric, so half of each will do: for the sums of opposite bands where the
 * coefficient is even, for their differences where it is odd. */
EG_LANES_FUNCTION void eg_lanes_fold(eg_lanes *bands, uint32_t count)
{
    for (uint32_t b = 0; b < count / 2; ++b) {
        const eg_lanes low = bands[b];
        const eg_lanes high = bands[count - 1 - b];

        bands[b] = low + high;
        bands[count - 1 - b] = low - high;
    }
}

EG_LANES_FUNCTION void eg_lanes_dct(const eg_audio_plan *plan, eg_lanes *bands,
                                    eg_lanes *coefficients)
{
    const uint32_t half = (plan->mel_bands + 1) / 2;
    const uint32_t count = plan->coefficients;
    const eg_lanes *const sums = bands;
    const eg_lanes *const differences = bands + plan->mel_bands - 1; /* backwards */
    const float *row = plan->dct;

    eg_lanes_fold(bands, plan->mel_bands);
    for (uint32_t j = 0; j < count; j += 2) {
        eg_lanes even = {0};

        for (size_t b = 0; b < half; ++b) {
            even = even + sums[b] * row[b];
        }
        row += half;
        coefficients[j] = even;
        if (j + 1 < count) {
            eg_lanes odd = {0};

            for (size_t b = 0; b < half; ++b) {
                odd = odd + differences[-(ptrdiff_t)b] * row[b];
            }
            row += half;
            coefficients[j + 1] = odd;
        }
    }
}

/* From the windowed pairs in the transform's order to a row. `values` has fft_size + 2 elements,
 * `bands` mel_bands; `bands` may be `features` where no coefficients are asked for. */
EG_LANES_FUNCTION void eg_lanes_features(const eg_audio_plan *plan, eg_lanes *values,
                                         eg_lanes *bands, eg_lanes *features)
{
    eg_lanes_transform(&plan->fft, values);
    eg_lanes_powers(&plan->fft, values);
    eg_lanes_bands(plan, values, bands);
    for (uint32_t b = 0; b < plan->mel_bands; ++b) {
        bands[b] = eg_lanes_log(eg_lanes_at_least(bands[b], plan->log_floor));
    }
    if (plan->coefficients > 0) {
        eg_lanes_dct(plan, bands, features);
    }
}

#endif /* EDGEGEN_AUDIO_LANES_H */
