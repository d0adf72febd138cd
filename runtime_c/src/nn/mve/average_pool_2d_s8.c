#include "edgegen/nn/mve/pool_2d.h"

#include "edgegen/fixed_point.h"
#include "edgegen/isa_mve.h"

enum { LANES = 8 };

#if EG_HAS_MVE

/* round(sum / count), ties away from zero, with reciprocal = ceil(2^31 / count): twice the sum's
 * magnitude is below 2^17 and the reciprocal off by less than 1, so the product's high word is the
 * quotient. */
static int32x4_t divide(int32x4_t sum, int32_t half, uint32_t reciprocal)
{
    const int32x4_t sign = vshrq_n_s32(sum, 31);
    const int32x4_t twice = vshlq_n_s32(vaddq_n_s32(vabsq_s32(sum), half), 1);
    const uint32x4_t quotient = vmulhq_u32(vreinterpretq_u32_s32(twice), vdupq_n_u32(reciprocal));

    return vsubq_s32(veorq_s32(vreinterpretq_s32_u32(quotient), sign), sign);
}

static void average(const eg_pool_2d_s8 *layer, const eg_patch *patch, const int8_t *row,
                    int32_t channels, int8_t *output)
{
    const eg_window_2d *window = &layer->window;
    const int32_t depth = window->input_depth;
    const int32_t count = patch->rows * patch->columns;
    const uint32_t reciprocal = (0x80000000U - 1U) / (uint32_t)count + 1U;
    const mve_pred16_t some = vctp16q((uint32_t)channels);
    int16x8_t sum = vdupq_n_s16(0);

    for (int32_t i = patch->rows; i > 0; --i) {
        const int8_t *from = row;

        for (int32_t j = patch->columns; j > 0; --j) {
            sum = vaddq_s16(sum, vldrbq_z_s16(from, some));
            from += depth;
        }
        row += window->input_width * depth;
    }
    const int32x4_t even = divide(vmovlbq_s16(sum), count / 2, reciprocal);
    const int32x4_t odd = divide(vmovltq_s16(sum), count / 2, reciprocal);
    const int16x8_t mean = vmovntq_s32(vmovnbq_s32(sum, even), odd);
    const int16x8_t raised = vmaxq_s16(mean, vdupq_n_s16((int16_t)layer->activation_min));

    vstrbq_p_s16(output, vminq_s16(raised, vdupq_n_s16((int16_t)layer->activation_max)), some);
}

#else

static void average(const eg_pool_2d_s8 *layer, const eg_patch *patch, const int8_t *row,
                    int32_t channels, int8_t *output)
{
    const eg_window_2d *window = &layer->window;
    const int32_t depth = window->input_depth;
    const int32_t count = patch->rows * patch->columns;

    for (int32_t c = 0; c < LANES && c < channels; ++c) {
        int32_t sum = 0;

        for (int32_t i = 0; i < patch->rows; ++i) {
            for (int32_t j = 0; j < patch->columns; ++j) {
                sum += row[(i * window->input_width + j) * depth + c];
            }
        }
        const int32_t mean = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;

        output[c] = (int8_t)eg_clamp_i32(mean, layer->activation_min, layer->activation_max);
    }
}

#endif

void eg_run_average_pool_2d_s8_mve(const eg_pool_2d_s8 *layer, const int8_t *input, int8_t *output)
{
    const int32_t depth = layer->window.input_depth;
    eg_patch patch = EG_PATCH_START;

    while (eg_next_patch(&layer->window, &patch)) {
        for (int32_t c = 0; c < depth; c += LANES) {
            average(layer, &patch, input + patch.input + c, depth - c, output + c);
        }
        output += depth;
    }
}
