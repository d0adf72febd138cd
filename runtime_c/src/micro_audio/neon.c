/* NEON: eight complex numbers at once, real and imaginary parts apart; the stages and roundings of
 * transform.c. */
#include "edgegen/micro_audio/kernels.h"

#if EG_MICRO_AUDIO_HAS_NEON

#include <arm_neon.h>

enum { PAIR = 2 /* halfwords of a complex number */, LANES = 8, LEAST_FFT_SIZE = 64 };

typedef struct numbers {
    int16x8x2_t a, b, c, d;
} numbers;

static inline int16x8x2_t of(int16x8_t re, int16x8_t im)
{
    const int16x8x2_t x = {{re, im}};

    return x;
}

/* round(part * factor / 2^15) */
static inline int16x8x2_t scale(int16x8x2_t x, int16_t factor)
{
    return of(vqrdmulhq_n_s16(x.val[0], factor), vqrdmulhq_n_s16(x.val[1], factor));
}

static inline int16x8x2_t add(int16x8x2_t x, int16x8x2_t y)
{
    return of(vaddq_s16(x.val[0], y.val[0]), vaddq_s16(x.val[1], y.val[1]));
}

static inline int16x8x2_t subtract(int16x8x2_t x, int16x8x2_t y)
{
    return of(vsubq_s16(x.val[0], y.val[0]), vsubq_s16(x.val[1], y.val[1]));
}

static inline int16x8_t round_both(int32x4_t low, int32x4_t high)
{
    return vcombine_s16(vrshrn_n_s32(low, 15), vrshrn_n_s32(high, 15));
}

static inline int16x8x2_t multiply(int16x8x2_t x, int16x8x2_t y)
{
    const int16x4_t x_re = vget_low_s16(x.val[0]);
    const int16x4_t x_im = vget_low_s16(x.val[1]);
    const int16x4_t y_re = vget_low_s16(y.val[0]);
    const int16x4_t y_im = vget_low_s16(y.val[1]);
    const int16x4_t x_re_high = vget_high_s16(x.val[0]);
    const int16x4_t x_im_high = vget_high_s16(x.val[1]);
    const int16x4_t y_re_high = vget_high_s16(y.val[0]);
    const int16x4_t y_im_high = vget_high_s16(y.val[1]);
    const int32x4_t re = vmlsl_s16(vmull_s16(x_re, y_re), x_im, y_im);
    const int32x4_t im = vmlal_s16(vmull_s16(x_re, y_im), x_im, y_re);
    const int32x4_t re_high = vmlsl_s16(vmull_s16(x_re_high, y_re_high), x_im_high, y_im_high);
    const int32x4_t im_high = vmlal_s16(vmull_s16(x_re_high, y_im_high), x_im_high, y_re_high);

    return of(round_both(re, re_high), round_both(im, im_high));
}

/* As store_butterfly in transform.c. */
static inline numbers butterfly(numbers x)
{
    const int16x8x2_t even = add(x.a, x.c);
    const int16x8x2_t odd = add(x.b, x.d);
    const int16x8x2_t even_turned = subtract(x.a, x.c);
    const int16x8x2_t difference = subtract(x.b, x.d);
    const int16x8x2_t odd_turned = of(vnegq_s16(difference.val[1]), difference.val[0]);
    const numbers y = {add(even, odd), subtract(even_turned, odd_turned), subtract(even, odd),
                       add(even_turned, odd_turned)};

    return y;
}

static inline int16x8x2_t load_scaled(const int16_t *frame, int16x8_t shift, int16_t factor)
{
    const int16x8x2_t x = vld2q_s16(frame);

    return scale(of(vshlq_s16(x.val[0], shift), vshlq_s16(x.val[1], shift)), factor);
}

/* Complex numbers side by side, as words. */
static inline int32x4x2_t words(int16x8x2_t x)
{
    const int16x8x2_t pairs = vzipq_s16(x.val[0], x.val[1]);
    const int32x4x2_t found = {
        {vreinterpretq_s32_s16(pairs.val[0]), vreinterpretq_s32_s16(pairs.val[1])}};

    return found;
}

typedef struct matrix {
    int32x4_t rows[4];
} matrix;

