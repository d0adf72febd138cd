/* AVX2: three channels from RGB, BGR and RGBA. Rows hold four values a pixel, the fourth unused. */
#include "edgegen/image/kernels.h"

#if EG_IMAGE_HAS_AVX2

#include <immintrin.h>
#include <string.h>

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

/* The instructions of one function, so that no flag is needed. Without FMA, so nothing is fused. */
#define AVX2 __attribute__((target("avx2")))

enum { BLOCK = 8 /* pixels written at once */, LANES = 4 };

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

bool eg_image_use_avx2(eg_image_draft draft)
{
    eg_image_plan *const plan = draft.plan;

    if (plan->color == EG_IMAGE_COLOR_GRAY || plan->source.format > EG_IMAGE_RGBA8 ||
        !__builtin_cpu_supports("avx2")) {
        return false;
    }
    const int32_t row = plan->source.width * pixel_bytes(plan);

    /* Fractions become four of a kind. */
    plan->inner_columns = 0;
    for (int32_t x = plan->part.width; x-- > 0;) {
        const int16_t fraction = draft.fractions[x];

        for (int32_t lane = 0; lane < LANES; ++lane) {
            draft.fractions[LANES * x + lane] = fraction;
        }
        if (draft.columns[x] + 8 <= row && plan->inner_columns == 0) {
            plan->inner_columns = x + 1;
        }
    }
    plan->path = EG_IMAGE_PATH_AVX2;
    plan->write_part = eg_image_write_part_avx2;
    return true;
}

/* Bytes of a mask that makes 16-bit values of one pixel of each of two 8-byte loads. */
static void fill_mask(const eg_image_plan *plan, int32_t first, uint8_t mask[16])
{
    for (int32_t i = 0; i < 8; ++i) {
        const bool used = i % 2 == 0 && i < 6;
        const int32_t byte = used ? first + source_channel(plan, i / 2) : 0x80;

        mask[i] = (uint8_t)byte;
        mask[i + 8] = (uint8_t)(used ? byte + 8 : 0x80);
    }
}

AVX2 static inline __m256i load_mask(const eg_image_plan *plan, int32_t first)
{
    uint8_t mask[16];

    fill_mask(plan, first, mask);
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)mask));
}

AVX2 static inline __m256i load_values(const int16_t *from)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)from);
}

/* Two pixels and their right neighbours. */
AVX2 static inline __m128i load_two(const uint8_t *first, const uint8_t *second)
{
    return _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)(const void *)first),
                              _mm_loadl_epi64((const __m128i *)(const void *)second));
}

AVX2 static inline __m256i mix(__m256i a, __m256i b, __m256i fraction)
{
    return _mm256_add_epi16(a, _mm256_mulhrs_epi16(_mm256_sub_epi16(b, a), fraction));
}

AVX2 static void resize_row(const eg_image_plan *plan, const eg_image *image, int32_t y,
                            int16_t *row)
{
    const uint8_t *const source = image->pixels + (size_t)y * image->stride;
    const int32_t *const columns = plan->columns;
    const int32_t size = pixel_bytes(plan);
    const __m256i left = load_mask(plan, 0);
    const __m256i right = load_mask(plan, size);
    int32_t x = 0;

    for (; x + 4 <= plan->inner_columns; x += 4) {
        const __m256i pixels = _mm256_inserti128_si256(
            _mm256_castsi128_si256(load_two(source + columns[x], source + columns[x + 1])),
            load_two(source + columns[x + 2], source + columns[x + 3]), 1);
        const __m256i a = _mm256_slli_epi16(_mm256_shuffle_epi8(pixels, left), EG_IMAGE_VALUE_BITS);
        const __m256i b =
            _mm256_slli_epi16(_mm256_shuffle_epi8(pixels, right), EG_IMAGE_VALUE_BITS);
        const __m256i values = mix(a, b, load_values(plan->fractions + (size_t)(LANES * x)));

        _mm256_storeu_si256((__m256i *)(void *)(row + (size_t)(LANES * x)), values);
    }
    /* The last columns, where 8 bytes would reach beyond the row. */
    for (; x < plan->part.width; ++x) {
        const int32_t fraction = plan->fractions[LANES * x];
        const uint8_t *const first = source + columns[x];
        const uint8_t *const second = first + (fraction != 0 ? size : 0);

        for (int32_t c = 0; c < 3; ++c) {
            const int32_t from = source_channel(plan, c);

            row[LANES * x + c] = (int16_t)eg_image_mix(
                first[from] << EG_IMAGE_VALUE_BITS, second[from] << EG_IMAGE_VALUE_BITS, fraction);
        }
    }
}

