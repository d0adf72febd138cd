/* The part of a tensor by vectors: three channels from RGB, BGR and RGBA, for SSE4.1 and AVX2.
 *
 * A file includes it with X86_WIDE, 0 for 128 bits and 1 for 256, which are two halves of 128 that
 * do the same; and with X86_TARGET, the instructions of a function. Pixels are four 16-bit values,
 * red, green, blue and a 0; a block of them are two vectors, so that halves hold pixels in order
 * once the two are interleaved or packed:
 *
 *   128 bits   0 1         2 3
 *   256 bits   0 1 | 4 5   2 3 | 6 7
 *
 * Between two levels. Of a pixel and the one to its right, one is nearer. With n its level, f that
 * of the other one and g the distance, at most 2^14, eg_image_mix_levels gives 128 n + floor((128
 * (f - n) g + 2^14) / 2^15), whichever it is. PMADDUBSW makes 64 n and 64 (n - f) of the bytes n
 * and f; PMULHRSW does the rest, with -2 g: that fits 16 bits where 2 g does not. */
#include "edgegen/image/kernels.h"

#include <immintrin.h>
#include <string.h>

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

#define INLINE X86_TARGET static inline __attribute__((always_inline))

#if X86_WIDE
#define V(operation) _mm256_##operation
typedef __m256i vector;
typedef __m256 floats;
#else
#define V(operation) _mm_##operation
typedef __m128i vector;
typedef __m128 floats;
#endif

enum {
    LANES = 4,
    BLOCK = X86_WIDE ? 8 : 4,
    HALF = LANES * BLOCK / 2, /* values of a vector */
    NEAR = 8,                 /* bytes that are read for one pixel */
    WINDOW = 16,              /* bytes that are read for two */
    SPILLED = 2,              /* pixels behind a block that are written with it, in part */
    LINE = 64,
    LINES = BLOCK / 2, /* of the cache, in a block of a source that is eight times wider */
    AHEAD = 64,        /* columns */
};

INLINE vector both(__m128i half)
{
#if X86_WIDE
    return _mm256_broadcastsi128_si256(half);
#else
    return half;
#endif
}

INLINE vector load(const void *from)
{
#if X86_WIDE
    return _mm256_loadu_si256((const __m256i *)from);
#else
    return _mm_loadu_si128((const __m128i *)from);
#endif
}

INLINE void store(void *to, vector values)
{
#if X86_WIDE
    _mm256_storeu_si256((__m256i *)to, values);
#else
    _mm_storeu_si128((__m128i *)to, values);
#endif
}

INLINE vector zero(void)
{
    return V(set1_epi32)(0);
}

typedef struct block {
    vector first, second;
} block;

static int32_t pixel_bytes(const eg_image_plan *plan)
{
    return plan->source.format == EG_IMAGE_RGBA8 ? 4 : 3;
}

INLINE __m128i load_8(const uint8_t *from)
{
    return _mm_loadl_epi64((const __m128i *)(const void *)from);
}

/* Two pixels and their neighbours: 16 bytes where they lie so close, or twice 8. */
INLINE __m128i load_two(const uint8_t *source, const int32_t *columns, bool windows)
{
    if (windows) {
        return _mm_loadu_si128((const __m128i *)(const void *)(source + columns[0]));
    }
    return _mm_castps_si128(_mm_loadh_pi(_mm_castsi128_ps(load_8(source + columns[0])),
                                         (const __m64 *)(const void *)(source + columns[1])));
}

INLINE vector load_pixels(const uint8_t *source, const int32_t *columns, bool windows)
{
#if X86_WIDE
    return _mm256_inserti128_si256(_mm256_castsi128_si256(load_two(source, columns, windows)),
                                   load_two(source, columns + 4, windows), 1);
#else
    return load_two(source, columns, windows);
#endif
}

INLINE vector mix(vector a, vector b, vector fraction)
{
    return V(add_epi16)(a, V(mulhrs_epi16)(V(sub_epi16)(b, a), fraction));
}