static inline matrix transpose(matrix x)
{
    const int32x4x2_t upper = vtrnq_s32(x.rows[0], x.rows[1]);
    const int32x4x2_t lower = vtrnq_s32(x.rows[2], x.rows[3]);
    const matrix y = {{vcombine_s32(vget_low_s32(upper.val[0]), vget_low_s32(lower.val[0])),
                       vcombine_s32(vget_low_s32(upper.val[1]), vget_low_s32(lower.val[1])),
                       vcombine_s32(vget_high_s32(upper.val[0]), vget_high_s32(lower.val[0])),
                       vcombine_s32(vget_high_s32(upper.val[1]), vget_high_s32(lower.val[1]))}};

    return y;
}

/* The groups of consecutive inputs; what they make lies where `order`, its own inverse, says. */
static void first_stage_of_2(const eg_micro_audio_plan *plan, uint32_t size, const int16_t *frame,
                             int16x8_t shift, int16_t *spectrum)
{
    const int16_t half = 32767 / 2;

    for (uint32_t at = 0; at < size / 2; at += LANES) {
        const int16x8x2_t a = load_scaled(frame + PAIR * at, shift, half);
        const int16x8x2_t b = load_scaled(frame + PAIR * (at + size / 2), shift, half);
        const int32x4x2_t sums = words(add(a, b));
        const int32x4x2_t differences = words(subtract(a, b));

        for (uint32_t i = 0; i < 2; ++i) {
            const int32x4x2_t groups = vzipq_s32(sums.val[i], differences.val[i]);
            const uint16_t *const order = plan->order + at + 4 * i;

            vst1_s16(spectrum + PAIR * 2 * order[0],
                     vreinterpret_s16_s32(vget_low_s32(groups.val[0])));
            vst1_s16(spectrum + PAIR * 2 * order[1],
                     vreinterpret_s16_s32(vget_high_s32(groups.val[0])));
            vst1_s16(spectrum + PAIR * 2 * order[2],
                     vreinterpret_s16_s32(vget_low_s32(groups.val[1])));
            vst1_s16(spectrum + PAIR * 2 * order[3],
                     vreinterpret_s16_s32(vget_high_s32(groups.val[1])));
        }
    }
}

static void first_stage_of_4(const eg_micro_audio_plan *plan, uint32_t size, const int16_t *frame,
                             int16x8_t shift, int16_t *spectrum)
{
    const int16_t quarter = 32767 / 4;
    const uint32_t step = PAIR * size / 4;

    for (uint32_t at = 0; at < size / 4; at += LANES) {
        const int16_t *const from = frame + PAIR * at;
        const numbers x = {load_scaled(from, shift, quarter),
                           load_scaled(from + step, shift, quarter),
                           load_scaled(from + 2 * step, shift, quarter),
                           load_scaled(from + 3 * step, shift, quarter)};
        const numbers y = butterfly(x);
        const int32x4x2_t a = words(y.a);
        const int32x4x2_t b = words(y.b);
        const int32x4x2_t c = words(y.c);
        const int32x4x2_t d = words(y.d);

        for (uint32_t i = 0; i < 2; ++i) {
            const matrix parts = {{a.val[i], b.val[i], c.val[i], d.val[i]}};
            const matrix groups = transpose(parts);

            for (uint32_t g = 0; g < 4; ++g) {
                vst1q_s16(spectrum + PAIR * 4 * plan->order[at + 4 * i + g],
                          vreinterpretq_s16_s32(groups.rows[g]));
            }
        }
    }
}

static inline numbers join(numbers x, int16x8x2_t first, int16x8x2_t second, int16x8x2_t third)
{
    const int16_t quarter = 32767 / 4;
    const numbers y = {scale(x.a, quarter), multiply(scale(x.b, quarter), first),
                       multiply(scale(x.c, quarter), second), multiply(scale(x.d, quarter), third)};

    return butterfly(y);
}

