#include "edgegen/micro_audio/kernels.h"

enum {
    NOISE_BITS = 14,
    SNR_BITS = 12,
    GAINED_BITS = 6,
    LOG_BITS = 16,
    SEGMENT_BITS = 7,
    LN_2 = 45426 /* in 1/2^16 */
};

/* round(2^16 * (log2(1 + i / 128) - i / 128)) */
static const uint16_t log_excess[(1 << SEGMENT_BITS) + 1] = {
    0,    224,  442,  654,  861,  1063, 1259, 1450, 1636, 1817, 1992, 2163, 2329, 2490, 2646,
    2797, 2944, 3087, 3224, 3358, 3487, 3611, 3732, 3848, 3960, 4068, 4172, 4272, 4368, 4460,
    4549, 4633, 4714, 4791, 4864, 4934, 5001, 5063, 5123, 5178, 5231, 5280, 5326, 5368, 5408,
    5444, 5477, 5507, 5533, 5557, 5578, 5595, 5610, 5622, 5631, 5637, 5640, 5641, 5638, 5633,
    5626, 5615, 5602, 5586, 5568, 5547, 5524, 5498, 5470, 5439, 5406, 5370, 5332, 5291, 5249,
    5203, 5156, 5106, 5054, 5000, 4944, 4885, 4825, 4762, 4697, 4630, 4561, 4490, 4416, 4341,
    4264, 4184, 4103, 4020, 3935, 3848, 3759, 3668, 3575, 3481, 3384, 3286, 3186, 3084, 2981,
    2875, 2768, 2659, 2549, 2437, 2323, 2207, 2090, 1971, 1851, 1729, 1605, 1480, 1353, 1224,
    1094, 963,  830,  695,  559,  421,  282,  142,  0,
};

/* floor(sqrt(x)) for x >= 2^30. The line that starts is within a twentieth of the root; a step of
 * Newton's halves the error's square and ends above the root but for its floor. */
static uint32_t root_of_word(uint32_t x)
{
    uint32_t root = (x >> 15) / 3U + 22528U;

    root = (root + x / root) >> 1;
    root = (root + x / root) >> 1;
    if (root > 0xFFFFU) {
        root = 0xFFFFU;
    }
    return root * root > x ? root - 1 : root;
}

/* floor(sqrt(x)) or 1 more: the root of the upper word of x, shifted up by an even number of bits,
 * and one long division for the lower half of its own. */
static uint32_t root_or_more(uint64_t x)
{
    const uint32_t upper = (uint32_t)(x >> 32);
    const uint32_t length = upper != 0 ? 32U + eg_bit_length(upper) : eg_bit_length((uint32_t)x);
    const uint32_t up = (64U - length) & ~1U;

    x <<= up;

    const uint32_t high = root_of_word((uint32_t)(x >> 32));
    const uint32_t rest = (uint32_t)(x >> 32) - high * high;
    const uint32_t low = ((rest << 15) | ((uint32_t)x >> 17)) / high;

    return ((high << 16) | (low < 0xFFFFU ? low : 0xFFFFU)) >> (up / 2);
}

/* The nearest integer to the square root, but not 2^16 for a sum below 2^32. */
static uint32_t rounded_root(uint64_t x)
{
    if (x == 0) {
        return 0;
    }
    const uint32_t guess = root_or_more(x);
    const int64_t rest = (int64_t)(x - (uint64_t)guess * guess);
    const uint32_t root = rest > (int64_t)guess    ? guess + 1
                          : rest > -(int64_t)guess ? guess
                                                   : guess - 1;

    return root == 0x10000U && x >> 32 == 0 ? 0xFFFFU : root;
}

static uint32_t without_noise(const eg_micro_audio_plan *plan, uint32_t channel, uint32_t signal,
                              uint32_t *noise)
{
    const uint32_t smoothing = plan->smoothing[channel & 1];
    const uint32_t scaled = signal << plan->smoothing_bits;
    const uint64_t sum = (uint64_t)scaled * smoothing +
                         (uint64_t)noise[channel] * ((UINT32_C(1) << NOISE_BITS) - smoothing);
    const uint32_t estimate = (uint32_t)(sum >> NOISE_BITS);
    const uint32_t floor =
        (uint32_t)(((uint64_t)signal * plan->min_signal_remaining) >> NOISE_BITS);
    const uint32_t rest = estimate < scaled ? (scaled - estimate) >> plan->smoothing_bits : 0;

    noise[channel] = estimate;
    return rest > floor ? rest : floor;
}