/* Eight pixels: four of RGBX in each. */
typedef struct block {
    __m256i first, second;
} block;

AVX2 static inline block mix_rows(const int16_t *upper, const int16_t *lower, __m256i fraction)
{
    const block mixed = {
        mix(load_values(upper), load_values(lower), fraction),
        mix(load_values(upper + 16), load_values(lower + 16), fraction),
    };

    return mixed;
}

/* Where a block goes: one place for NHWC, one per channel for NCHW. */
typedef struct places {
    uint8_t *to[3];
} places;

static places places_of(const eg_image_plan *plan, int32_t y, size_t element, void *tensor)
{
    const size_t width = (size_t)plan->width;
    const size_t plane = width * (size_t)plan->height * element;
    const size_t pixel = ((size_t)y * width + (size_t)plan->part.left) * element;
    uint8_t *const begin = (uint8_t *)tensor;
    const places planes = {{begin + pixel, begin + plane + pixel, begin + 2 * plane + pixel}};
    const places together = {{begin + 3 * pixel, NULL, NULL}};

    return plan->layout == EG_IMAGE_NHWC ? together : planes;
}

AVX2 static inline __m256 to_floats(__m128i values)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(values));
}

AVX2 static inline void store_floats(void *to, __m256 levels, __m256 scale, __m256 offset)
{
    _mm256_storeu_ps((float *)to, _mm256_add_ps(_mm256_mul_ps(levels, scale), offset));
}

/* Four pixels of RGBX as twelve floats; constants of 12 channels in a row. */
AVX2 static inline void store_four(float *to, __m256i values, const float *scale,
                                   const float *offset)
{
    const __m256i gather = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, -1, -1, -1, -1));
    const __m256i packed = _mm256_shuffle_epi8(values, gather);
    const __m128i low = _mm256_castsi256_si128(packed);
    const __m128i high = _mm256_extracti128_si256(packed, 1);
    const __m128i eight = _mm_or_si128(low, _mm_slli_si128(high, 12));
    const __m128 four = _mm_cvtepi32_ps(_mm_cvtepi16_epi32(_mm_srli_si128(high, 4)));

    store_floats(to, to_floats(eight), _mm256_loadu_ps(scale), _mm256_loadu_ps(offset));
    _mm_storeu_ps(to + 8,
                  _mm_add_ps(_mm_mul_ps(four, _mm_loadu_ps(scale + 8)), _mm_loadu_ps(offset + 8)));
}

AVX2 static void write_f32_nhwc(const eg_image_plan *plan, const int16_t *upper,
                                const int16_t *lower, int32_t fraction, places at)
{
    const __m256i weight = _mm256_set1_epi16((int16_t)fraction);
    float *to = (float *)(void *)at.to[0];
    float scale[12];
    float offset[12];
    int32_t x = 0;

    for (int32_t i = 0; i < 12; ++i) {
        scale[i] = plan->value_scale[i % 3];
        offset[i] = plan->offset[i % 3];
    }
    for (; x + BLOCK <= plan->part.width; x += BLOCK) {
        const size_t i = (size_t)(LANES * x);
        const block values = mix_rows(upper + i, lower + i, weight);

        store_four(to, values.first, scale, offset);
        store_four(to + 12, values.second, scale, offset);
        to += 24;
    }
    if (x < plan->part.width) {
        const size_t i = (size_t)(LANES * x);
        const block values = mix_rows(upper + i, lower + i, weight);
        float last[24];

        store_four(last, values.first, scale, offset);
        store_four(last + 12, values.second, scale, offset);
        memcpy(to, last, (size_t)(plan->part.width - x) * 3 * sizeof(float));
    }
}