/* By a vector's entry of the table: where its bytes lie, and -2 g. */
INLINE vector mix_pixels(vector pixels, const int16_t *entry)
{
    const vector pairs = V(shuffle_epi8)(pixels, load(entry));
    const vector near = V(maddubs_epi16)(pairs, V(set1_epi16)(64));
    const vector apart = V(maddubs_epi16)(pairs, V(set1_epi16)((int16_t)(64 - 64 * 256)));
    const vector part = V(mulhrs_epi16)(apart, load(entry + HALF));

    return V(add_epi16)(V(add_epi16)(near, near), part);
}

/* The plan's, beside the tensor's pointers so that what is written there cannot change them. */
typedef struct tables {
    const int32_t *columns;
    const int16_t *entries;
} tables;

static tables tables_of(const eg_image_plan *plan)
{
    const tables found = {plan->columns, plan->fractions};

    return found;
}

/* Columns x and following of a row of the source. */
INLINE block read_block(tables by, const uint8_t *source, int32_t x, bool windows)
{
    const int32_t *const columns = by.columns + x;
    const int16_t *const entries = by.entries + (size_t)(2 * LANES) * (size_t)x;
    const block values = {
        mix_pixels(load_pixels(source, columns, windows), entries),
        mix_pixels(load_pixels(source, columns + 2, windows), entries + 2 * HALF),
    };

    return values;
}

INLINE block mix_rows(block upper, block lower, vector fraction)
{
    const block values = {
        mix(upper.first, lower.first, fraction),
        mix(upper.second, lower.second, fraction),
    };

    return values;
}

typedef enum output { F32_NHWC, F32_NCHW, Q8_NHWC, Q8_NCHW, SHIFTED_NHWC, SHIFTED_NCHW } output;

/* What writing takes: constants, of all channels for NHWC, of one each for NCHW. */
typedef struct writer {
    floats scale[3], offset[3];
    vector multiplier; /* 16 bits, each beside a 0 */
    vector bias;
    __m128i shift;
    bool is_signed;
} writer;

INLINE bool is_f32(output kind)
{
    return kind == F32_NHWC || kind == F32_NCHW;
}

INLINE bool is_nhwc(output kind)
{
    return kind == F32_NHWC || kind == Q8_NHWC || kind == SHIFTED_NHWC;
}

INLINE size_t element_bytes(output kind)
{
    return is_f32(kind) ? sizeof(float) : 1;
}

INLINE floats four_floats(const float x[3])
{
    const float four[4] = {x[0], x[1], x[2], 0.0F};
#if X86_WIDE
    return _mm256_broadcast_ps((const __m128 *)(const void *)four);
#else
    return _mm_loadu_ps(four);
#endif
}

/* log2 of the channels' one multiplier; -1 where there is no such thing. */
static int32_t power_of_multipliers(const eg_image_plan *plan)
{
    for (int32_t power = 0; power < 15; ++power) {
        const int32_t multiplier = INT32_C(1) << power;

        if (plan->multiplier[0] == multiplier && plan->multiplier[1] == multiplier &&
            plan->multiplier[2] == multiplier) {
            return power;
        }
    }
    return -1;
}

/* Whether (value * 2^power + bias) >> shift is (value + (bias >> power)) >> (shift - power) in 16
 * bits: what most models ask for, whose steps are levels or halves of them. */
static bool is_shifted(const eg_image_plan *plan)
{
    const int32_t power = power_of_multipliers(plan);

    if (power < 0 || plan->shift - power > 15) {
        return false;
    }
    for (int32_t c = 0; c < 3; ++c) {
        const int32_t bias = plan->bias[c] >> power;

        if (bias < INT16_MIN || bias > INT16_MAX - (UINT8_MAX << EG_IMAGE_VALUE_BITS)) {
            return false;
        }
    }
    return true;
}

INLINE writer writer_of(const eg_image_plan *plan, output kind)
{
    const int32_t *const m = plan->multiplier;
    const int32_t *const b = plan->bias;
    writer made;

    memset(&made, 0, sizeof made);
    made.is_signed = plan->type == EG_IMAGE_INT8;
    if (kind == F32_NHWC) {
        made.scale[0] = four_floats(plan->value_scale);
        made.offset[0] = four_floats(plan->offset);
    } else if (kind == F32_NCHW) {
        for (int32_t c = 0; c < 3; ++c) {
            made.scale[c] = V(set1_ps)(plan->value_scale[c]);
            made.offset[c] = V(set1_ps)(plan->offset[c]);
        }
    } else if (kind == Q8_NHWC || kind == Q8_NCHW) {
        /* The high half is multiplied by 0, whatever it is. */
        made.multiplier = both(_mm_setr_epi32(m[0] & 0xFFFF, m[1] & 0xFFFF, m[2] & 0xFFFF, 0));
        made.bias = both(_mm_setr_epi32(b[0], b[1], b[2], 0));
        made.shift = _mm_cvtsi32_si128(plan->shift);
    } else {
        const int32_t power = power_of_multipliers(plan);
        const __m128i bias = _mm_setr_epi32(b[0] >> power, b[1] >> power, b[2] >> power, 0);

        made.bias = both(_mm_packs_epi32(bias, bias));
        made.shift = _mm_cvtsi32_si128(plan->shift - power);
    }
    return made;
}