/* Rows of pairs of numbers' parts become columns. */
static inline void transpose_pairs(int16x8x2_t *a, int16x8x2_t *b, int16x8x2_t *c, int16x8x2_t *d)
{
    for (int part = 0; part < 2; ++part) {
        const matrix x = {{vreinterpretq_s32_s16(a->val[part]), vreinterpretq_s32_s16(b->val[part]),
                           vreinterpretq_s32_s16(c->val[part]),
                           vreinterpretq_s32_s16(d->val[part])}};
        const matrix y = transpose(x);

        a->val[part] = vreinterpretq_s16_s32(y.rows[0]);
        b->val[part] = vreinterpretq_s16_s32(y.rows[1]);
        c->val[part] = vreinterpretq_s16_s32(y.rows[2]);
        d->val[part] = vreinterpretq_s16_s32(y.rows[3]);
    }
}

/* Two factors, four times. */
static inline int16x8x2_t four_times(const int16_t *factors)
{
    const int16_t re[4] = {factors[0], factors[2], factors[0], factors[2]};
    const int16_t im[4] = {factors[1], factors[3], factors[1], factors[3]};
    const int16x4_t all_re = vld1_s16(re);
    const int16x4_t all_im = vld1_s16(im);

    return of(vcombine_s16(all_re, all_re), vcombine_s16(all_im, all_im));
}

/* Four factors, twice. */
static inline int16x8x2_t twice(const int16_t *factors)
{
    const int16x4x2_t four = vld2_s16(factors);

    return of(vcombine_s16(four.val[0], four.val[0]), vcombine_s16(four.val[1], four.val[1]));
}

/* Four parts at once, each of four transforms of length 2. */
static void join_2(int16_t *spectrum, uint32_t size, const int16_t *factors)
{
    const int16x8x2_t first = four_times(factors);
    const int16x8x2_t second = four_times(factors + PAIR * 2);
    const int16x8x2_t third = four_times(factors + PAIR * 4);

    for (uint32_t at = 0; at < size; at += 4 * LANES) {
        int16_t *const part = spectrum + PAIR * at;
        numbers x = {vld2q_s16(part), vld2q_s16(part + PAIR * LANES),
                     vld2q_s16(part + PAIR * 2 * LANES), vld2q_s16(part + PAIR * 3 * LANES)};

        transpose_pairs(&x.a, &x.b, &x.c, &x.d);
        x = join(x, first, second, third);
        transpose_pairs(&x.a, &x.b, &x.c, &x.d);
        vst2q_s16(part, x.a);
        vst2q_s16(part + PAIR * LANES, x.b);
        vst2q_s16(part + PAIR * 2 * LANES, x.c);
        vst2q_s16(part + PAIR * 3 * LANES, x.d);
    }
}

static inline int16x8x2_t low_halves(int16x8x2_t x, int16x8x2_t y)
{
    return of(vcombine_s16(vget_low_s16(x.val[0]), vget_low_s16(y.val[0])),
              vcombine_s16(vget_low_s16(x.val[1]), vget_low_s16(y.val[1])));
}

static inline int16x8x2_t high_halves(int16x8x2_t x, int16x8x2_t y)
{
    return of(vcombine_s16(vget_high_s16(x.val[0]), vget_high_s16(y.val[0])),
              vcombine_s16(vget_high_s16(x.val[1]), vget_high_s16(y.val[1])));
}

/* Two parts at once, each of four transforms of length 4. */
static void join_4(int16_t *spectrum, uint32_t size, const int16_t *factors)
{
    const int16x8x2_t first = twice(factors);
    const int16x8x2_t second = twice(factors + PAIR * 4);
    const int16x8x2_t third = twice(factors + PAIR * 8);

    for (uint32_t at = 0; at < size; at += 4 * LANES) {
        int16_t *const part = spectrum + PAIR * at;
        const int16x8x2_t p = vld2q_s16(part);
        const int16x8x2_t q = vld2q_s16(part + PAIR * LANES);
        const int16x8x2_t r = vld2q_s16(part + PAIR * 2 * LANES);
        const int16x8x2_t s = vld2q_s16(part + PAIR * 3 * LANES);
        const numbers x = {low_halves(p, r), high_halves(p, r), low_halves(q, s),
                           high_halves(q, s)};
        const numbers y = join(x, first, second, third);

        vst2q_s16(part, low_halves(y.a, y.b));
        vst2q_s16(part + PAIR * LANES, low_halves(y.c, y.d));
        vst2q_s16(part + PAIR * 2 * LANES, high_halves(y.a, y.b));
        vst2q_s16(part + PAIR * 3 * LANES, high_halves(y.c, y.d));
    }
}