/* The channels of eight pixels apart, in order. */
AVX2 static inline void split(block values, __m128i channels[3])
{
    const __m256i gather = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, -1, -1, -1, -1));
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    /* R0..R3 G0..G3 | B0..B3, and pixels 4 to 7 likewise */
    const __m256i first =
        _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(values.first, gather), order);
    const __m256i second =
        _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(values.second, gather), order);
    const __m256i outer = _mm256_unpacklo_epi64(first, second);

    channels[0] = _mm256_castsi256_si128(outer);
    channels[1] = _mm256_castsi256_si128(_mm256_unpackhi_epi64(first, second));
    channels[2] = _mm256_extracti128_si256(outer, 1);
}

AVX2 static void write_f32_nchw(const eg_image_plan *plan, const int16_t *upper,
                                const int16_t *lower, int32_t fraction, places at)
{
    const __m256i weight = _mm256_set1_epi16((int16_t)fraction);

    for (int32_t x = 0; x < plan->part.width; x += BLOCK) {
        const size_t i = (size_t)(LANES * x);
        const int32_t left = plan->part.width - x;
        __m128i channels[3];

        split(mix_rows(upper + i, lower + i, weight), channels);
        for (int32_t c = 0; c < 3; ++c) {
            const __m256 scale = _mm256_set1_ps(plan->value_scale[c]);
            const __m256 offset = _mm256_set1_ps(plan->offset[c]);
            uint8_t *const to = at.to[c] + (size_t)x * sizeof(float);

            if (left >= BLOCK) {
                store_floats(to, to_floats(channels[c]), scale, offset);
            } else {
                float last[BLOCK];

                store_floats(last, to_floats(channels[c]), scale, offset);
                memcpy(to, last, (size_t)left * sizeof(float));
            }
        }
    }
}

/* What quantising a pixel of RGBX takes. */
typedef struct quantiser {
    __m256i multiplier; /* 16 bits, each beside a 0 */
    __m256i bias;
    __m128i shift;
    bool is_signed;
} quantiser;

AVX2 static inline quantiser quantiser_of(const eg_image_plan *plan)
{
    const int32_t *const m = plan->multiplier;
    const int32_t *const b = plan->bias;
    const quantiser made = {
        /* The high half is multiplied by 0, whatever it is. */
        _mm256_broadcastsi128_si256(_mm_setr_epi32(m[0] & 0xFFFF, m[1] & 0xFFFF, m[2] & 0xFFFF, 0)),
        _mm256_broadcastsi128_si256(_mm_setr_epi32(b[0], b[1], b[2], 0)),
        _mm_cvtsi32_si128(plan->shift),
        plan->type == EG_IMAGE_INT8,
    };

    return made;
}

/* 16 bits of (value * multiplier + bias) >> shift, saturated. */
AVX2 static inline __m256i quantise(__m256i values, quantiser by)
{
    const __m256i zero = _mm256_setzero_si256();
    const __m256i even = _mm256_madd_epi16(_mm256_unpacklo_epi16(values, zero), by.multiplier);
    const __m256i odd = _mm256_madd_epi16(_mm256_unpackhi_epi16(values, zero), by.multiplier);

    return _mm256_packs_epi32(_mm256_sra_epi32(_mm256_add_epi32(even, by.bias), by.shift),
                              _mm256_sra_epi32(_mm256_add_epi32(odd, by.bias), by.shift));
}

/* Eight pixels of RGBX bytes, in order. */
AVX2 static inline __m256i quantise_block(block values, quantiser by)
{
    const __m256i first = quantise(values.first, by);
    const __m256i second = quantise(values.second, by);
    const __m256i bytes =
        by.is_signed ? _mm256_packs_epi16(first, second) : _mm256_packus_epi16(first, second);

    return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 1, 4, 5, 2, 3, 6, 7));
}

/* 24 bytes from the first 12 of each half. */
AVX2 static inline void store_pixels(uint8_t *to, __m256i bytes)
{
    const __m256i packed =
        _mm256_shuffle_epi8(bytes, _mm256_broadcastsi128_si256(_mm_setr_epi8(
                                       0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1)));
    const __m128i low = _mm256_castsi256_si128(packed);
    const __m128i high = _mm256_extracti128_si256(packed, 1);

    _mm_storeu_si128((__m128i *)(void *)to, _mm_or_si128(low, _mm_slli_si128(high, 12)));
    _mm_storel_epi64((__m128i *)(void *)(to + 16), _mm_srli_si128(high, 4));
}