INLINE floats to_floats(vector values, floats scale, floats offset)
{
    return V(add_ps)(V(mul_ps)(V(cvtepi32_ps)(values), scale), offset);
}

INLINE __m128 low_pixel(floats pixels)
{
#if X86_WIDE
    return _mm256_castps256_ps128(pixels);
#else
    return pixels;
#endif
}

INLINE void store_3(float *to, __m128 pixel)
{
    _mm_storel_pi((__m64 *)(void *)to, pixel);
    _mm_store_ss(to + 2, _mm_movehl_ps(pixel, pixel));
}

/* Every pixel's fourth float is overwritten by the next pixel, or has a place of its own. */
INLINE void write_f32_nhwc(block values, const writer *by, bool spill, float *to)
{
    const floats pixels[4] = {
        to_floats(V(unpacklo_epi16)(values.first, zero()), by->scale[0], by->offset[0]),
        to_floats(V(unpackhi_epi16)(values.first, zero()), by->scale[0], by->offset[0]),
        to_floats(V(unpacklo_epi16)(values.second, zero()), by->scale[0], by->offset[0]),
        to_floats(V(unpackhi_epi16)(values.second, zero()), by->scale[0], by->offset[0]),
    };
    __m128 last = low_pixel(pixels[3]);

    for (int32_t i = 0; i < 3; ++i) {
        _mm_storeu_ps(to + 3 * i, low_pixel(pixels[i]));
    }
#if X86_WIDE
    _mm_storeu_ps(to + 9, last);
    for (int32_t i = 0; i < 3; ++i) {
        _mm_storeu_ps(to + 12 + 3 * i, _mm256_extractf128_ps(pixels[i], 1));
    }
    last = _mm256_extractf128_ps(pixels[3], 1);
#endif
    if (spill) {
        _mm_storeu_ps(to + 3 * (BLOCK - 1), last);
    } else {
        store_3(to + 3 * (BLOCK - 1), last);
    }
}

INLINE void store_channel(void *to, floats values)
{
    V(storeu_ps)((float *)to, values);
}

INLINE void write_f32_nchw(block values, const writer *by, uint8_t *const to[3])
{
    const vector even = V(unpacklo_epi16)(values.first, values.second);
    const vector odd = V(unpackhi_epi16)(values.first, values.second);
    const vector red_green = V(unpacklo_epi16)(even, odd);
    const vector blue = V(unpackhi_epi16)(even, odd);

    store_channel(to[0],
                  to_floats(V(unpacklo_epi16)(red_green, zero()), by->scale[0], by->offset[0]));
    store_channel(to[1],
                  to_floats(V(unpackhi_epi16)(red_green, zero()), by->scale[1], by->offset[1]));
    store_channel(to[2], to_floats(V(unpacklo_epi16)(blue, zero()), by->scale[2], by->offset[2]));
}

/* 16 bits of (value * multiplier + bias) >> shift, saturated. */
INLINE vector quantise(vector values, const writer *by)
{
    const vector even = V(madd_epi16)(V(unpacklo_epi16)(values, zero()), by->multiplier);
    const vector odd = V(madd_epi16)(V(unpackhi_epi16)(values, zero()), by->multiplier);

    return V(packs_epi32)(V(sra_epi32)(V(add_epi32)(even, by->bias), by->shift),
                          V(sra_epi32)(V(add_epi32)(odd, by->bias), by->shift));
}

INLINE vector shifted(vector values, const writer *by)
{
    return V(sra_epi16)(V(add_epi16)(values, by->bias), by->shift);
}