/* m is a multiple of LANES. */
static void join_m(int16_t *spectrum, uint32_t size, const int16_t *factors, uint32_t m)
{
    for (uint32_t at = 0; at < size; at += 4 * m) {
        for (uint32_t j = 0; j < m; j += LANES) {
            int16_t *const part = spectrum + PAIR * (at + j);
            const int16_t *const factor = factors + PAIR * j;
            const numbers x = {vld2q_s16(part), vld2q_s16(part + PAIR * m),
                               vld2q_s16(part + PAIR * 2 * m), vld2q_s16(part + PAIR * 3 * m)};
            const numbers y = join(x, vld2q_s16(factor), vld2q_s16(factor + PAIR * m),
                                   vld2q_s16(factor + PAIR * 2 * m));

            vst2q_s16(part, y.a);
            vst2q_s16(part + PAIR * m, y.b);
            vst2q_s16(part + PAIR * 2 * m, y.c);
            vst2q_s16(part + PAIR * 3 * m, y.d);
        }
    }
}

static inline int16x8_t reverse(int16x8_t x)
{
    const int16x8_t halves = vrev64q_s16(x);

    return vcombine_s16(vget_high_s16(halves), vget_low_s16(halves));
}

static inline uint32x4_t energy_of(int16x4_t re, int16x4_t im)
{
    return vreinterpretq_u32_s32(vmlal_s16(vmull_s16(re, re), im, im));
}

static inline void store_energies(uint32_t *to, int16x8_t re, int16x8_t im)
{
    vst1q_u32(to, energy_of(vget_low_s16(re), vget_low_s16(im)));
    vst1q_u32(to + LANES / 2, energy_of(vget_high_s16(re), vget_high_s16(im)));
}

/* As in transform.c. */
static void split(const eg_micro_audio_plan *plan, uint32_t size, const int16_t *spectrum,
                  uint32_t *energies)
{
    const int16_t half = 32767 / 2;

    for (uint32_t k = 1; k <= size / 2; k += LANES) {
        const uint32_t mirrored = size - k - (LANES - 1);
        const int16x8x2_t low = scale(vld2q_s16(spectrum + PAIR * k), half);
        const int16x8x2_t x = vld2q_s16(spectrum + PAIR * mirrored);
        const int16x8x2_t high = scale(of(reverse(x.val[0]), vnegq_s16(reverse(x.val[1]))), half);
        const int16x8x2_t sum = add(low, high);
        const int16x8x2_t turned =
            multiply(subtract(low, high), vld2q_s16(plan->split_factors + PAIR * (k - 1)));

        store_energies(energies + k, vhaddq_s16(sum.val[0], turned.val[0]),
                       vhaddq_s16(sum.val[1], turned.val[1]));
        store_energies(energies + mirrored, reverse(vhsubq_s16(sum.val[0], turned.val[0])),
                       reverse(vhsubq_s16(turned.val[1], sum.val[1])));
    }
}

void eg_micro_audio_transform_neon(const eg_micro_audio_plan *plan, const int16_t *frame,
                                   uint32_t shift, int16_t *spectrum, uint32_t *energies)
{
    const uint32_t size = plan->fft_size / 2;
    const int16_t *factors = plan->factors;
    const int16x8_t count = vdupq_n_s16((int16_t)shift);
    uint32_t m = 4;

    if (plan->fft_size < LEAST_FFT_SIZE) {
        eg_micro_audio_transform_any(plan, frame, shift, spectrum, energies);
        return;
    }
    if ((size & 0x55555555U) != 0) { /* a power of 4 */
        first_stage_of_4(plan, size, frame, count, spectrum);
        join_4(spectrum, size, factors);
    } else {
        first_stage_of_2(plan, size, frame, count, spectrum);
        join_2(spectrum, size, factors);
        m = 2;
    }
    for (factors += PAIR * 3 * m, m *= 4; m < size; m *= 4) {
        join_m(spectrum, size, factors, m);
        factors += PAIR * 3 * m;
    }
    split(plan, size, spectrum, energies);
}

#endif
