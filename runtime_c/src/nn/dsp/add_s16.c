#include "edgegen/nn/dsp/elementwise_s16.h"

#include "edgegen/fixed_point.h"
#include "edgegen/isa_dsp.h"

/* A right shift that rounds ties away from zero: half a step is added, less one for what is
 * negative, unless nothing is shifted. */
typedef struct rounding {
    int32_t shift;
    int32_t half;
    int32_t if_negative;
} rounding;

static rounding rounding_of(int32_t shift)
{
    const uint32_t step = UINT32_C(1) << -shift;
    const rounding r = {-shift, (int32_t)(step >> 1), shift < 0 ? -1 : 0};

    return r;
}

static inline int32_t shifted(int32_t x, const rounding *r)
{
    return (x + r->half + ((x >> 31) & r->if_negative)) >> r->shift;
}

/* eg_rounding_doubling_high_mul(x * 2^15, multiplier), and then the shift: of x * 2^16 that is the
 * upper word of one product, rounded. */
static inline int32_t to_common_scale(int32_t x, int32_t multiplier, const rounding *r)
{
    return shifted(eg_smmlar(x * (INT32_C(1) << 16), multiplier, 0), r);
}

static void add_row(const void *description, const void *input1, int32_t step1, const void *input2,
                    int32_t step2, void *output, int32_t length)
{
    const eg_add_s16 *const layer = description;
    const rounding first = rounding_of(layer->input1_shift);
    const rounding second = rounding_of(layer->input2_shift);
    const rounding last = rounding_of(layer->output_shift);
    const int16_t *in1 = input1;
    const int16_t *in2 = input2;
    int16_t *const out = output;

    for (int32_t i = 0; i < length; ++i) {
        const int32_t a = to_common_scale(*in1, layer->input1_multiplier, &first);
        const int32_t b = to_common_scale(*in2, layer->input2_multiplier, &second);
        const int32_t doubled = 2 * (a + layer->input2_sign * b);
        const int32_t sum = shifted(eg_smmlar(doubled, layer->output_multiplier, 0), &last);

        out[i] = (int16_t)eg_clamp_i32(sum, layer->activation_min, layer->activation_max);
        in1 += step1;
        in2 += step2;
    }
}

void eg_run_add_s16_dsp(const eg_add_s16 *layer, const int16_t *input1, const int16_t *input2,
                        int16_t *output)
{
    eg_for_each_row(&layer->shape, sizeof *output, add_row, layer, input1, input2, output);
}