/* The pixels' bytes in order, four a pixel. */
INLINE vector to_bytes(block values, const writer *by, output kind)
{
    const bool shifts = kind == SHIFTED_NHWC || kind == SHIFTED_NCHW;
    const vector first = shifts ? shifted(values.first, by) : quantise(values.first, by);
    const vector second = shifts ? shifted(values.second, by) : quantise(values.second, by);

    return by->is_signed ? V(packs_epi16)(first, second) : V(packus_epi16)(first, second);
}

/* 12 bytes of 16: the last 4 have a place of their own, or are overwritten. */
INLINE void store_12(uint8_t *to, __m128i bytes, bool spill)
{
    if (spill) {
        _mm_storeu_si128((__m128i *)(void *)to, bytes);
    } else {
        const int32_t last = _mm_extract_epi32(bytes, 2);

        _mm_storel_epi64((__m128i *)(void *)to, bytes);
        memcpy(to + 8, &last, sizeof last);
    }
}

INLINE void write_q8_nhwc(vector bytes, bool spill, uint8_t *to)
{
    const vector packed = V(shuffle_epi8)(
        bytes, both(_mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1)));
#if X86_WIDE
    store_12(to, _mm256_castsi256_si128(packed), true);
    store_12(to + 12, _mm256_extracti128_si256(packed, 1), spill);
#else
    store_12(to, packed, spill);
#endif
}

INLINE void write_q8_nchw(vector bytes, uint8_t *const to[3])
{
    const vector channels = V(shuffle_epi8)(
        bytes, both(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, -1, -1, -1, -1)));
#if X86_WIDE
    const __m128i low = _mm256_castsi256_si128(channels);
    const __m128i high = _mm256_extracti128_si256(channels, 1);
    const __m128i red_green = _mm_unpacklo_epi32(low, high);

    _mm_storel_epi64((__m128i *)(void *)to[0], red_green);
    _mm_storel_epi64((__m128i *)(void *)to[1], _mm_unpackhi_epi64(red_green, red_green));
    _mm_storel_epi64((__m128i *)(void *)to[2], _mm_unpackhi_epi32(low, high));
#else
    const int32_t words[3] = {
        _mm_cvtsi128_si32(channels),
        _mm_extract_epi32(channels, 1),
        _mm_extract_epi32(channels, 2),
    };

    for (int32_t c = 0; c < 3; ++c) {
        memcpy(to[c], &words[c], sizeof words[c]);
    }
#endif
}

/* A block, to one place for NHWC, to one per channel for NCHW, and behind it what may be spilled
 * where the next block goes. */
INLINE void write_block(block values, const writer *by, output kind, bool spill,
                        uint8_t *const to[3])
{
    if (kind == F32_NHWC) {
        write_f32_nhwc(values, by, spill, (float *)(void *)to[0]);
    } else if (kind == F32_NCHW) {
        write_f32_nchw(values, by, to);
    } else if (is_nhwc(kind)) {
        write_q8_nhwc(to_bytes(values, by, kind), spill, to[0]);
    } else {
        write_q8_nchw(to_bytes(values, by, kind), to);
    }
}

/* A block at the end of a row, or the first of its pixels, of which `left` are left in the row. */
INLINE void write_last(block values, const writer *by, output kind, int32_t left,
                       uint8_t *const to[3])
{
    float memory[3][3 * BLOCK];
    uint8_t *const own[3] = {
        (uint8_t *)(void *)memory[0],
        (uint8_t *)(void *)memory[1],
        (uint8_t *)(void *)memory[2],
    };
    const int32_t places = is_nhwc(kind) ? 1 : 3;
    const size_t bytes = (size_t)left * element_bytes(kind) * (is_nhwc(kind) ? 3 : 1);

    if (left >= BLOCK) {
        write_block(values, by, kind, false, to);
        return;
    }
    write_block(values, by, kind, false, own);
    for (int32_t i = 0; i < places; ++i) {
        memcpy(to[i], own[i], bytes);
    }
}

