#include "edgegen/micro_audio/complex.h"
#include "edgegen/micro_audio/kernels.h"

enum { PAIR = 2 /* halfwords of a complex number */ };

static inline eg_c16 load_scaled(const int16_t *frame, uint32_t at, uint32_t unit)
{
    return eg_c16_scale(eg_c16_load(frame + PAIR * at), unit);
}

/* Four numbers that are `step` apart. */
static inline void store_butterfly(int16_t *to, uint32_t step, eg_c16 a, eg_c16 b, eg_c16 c,
                                   eg_c16 d)
{
    const eg_c16 even = eg_c16_add(a, c);
    const eg_c16 odd = eg_c16_add(b, d);
    const eg_c16 even_turned = eg_c16_sub(a, c);
    const eg_c16 odd_turned = eg_c16_sub(b, d);

    eg_c16_store(to, eg_c16_add(even, odd));
    eg_c16_store(to + PAIR * step, eg_c16_sub_turned(even_turned, odd_turned));
    eg_c16_store(to + PAIR * 2 * step, eg_c16_sub(even, odd));
    eg_c16_store(to + PAIR * 3 * step, eg_c16_add_turned(even_turned, odd_turned));
}

/* Its factors are 1, by which a halved number stays what it is. */
static void first_stage_of_2(const eg_micro_audio_plan *plan, uint32_t size, const int16_t *frame,
                             uint32_t unit, int16_t *spectrum)
{
    for (uint32_t g = 0; g < size / 2; ++g) {
        const uint32_t at = plan->order[g];
        const eg_c16 a = eg_c16_divide(load_scaled(frame, at, unit), 2);
        const eg_c16 b = eg_c16_divide(load_scaled(frame, at + size / 2, unit), 2);

        eg_c16_store(spectrum + PAIR * 2 * g, eg_c16_add(a, b));
        eg_c16_store(spectrum + PAIR * (2 * g + 1), eg_c16_sub(a, b));
    }
}

static void first_stage_of_4(const eg_micro_audio_plan *plan, uint32_t size, const int16_t *frame,
                             uint32_t unit, int16_t *spectrum)
{
    const uint32_t quarter = size / 4;

    for (uint32_t g = 0; g < quarter; ++g) {
        const uint32_t at = plan->order[g];
        const eg_c16 a = eg_c16_divide(load_scaled(frame, at, unit), 4);
        const eg_c16 b = eg_c16_divide(load_scaled(frame, at + quarter, unit), 4);
        const eg_c16 c = eg_c16_divide(load_scaled(frame, at + 2 * quarter, unit), 4);
        const eg_c16 d = eg_c16_divide(load_scaled(frame, at + 3 * quarter, unit), 4);

        store_butterfly(spectrum + PAIR * 4 * g, 1, a, b, c, d);
    }
}

/* Joins four transforms of length m. */
static inline void join(int16_t *part, const int16_t *factors, uint32_t m)
{
    for (uint32_t j = 0; j < m; ++j) {
        const eg_c16 a = eg_c16_divide(eg_c16_load(part), 4);
        const eg_c16 b = eg_c16_divide(eg_c16_load(part + PAIR * m), 4);
        const eg_c16 c = eg_c16_divide(eg_c16_load(part + PAIR * 2 * m), 4);
        const eg_c16 d = eg_c16_divide(eg_c16_load(part + PAIR * 3 * m), 4);

        store_butterfly(part, m, a, eg_c16_multiply(b, eg_c16_load(factors)),
                        eg_c16_multiply(c, eg_c16_load(factors + PAIR * m)),
                        eg_c16_multiply(d, eg_c16_load(factors + PAIR * 2 * m)));
        part += PAIR;
        factors += PAIR;
    }
}

static inline void join_each(int16_t *spectrum, uint32_t size, const int16_t *factors, uint32_t m)
{
    for (uint32_t at = 0; at < size; at += 4 * m) {
        join(spectrum + PAIR * at, factors, m);
    }
}

/* Lengths that the compiler knows, as those of an fft_size of 512, leave a core with few registers
 * more of them for the numbers. */
static void join_all(int16_t *spectrum, uint32_t size, const int16_t *factors, uint32_t m)
{
    if (EG_HAS_DSP && m == 4) {
        join_each(spectrum, size, factors, 4);
    } else if (EG_HAS_DSP && m == 16) {
        join_each(spectrum, size, factors, 16);
    } else if (EG_HAS_DSP && m == 64) {
        join_each(spectrum, size, factors, 64);
    } else {
        join_each(spectrum, size, factors, m);
    }
}

static void later_stages(const eg_micro_audio_plan *plan, uint32_t size, uint32_t m,
                         int16_t *spectrum)
{
    const int16_t *factors = plan->factors;

    for (; m < size; m *= 4) {
        join_all(spectrum, size, factors, m);
        factors += PAIR * 3 * m;
    }
}

/* From the transform of pairs to the energies of single samples' transform. At the middle both
 * results are the same bin's: the second one stays. */
static void split(const eg_micro_audio_plan *plan, uint32_t size, const int16_t *spectrum,
                  uint32_t *energies)
{
    const int16_t *factors = plan->split_factors;

    for (uint32_t k = 1; k <= size / 2; ++k) {
        const eg_c16 low = eg_c16_divide(eg_c16_load(spectrum + PAIR * k), 2);
        const eg_c16 high =
            eg_c16_divide(eg_c16_conjugate(eg_c16_load(spectrum + PAIR * (size - k))), 2);
        const eg_c16 sum = eg_c16_add(low, high);
        const eg_c16 turned = eg_c16_multiply(eg_c16_sub(low, high), eg_c16_load(factors));

        energies[k] = eg_c16_energy(eg_c16_mean(sum, turned));
        energies[size - k] = eg_c16_energy(eg_c16_half_difference(sum, turned));
        factors += PAIR;
    }
}

static bool is_power_of_4(uint32_t size)
{
    return (size & 0x55555555U) != 0;
}

void eg_micro_audio_transform_any(const eg_micro_audio_plan *plan, const int16_t *frame,
                                  uint32_t shift, int16_t *spectrum, uint32_t *energies)
{
    const uint32_t size = plan->fft_size / 2;

    if (is_power_of_4(size)) {
        first_stage_of_4(plan, size, frame, UINT32_C(1) << shift, spectrum);
        later_stages(plan, size, 4, spectrum);
    } else {
        first_stage_of_2(plan, size, frame, UINT32_C(1) << shift, spectrum);
        later_stages(plan, size, 2, spectrum);
    }
    split(plan, size, spectrum, energies);
}
