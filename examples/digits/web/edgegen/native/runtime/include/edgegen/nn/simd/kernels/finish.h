/* From sums to outputs. */
#ifndef EDGEGEN_NN_SIMD_KERNELS_FINISH_H
#define EDGEGEN_NN_SIMD_KERNELS_FINISH_H

#ifndef EG_V
#include "edgegen/nn/simd/isa/c.h"
#endif
#include "edgegen/nn/simd/layers.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Vectors of the block that takes the channels from `done` on, as nn/simd/conv_2d.h has it. */
static inline int32_t eg_v_vectors(int32_t channels, int32_t done)
{
    return channels - done > EG_V_LANES && channels >= 2 * EG_V_LANES ? 2 : 1;
}

/* And its first channel. */
static inline int32_t eg_v_first(int32_t channels, int32_t done, int32_t vectors)
{
    const int32_t last = channels - vectors * EG_V_LANES;

    return last < 0 ? 0 : (done < last ? done : last);
}

/* What is the same for some channels at all positions. */
typedef struct eg_v_finishing {
    eg_v_scale scale[2];
    eg_v_limits limits;
    int32_t step;   /* from the outputs of one position to those of the next */
    int32_t first;  /* channel */
    int32_t stored; /* channels, where they are less than a vector; otherwise 0 */
    const eg_output_simd *output;
} eg_v_finishing;

/* For the channels from `first` on: one vector or two. */
EG_V_INLINE void eg_v_begin_finishing(eg_v_finishing *finish, const eg_output_simd *output,
                                      int32_t channels, int32_t first, int32_t vectors)
{
    for (int32_t i = 0; i < vectors; ++i) {
        const int32_t channel = first + i * EG_V_LANES;

        finish->scale[i] = eg_v_load_scale(output->multiplier + channel, output->shift + channel,
                                           output->zero_point);
    }
    finish->limits = eg_v_load_limits(output->activation_min, output->activation_max);
    finish->step = channels;
    finish->first = first;
    finish->stored = channels < EG_V_LANES ? channels : 0;
    finish->output = output;
}

EG_V_INLINE eg_v_sums eg_v_output_of(eg_v_sums sums, const eg_v_scale *scale, const bool upwards)
{
    return upwards ? eg_v_rescale_upwards(sums, scale) : eg_v_rescale(sums, scale);
}

/* `vectors` and `upwards` are constants wherever this is called. */
EG_V_INLINE void eg_v_finish_all(const eg_v_finishing *finish, const int32_t *sums, int8_t *out,
                                 int32_t positions, const int32_t vectors, const bool upwards)
{
    const eg_v_scale scale_a = finish->scale[0];
    const eg_v_scale scale_b = finish->scale[vectors - 1];
    const eg_v_limits limits = finish->limits;

    for (; positions > 0; --positions) {
        const eg_v_sums a = eg_v_output_of(eg_v_load(sums), &scale_a, upwards);

        if (vectors == 2) {
            const eg_v_sums b = eg_v_output_of(eg_v_load(sums + EG_V_LANES), &scale_b, upwards);

            eg_v_store_two(out, a, b, &limits);
        } else if (finish->stored != 0) {
            int8_t all[EG_V_LANES];

            eg_v_store(all, a, &limits);
            memcpy(out, all, (size_t)finish->stored);
        } else {
            eg_v_store(out, a, &limits);
        }
        sums += vectors * EG_V_LANES;
        out += finish->step;
    }
}

/* For shifts that vectors don't have: rare. */
EG_V_ALONE void eg_v_finish_lanes(const eg_v_finishing *finish, const int32_t *sums, int8_t *out,
                                  int32_t positions, int32_t lanes)
{
    const eg_output_simd *output = finish->output;
    const int32_t channels = finish->stored != 0 ? finish->stored : lanes;

    for (; positions > 0; --positions) {
        for (int32_t i = 0; i < channels; ++i) {
            const int32_t channel = finish->first + i;

            out[i] = (int8_t)eg_requantize(sums[i], output->multiplier[channel],
                                           -output->shift[channel], output->zero_point,
                                           output->activation_min, output->activation_max);
        }
        sums += lanes;
        out += finish->step;
    }
}

/* sums: [position][vector][lane] */
EG_V_ALONE void eg_v_finish(const eg_v_finishing *finish, const int32_t *sums, int8_t *out,
                            int32_t positions, int32_t vectors)
{
    const bool upwards = finish->output->ties_upwards != 0;

    if (finish->output->lane_by_lane) {
        eg_v_finish_lanes(finish, sums, out, positions, vectors * EG_V_LANES);
    } else if (vectors == 2 && upwards) {
        eg_v_finish_all(finish, sums, out, positions, 2, true);
    } else if (vectors == 2) {
        eg_v_finish_all(finish, sums, out, positions, 2, false);
    } else if (upwards) {
        eg_v_finish_all(finish, sums, out, positions, 1, true);
    } else {
        eg_v_finish_all(finish, sums, out, positions, 1, false);
    }
}

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_NN_SIMD_KERNELS_FINISH_H */