/* Where row y of the part begins in the tensor. */
INLINE void find(const eg_image_plan *plan, int32_t y, output kind, void *tensor, uint8_t *to[3])
{
    const size_t width = (size_t)plan->width;
    const size_t pixel = (size_t)(plan->part.top + y) * width + (size_t)plan->part.left;
    const size_t plane = is_nhwc(kind) ? 0 : width * (size_t)plan->height;

    for (size_t c = 0; c < 3; ++c) {
        const size_t at = is_nhwc(kind) ? 3 * pixel : pixel + c * plane;

        to[c] = (uint8_t *)tensor + at * element_bytes(kind);
    }
}

INLINE void advance(output kind, uint8_t *to[3])
{
    for (int32_t c = 0; c < 3; ++c) {
        to[c] += BLOCK * element_bytes(kind) * (is_nhwc(kind) ? 3 : 1);
    }
}

/* Two rows of the source, which y lies between. */
typedef struct sources {
    const uint8_t *upper, *lower;
    int32_t fraction;
} sources;

static sources sources_of(const eg_image_plan *plan, const eg_image *image, int32_t y)
{
    const eg_image_position at =
        eg_image_position_of(plan->resize, y, plan->crop.height, plan->part.height);
    const uint8_t *const upper =
        image->pixels + (size_t)(plan->crop.top + at.first) * image->stride;
    const sources rows = {upper, upper + (at.fraction != 0 ? image->stride : 0), at.fraction};

    return rows;
}

/* What will be read soon. Of windows, a block's part of the next row: that is about a line of the
 * cache. Of other rows, where a block has more lines than the processor expects by itself, what
 * lies a bit further on. A prefetch beyond the image is none. */
INLINE void prefetch(const int32_t *columns, int32_t width, sources rows, sources next, int32_t x,
                     bool windows)
{
    const int32_t ahead = windows ? x + width : x + AHEAD;
    const sources soon = ahead < width ? rows : next;
    const int32_t rest = ahead < width ? ahead : ahead - width;
    const int32_t column = columns[rest < width ? rest : 0];

    for (int32_t line = 0; line < (windows ? 1 : LINES); ++line) {
        _mm_prefetch((const char *)soon.upper + column + LINE * line, _MM_HINT_T0);
        _mm_prefetch((const char *)soon.lower + column + LINE * line, _MM_HINT_T0);
    }
}

/* Columns x and following of a row of the part straight from the source. */
INLINE block read_block_fused(tables from, sources rows, vector fraction, int32_t x, bool windows)
{
    return mix_rows(read_block(from, rows.upper, x, windows),
                    read_block(from, rows.lower, x, windows), fraction);
}

/* `next` are the sources of the row after this one. */
INLINE void write_row_fused(const eg_image_plan *plan, sources rows, sources next, const writer *by,
                            output kind, bool windows, uint8_t *to[3])
{
    const int32_t width = plan->part.width;
    const tables from = tables_of(plan);
    const vector fraction = V(set1_epi16)((int16_t)rows.fraction);
    int32_t x = 0;

    for (; x + BLOCK + SPILLED <= width; x += BLOCK) {
        const block values = read_block_fused(from, rows, fraction, x, windows);

        prefetch(from.columns, width, rows, next, x, windows);
        write_block(values, by, kind, true, to);
        advance(kind, to);
    }
    for (; x < width; x += BLOCK) {
        const block values = read_block_fused(from, rows, fraction, x, windows);

        write_last(values, by, kind, width - x, to);
        advance(kind, to);
    }
}

INLINE void write_part_fused(const eg_image_plan *plan, const eg_image *image, const writer *by,
                             output kind, bool windows, void *tensor)
{
    sources rows = sources_of(plan, image, 0);

    for (int32_t y = 0; y < plan->part.height; ++y) {
        const sources next = y + 1 < plan->part.height ? sources_of(plan, image, y + 1) : rows;
        uint8_t *to[3];

        find(plan, y, kind, tensor, to);
        write_row_fused(plan, rows, next, by, kind, windows, to);
        rows = next;
    }
}

INLINE void read_row(const eg_image_plan *plan, const uint8_t *source, bool windows, int16_t *row)
{
    const int32_t width = plan->part.width;
    const tables from = tables_of(plan);

    for (int32_t x = 0; x < width; x += BLOCK) {
        const block values = read_block(from, source, x, windows);

        store(row, values.first);
        store(row + HALF, values.second);
        row += 2 * HALF;
    }
}

