#include "edgegen/image/neon.h"

#if EG_IMAGE_HAS_NEON

enum { LANES = 4 /* of a pixel: its channels and one that is not used */ };

static int32_t pixel_bytes(const eg_image_plan *plan)
{
    return plan->source.format == EG_IMAGE_RGBA8 ? 4 : 3;
}

/* The channel of the source that is channel c of the tensor. */
static int32_t source_channel(const eg_image_plan *plan, int32_t c)
{
    const bool blue_first = plan->source.format == EG_IMAGE_BGR8;
    const bool wants_blue_first = plan->color == EG_IMAGE_COLOR_BGR;

    return blue_first == wants_blue_first ? c : 2 - c;
}

/* What gathers the channels of two pixels, `first` bytes into two 8-byte loads. */
static uint8x8_t gather_of(const eg_image_plan *plan, int32_t first)
{
    uint8_t bytes[8];

    for (int32_t c = 0; c < LANES; ++c) {
        const int32_t byte = first + source_channel(plan, c < 3 ? c : 0);

        bytes[c] = (uint8_t)byte;
        bytes[c + LANES] = (uint8_t)(byte + 8);
    }
    return vld1_u8(bytes);
}

/* Eight bytes of a 16-byte table. */
static inline uint8x8_t look_up(uint8x8_t low, uint8x8_t high, uint8x8_t indices)
{
#if defined(__aarch64__)
    return vqtbl1_u8(vcombine_u8(low, high), indices);
#else
    const uint8x8x2_t table = {{low, high}};

    return vtbl2_u8(table, indices);
#endif
}

static inline int16x8_t to_values(uint8x8_t levels)
{
    return vreinterpretq_s16_u16(vshll_n_u8(levels, EG_IMAGE_VALUE_BITS));
}

/* A row of the source and how to take pixels from it. */
typedef struct taker {
    const uint8_t *source;
    const int32_t *columns;
    const int16_t *fractions;
    uint8x8_t left, right;
} taker;

/* Columns x and x + 1: RGBX RGBX. */
static inline int16x8_t take_two(const taker *from, int32_t x)
{
    const uint8x8_t low = vld1_u8(from->source + from->columns[x]);
    const uint8x8_t high = vld1_u8(from->source + from->columns[x + 1]);

    return eg_image_mix_neon(to_values(look_up(low, high, from->left)),
                             to_values(look_up(low, high, from->right)),
                             vld1q_s16(from->fractions + (size_t)x * LANES));
}

static int32_t read_together(const taker *from, int32_t columns, int16_t *row)
{
    int32_t x = 0;

    for (; x + 2 <= columns; x += 2) {
        const int16x8_t pixels = take_two(from, x);

        /* What is too much is overwritten by the next pixel, or lies beyond the last one. */
        vst1_s16(row, vget_low_s16(pixels));
        vst1_s16(row + 3, vget_high_s16(pixels));
        row += 6;
    }
    return x;
}

static int32_t read_apart(const taker *from, int32_t columns, int16_t *row, int32_t plane)
{
    int32_t x = 0;

    for (; x + EG_IMAGE_NEON_BLOCK <= columns; x += EG_IMAGE_NEON_BLOCK) {
        /* R B R B and G X G X; then R, B and G. */
        const int16x8x2_t first = vuzpq_s16(take_two(from, x), take_two(from, x + 2));
        const int16x8x2_t last = vuzpq_s16(take_two(from, x + 4), take_two(from, x + 6));
        const int16x8x2_t outer = vuzpq_s16(first.val[0], last.val[0]);
        const int16x8x2_t middle = vuzpq_s16(first.val[1], last.val[1]);

        vst1q_s16(row + x, outer.val[0]);
        vst1q_s16(row + plane + x, middle.val[0]);
        vst1q_s16(row + 2 * plane + x, outer.val[1]);
    }
    return x;
}

void eg_image_read_rgb_neon(const eg_image_plan *plan, const eg_image *image, int32_t y,
                            int16_t *row)
{
    const bool together = plan->layout == EG_IMAGE_NHWC;
    const int32_t size = pixel_bytes(plan);
    const int32_t step = together ? 3 : 1;
    const int32_t channel = together ? 1 : plan->width;
    const taker from = {image->pixels + (size_t)y * image->stride, plan->columns, plan->fractions,
                        gather_of(plan, 0), gather_of(plan, size)};
    int32_t x = together ? read_together(&from, plan->inner_columns, row)
                         : read_apart(&from, plan->inner_columns, row, channel);

    for (; x < plan->part.width; ++x) {
        const int32_t fraction = plan->fractions[x * LANES];
        const uint8_t *const a = from.source + plan->columns[x];
        const uint8_t *const b = a + (fraction != 0 ? size : 0);

        for (int32_t c = 0; c < 3; ++c) {
            const int32_t at = source_channel(plan, c);

            row[x * step + c * channel] = eg_image_mix_levels(a[at], b[at], fraction);
        }
    }
}

#else

extern int not_empty;

#endif