AVX2 static void write_bytes_nhwc(const eg_image_plan *plan, const int16_t *upper,
                                  const int16_t *lower, int32_t fraction, places at)
{
    const __m256i weight = _mm256_set1_epi16((int16_t)fraction);
    const quantiser by = quantiser_of(plan);
    uint8_t *to = at.to[0];
    int32_t x = 0;

    for (; x + BLOCK <= plan->part.width; x += BLOCK) {
        const size_t i = (size_t)(LANES * x);

        store_pixels(to, quantise_block(mix_rows(upper + i, lower + i, weight), by));
        to += 24;
    }
    if (x < plan->part.width) {
        const size_t i = (size_t)(LANES * x);
        uint8_t last[24];

        store_pixels(last, quantise_block(mix_rows(upper + i, lower + i, weight), by));
        memcpy(to, last, (size_t)(plan->part.width - x) * 3);
    }
}

AVX2 static void write_bytes_nchw(const eg_image_plan *plan, const int16_t *upper,
                                  const int16_t *lower, int32_t fraction, places at)
{
    const __m256i weight = _mm256_set1_epi16((int16_t)fraction);
    const __m256i gather = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, -1, -1, -1, -1));
    const quantiser by = quantiser_of(plan);

    for (int32_t x = 0; x < plan->part.width; x += BLOCK) {
        const size_t i = (size_t)(LANES * x);
        const size_t left = (size_t)(plan->part.width - x);
        const __m256i bytes =
            _mm256_shuffle_epi8(quantise_block(mix_rows(upper + i, lower + i, weight), by), gather);
        const __m128i low = _mm256_castsi256_si128(bytes);
        const __m128i high = _mm256_extracti128_si256(bytes, 1);
        uint8_t channels[4 * BLOCK];

        _mm_storeu_si128((__m128i *)(void *)channels, _mm_unpacklo_epi32(low, high));
        _mm_storeu_si128((__m128i *)(void *)(channels + 16), _mm_unpackhi_epi32(low, high));
        for (size_t c = 0; c < 3; ++c) {
            memcpy(at.to[c] + x, channels + c * BLOCK, left < BLOCK ? left : BLOCK);
        }
    }
}

AVX2 static void write_row(const eg_image_plan *plan, const int16_t *upper, const int16_t *lower,
                           int32_t fraction, int32_t y, void *tensor)
{
    const bool is_float = plan->type == EG_IMAGE_FLOAT32;
    const bool together = plan->layout == EG_IMAGE_NHWC;
    const places at = places_of(plan, y, is_float ? sizeof(float) : 1, tensor);

    if (is_float && together) {
        write_f32_nhwc(plan, upper, lower, fraction, at);
    } else if (is_float) {
        write_f32_nchw(plan, upper, lower, fraction, at);
    } else if (together) {
        write_bytes_nhwc(plan, upper, lower, fraction, at);
    } else {
        write_bytes_nchw(plan, upper, lower, fraction, at);
    }
}

typedef struct row_pair {
    int16_t *rows[2];
    int32_t held[2]; /* which rows of the source; -1: none */
} row_pair;

static void hold(const eg_image_plan *plan, const eg_image *image, int32_t which, int32_t y,
                 row_pair *pair)
{
    if (pair->held[which] != y) {
        resize_row(plan, image, y, pair->rows[which]);
        pair->held[which] = y;
    }
}

void eg_image_write_part_avx2(const eg_image_plan *plan, const eg_image *image, void *tensor)
{
    row_pair pair = {{plan->rows[0], plan->rows[1]}, {-1, -1}};

    for (int32_t y = 0; y < plan->part.height; ++y) {
        const eg_image_position at =
            eg_image_position_of(plan->resize, y, plan->crop.height, plan->part.height);
        const int32_t upper = plan->crop.top + at.first;

        if (pair.held[1] == upper) {
            int16_t *const row = pair.rows[0];

            pair.rows[0] = pair.rows[1];
            pair.rows[1] = row;
            pair.held[0] = upper;
            pair.held[1] = -1;
        }
        hold(plan, image, 0, upper, &pair);
        if (at.fraction != 0) {
            hold(plan, image, 1, upper + 1, &pair);
        }
        write_row(plan, pair.rows[0], pair.rows[at.fraction != 0], at.fraction, plan->part.top + y,
                  tensor);
    }
}

#else

extern int not_empty;

#endif