INLINE block load_block(const int16_t *row, int32_t x)
{
    const block values = {
        load(row + (size_t)LANES * (size_t)x),
        load(row + (size_t)LANES * (size_t)x + HALF),
    };

    return values;
}

INLINE void write_row_shared(const eg_image_plan *plan, const int16_t *upper, const int16_t *lower,
                             int32_t weight, const writer *by, output kind, uint8_t *to[3])
{
    const int32_t width = plan->part.width;
    const vector fraction = V(set1_epi16)((int16_t)weight);
    int32_t x = 0;

    for (; x + BLOCK + SPILLED <= width; x += BLOCK) {
        write_block(mix_rows(load_block(upper, x), load_block(lower, x), fraction), by, kind, true,
                    to);
        advance(kind, to);
    }
    for (; x < width; x += BLOCK) {
        write_last(mix_rows(load_block(upper, x), load_block(lower, x), fraction), by, kind,
                   width - x, to);
        advance(kind, to);
    }
}

/* Consecutive rows of the part share rows of the source: each is read once. */
INLINE void write_part_shared(const eg_image_plan *plan, const eg_image *image, const writer *by,
                              output kind, bool windows, void *tensor)
{
    const uint8_t *held[2] = {NULL, NULL};
    int16_t *row[2] = {plan->rows[0], plan->rows[1]};

    for (int32_t y = 0; y < plan->part.height; ++y) {
        const sources rows = sources_of(plan, image, y);
        uint8_t *to[3];

        if (held[1] == rows.upper) {
            int16_t *const other = row[0];

            row[0] = row[1];
            row[1] = other;
            held[0] = held[1];
            held[1] = NULL;
        }
        if (held[0] != rows.upper) {
            read_row(plan, rows.upper, windows, row[0]);
            held[0] = rows.upper;
        }
        if (rows.fraction != 0 && held[1] != rows.lower) {
            read_row(plan, rows.lower, windows, row[1]);
            held[1] = rows.lower;
        }
        find(plan, y, kind, tensor, to);
        write_row_shared(plan, row[0], row[rows.fraction != 0], rows.fraction, by, kind, to);
    }
}

/* Of a part that is smaller by half of it or more, rows share few rows of the source. */
INLINE void write_part(const eg_image_plan *plan, const eg_image *image, output kind, bool windows,
                       void *tensor)
{
    const writer by = writer_of(plan, kind);

    if (2 * plan->crop.height >= 3 * plan->part.height) {
        write_part_fused(plan, image, &by, kind, windows, tensor);
    } else {
        write_part_shared(plan, image, &by, kind, windows, tensor);
    }
}

#define PART_WRITERS(name, kind)                                                                   \
    X86_TARGET static void name##_far(const eg_image_plan *plan, const eg_image *image,            \
                                      void *tensor)                                                \
    {                                                                                              \
        write_part(plan, image, kind, false, tensor);                                              \
    }                                                                                              \
    X86_TARGET static void name##_near(const eg_image_plan *plan, const eg_image *image,           \
                                       void *tensor)                                               \
    {                                                                                              \
        write_part(plan, image, kind, true, tensor);                                               \
    }

PART_WRITERS(write_f32_nhwc, F32_NHWC)
PART_WRITERS(write_f32_nchw, F32_NCHW)
PART_WRITERS(write_q8_nhwc, Q8_NHWC)
PART_WRITERS(write_q8_nchw, Q8_NCHW)
PART_WRITERS(write_shifted_nhwc, SHIFTED_NHWC)
PART_WRITERS(write_shifted_nchw, SHIFTED_NCHW)

static output output_of(const eg_image_plan *plan)
{
    const bool together = plan->layout == EG_IMAGE_NHWC;

    if (plan->type == EG_IMAGE_FLOAT32) {
        return together ? F32_NHWC : F32_NCHW;
    }
    if (is_shifted(plan)) {
        return together ? SHIFTED_NHWC : SHIFTED_NCHW;
    }
    return together ? Q8_NHWC : Q8_NCHW;
}

static int32_t row_bytes(const eg_image_plan *plan)
{
    return plan->source.width * pixel_bytes(plan);
}

