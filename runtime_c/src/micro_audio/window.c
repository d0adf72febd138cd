#include "edgegen/isa_dsp.h"
#include "edgegen/micro_audio/kernels.h"

#include <string.h>

enum { WINDOW_BITS = 12 };

static uint32_t magnitude(int16_t x)
{
    return x < 0 ? 0U - (uint32_t)x : (uint32_t)x;
}

/* Returns the magnitudes, ored: the greatest one's leading bit is the leading bit of that. */
static uint32_t apply(const int16_t *window, const int16_t *samples, uint32_t count, int16_t *frame)
{
    uint32_t ored = 0;

    for (uint32_t n = 0; n < count; ++n) {
        frame[n] = (int16_t)((samples[n] * window[n]) >> WINDOW_BITS);
        ored |= magnitude(frame[n]);
    }
    return ored;
}

#if EG_HAS_DSP

static uint32_t apply_in_pairs(const int16_t *window, const int16_t *samples, uint32_t pairs,
                               int16_t *frame)
{
    uint32_t ored = 0;

    for (; pairs > 0; --pairs) {
        const uint32_t x = eg_load_word(samples);
        const uint32_t w = eg_load_word(window);
        const int32_t low = eg_smulbb(x, w) >> WINDOW_BITS;
        const uint32_t high = (uint32_t)eg_smultt(x, w);
        const uint32_t y = eg_pkhbt_4((uint32_t)low, high);

        memcpy(frame, &y, sizeof y);
        ored |= eg_abs16(y);
        samples += 2;
        window += 2;
        frame += 2;
    }
    return (ored | ored >> 16) & 0xFFFFU;
}

#endif

uint32_t eg_micro_audio_window(const eg_micro_audio_plan *plan, const int16_t *samples,
                               int16_t *frame)
{
    const uint32_t length = plan->frame_length;
    uint32_t done = 0;
    uint32_t ored = 0;

#if EG_HAS_DSP
    done = length & ~1U;
    ored = apply_in_pairs(plan->window, samples, done / 2, frame);
#endif
    ored |= apply(plan->window + done, samples + done, length - done, frame + done);
    memset(frame + length, 0, (plan->fft_size - length) * sizeof *frame);
    return 15U - eg_bit_length(ored & 0x7FFFU); /* without -32768 */
}