/* x shifted up so that its leading one, of bit length `length`, is bit 31. */
static uint32_t normalised(uint32_t x, uint32_t length)
{
    return x << ((32U - length) & 31U);
}

static int32_t gain_of(const eg_micro_audio_plan *plan, uint32_t noise)
{
    const uint32_t length = eg_bit_length(noise);
    const int16_t *const gain = plan->gains + (size_t)3 * length;
    const int32_t fraction = (int32_t)((normalised(noise, length) >> 21) & 0x3FFU);
    const uint32_t slope = (uint32_t)((gain[2] * fraction) >> 5) + ((uint32_t)gain[1] << 5);
    const int32_t change = (int32_t)(slope * (uint32_t)fraction + (1U << 14)) >> 15;

    return (int16_t)(change + gain[0]);
}

static uint32_t with_gain(const eg_micro_audio_plan *plan, uint32_t signal, uint32_t noise)
{
    const uint32_t gain = (uint32_t)gain_of(plan, noise);
    const uint32_t snr = (uint32_t)(((uint64_t)signal * gain) >> plan->gain_shift);

    if (snr < 2U << SNR_BITS) {
        return (snr * snr) >> (2 + 2 * SNR_BITS - GAINED_BITS);
    }
    return (snr >> (SNR_BITS - GAINED_BITS)) - (1U << GAINED_BITS);
}

/* 2^shift * ln(x), x > 1 */
static uint32_t logarithm(uint32_t x, uint32_t shift)
{
    const uint32_t length = eg_bit_length(x);
    const uint32_t fraction = (normalised(x, length) << 1) >> LOG_BITS;
    const uint32_t segment = fraction >> (LOG_BITS - SEGMENT_BITS);
    const int32_t place = (int32_t)(fraction & ((1U << (LOG_BITS - SEGMENT_BITS)) - 1U));
    const int32_t excess = log_excess[segment];
    const int32_t change = ((log_excess[segment + 1] - excess) * place) >> LOG_BITS;
    const uint32_t binary = ((length - 1) << LOG_BITS) + fraction + (uint32_t)(excess + change);
    const uint32_t half = 1U << (LOG_BITS - 1);
    const uint32_t natural = (uint32_t)(((uint64_t)LN_2 * binary + half) >> LOG_BITS);

    return ((natural << shift) + half) >> LOG_BITS;
}

static uint32_t with_logarithm(const eg_micro_audio_plan *plan, uint32_t signal)
{
    const int32_t bits = plan->correction_bits;
    const uint32_t x = bits < 0 ? signal >> -bits : signal << bits;

    return x > 1 ? logarithm(x, plan->log_shift) : 0;
}

static uint16_t feature_of(const eg_micro_audio_plan *plan, uint32_t channel, uint64_t sum,
                           uint32_t shift, uint32_t *noise)
{
    uint32_t signal = without_noise(plan, channel, rounded_root(sum) >> shift, noise);

    if (plan->gains != NULL) {
        signal = with_gain(plan, signal, noise[channel]);
    }
    if (plan->has_log) {
        signal = with_logarithm(plan, signal);
    }
    return (uint16_t)(signal < UINT16_MAX ? signal : UINT16_MAX);
}

/* Every energy is read once: it falls into two channels. */
void eg_micro_audio_features(const eg_micro_audio_plan *plan, const uint32_t *energies,
                             uint32_t shift, uint32_t *noise, uint16_t *features)
{
    const uint16_t *weight = plan->weights;
    const uint32_t *energy = energies + plan->first_bin;
    uint64_t below = 0;

    for (uint32_t i = 0; i <= plan->channels; ++i) {
        uint64_t above = 0;

        for (const uint32_t *const end = energy + plan->widths[i]; energy != end; ++energy) {
            below += (uint64_t)weight[0] * *energy;
            above += (uint64_t)weight[1] * *energy;
            weight += 2;
        }
        if (i > 0) {
            features[i - 1] = feature_of(plan, i - 1, below, shift, noise);
        }
        below = above;
    }
}