/* Whether two pixels lie so close together, with their neighbours, that a window holds both. */
static bool has_windows(const eg_image_plan *plan)
{
    const int32_t size = pixel_bytes(plan);

    if (row_bytes(plan) < WINDOW) {
        return false;
    }
    for (int32_t x = 0; x + 1 < plan->part.width; x += 2) {
        if (plan->columns[x + 1] + 2 * size - plan->columns[x] > WINDOW) {
            return false;
        }
    }
    return true;
}

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* One pixel's share of a vector's entry. `first` is the byte of the half where the pixel begins. */
static void make_entry(const eg_image_plan *plan, int32_t first, int32_t fraction, uint8_t mask[8],
                       int16_t weights[LANES])
{
    const bool reversed =
        (plan->source.format == EG_IMAGE_BGR8) != (plan->color == EG_IMAGE_COLOR_BGR);
    const bool swapped = fraction > 1 << (EG_IMAGE_FRACTION_BITS - 1);
    const int32_t distance = swapped ? (1 << EG_IMAGE_FRACTION_BITS) - fraction : fraction;
    const int32_t second = first + (fraction != 0 ? pixel_bytes(plan) : 0);

    for (int32_t c = 0; c < 3; ++c) {
        const int32_t channel = reversed ? 2 - c : c;

        mask[2 * c] = (uint8_t)((swapped ? second : first) + channel);
        mask[2 * c + 1] = (uint8_t)((swapped ? first : second) + channel);
    }
    mask[6] = mask[7] = 0x80;
    for (int32_t lane = 0; lane < LANES; ++lane) {
        weights[lane] = (int16_t)(-2 * distance);
    }
}

/* A block's columns become the bytes where reading begins; its fractions, its vectors' entries,
 * each of bytes and weights. Columns behind the last read where the row begins. */
static void tabulate_block(eg_image_draft draft, int32_t x, bool windows)
{
    /* Where a block's pixels stand in its vectors. */
    static const int8_t wide[8] = {0, 1, 4, 5, 2, 3, 6, 7};
    const eg_image_plan *const plan = draft.plan;
    const int32_t last = row_bytes(plan) - (windows ? WINDOW : NEAR);
    uint8_t masks[BLOCK][8];
    int16_t weights[BLOCK][LANES];

    for (int32_t i = 0; i < BLOCK; ++i) {
        const bool exists = x + i < plan->part.width;
        const bool follows = windows && i % 2 != 0;
        const int32_t column = exists ? draft.columns[x + i] : 0;
        const int32_t fraction = exists ? draft.fractions[x + i] : 0;
        const int32_t begin = follows ? draft.columns[x + i - 1] : least(exists ? column : 0, last);
        const int32_t first = exists ? column - begin : 0;
        const int32_t place = X86_WIDE ? wide[i] : i;

        make_entry(plan, first + (!windows && i % 2 != 0 ? NEAR : 0), fraction, masks[place],
                   weights[place]);
        draft.columns[x + i] = begin;
    }
    for (int32_t v = 0; v < 2; ++v) {
        int16_t *const entry = draft.fractions + 2 * LANES * x + 2 * HALF * v;

        memcpy(entry, masks[v * BLOCK / 2], HALF * sizeof *entry);
        memcpy(entry + HALF, weights[v * BLOCK / 2], HALF * sizeof *entry);
    }
}

/* Makes the plan one of this file's, if it can be. */
static bool use(eg_image_draft draft, eg_image_path path)
{
    static eg_image_part_writer *const writers[][2] = {
        {write_f32_nhwc_far, write_f32_nhwc_near},
        {write_f32_nchw_far, write_f32_nchw_near},
        {write_q8_nhwc_far, write_q8_nhwc_near},
        {write_q8_nchw_far, write_q8_nchw_near},
        {write_shifted_nhwc_far, write_shifted_nhwc_near},
        {write_shifted_nchw_far, write_shifted_nchw_near},
    };
    eg_image_plan *const plan = draft.plan;

    if (plan->color == EG_IMAGE_COLOR_GRAY || plan->source.format > EG_IMAGE_RGBA8 ||
        row_bytes(plan) < NEAR) {
        return false;
    }
    const bool windows = has_windows(plan);

    /* From the end, where the tables have the more room. */
    for (int32_t x = (plan->part.width - 1) / BLOCK * BLOCK; x >= 0; x -= BLOCK) {
        tabulate_block(draft, x, windows);
    }
    plan->path = path;
    plan->write_part = writers[output_of(plan)][windows];
    return true;
}
