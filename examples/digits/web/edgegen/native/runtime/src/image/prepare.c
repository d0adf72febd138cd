#include "edgegen/cpu.h"
#include "edgegen/image.h"
#include "edgegen/image/dsp.h"
#include "edgegen/image/kernels.h"
#include "edgegen/isa_dsp.h"

#include <float.h>

enum {
    ALIGNMENT = 8,
    LINE = 64, /* bytes of a cache's line, where the tables begin */
    BLOCK = 8, /* columns that a fast path computes at once */
    LANES = 4, /* values of a pixel that they have at once */
};

static bool is_side(int32_t side)
{
    return side >= 1 && side <= EG_IMAGE_MAX_SIDE;
}

static bool is_finite(float x)
{
    return x >= -FLT_MAX && x <= FLT_MAX;
}

static int32_t channels_of(const eg_image_spec *spec)
{
    return spec->color == EG_IMAGE_COLOR_GRAY ? 1 : 3;
}

static uint64_t tensor_bytes(const eg_image_spec *spec)
{
    const uint64_t element = spec->type == EG_IMAGE_FLOAT32 ? sizeof(float) : 1;

    return (uint64_t)spec->width * (uint64_t)spec->height * (uint64_t)channels_of(spec) * element;
}

static double steps(float x, float quant_scale)
{
    return (double)x / (double)quant_scale;
}

static bool is_within(double x, double limit)
{
    return x > -limit && x < limit;
}

static eg_image_status check_quantisation(const eg_image_spec *spec)
{
    const bool is_signed = spec->type == EG_IMAGE_INT8;
    const int32_t low = is_signed ? INT8_MIN : 0;

    if (!(spec->quant_scale > 0.0F && spec->quant_scale <= FLT_MAX)) {
        return EG_IMAGE_BAD_QUANT_SCALE;
    }
    if (spec->zero_point < low || spec->zero_point > low + UINT8_MAX) {
        return EG_IMAGE_BAD_ZERO_POINT;
    }
    for (int32_t c = 0; c < channels_of(spec); ++c) {
        if (!is_within(steps(spec->scale[c], spec->quant_scale), 63.0)) {
            return EG_IMAGE_STEEP_SCALE;
        }
        if (!is_within(steps(spec->offset[c], spec->quant_scale) + spec->zero_point, 8192.0)) {
            return EG_IMAGE_FAR_OFFSET;
        }
    }
    return EG_IMAGE_OK;
}

static eg_image_status check_choices(const eg_image_spec *spec)
{
    if ((uint32_t)spec->color >= EG_IMAGE_COLOR_COUNT) {
        return EG_IMAGE_BAD_COLOR;
    }
    if ((uint32_t)spec->layout >= EG_IMAGE_LAYOUT_COUNT) {
        return EG_IMAGE_BAD_LAYOUT;
    }
    if ((uint32_t)spec->type >= EG_IMAGE_TYPE_COUNT) {
        return EG_IMAGE_BAD_TYPE;
    }
    if ((uint32_t)spec->resize >= EG_IMAGE_RESIZE_COUNT) {
        return EG_IMAGE_BAD_RESIZE;
    }
    if ((uint32_t)spec->fit >= EG_IMAGE_FIT_COUNT) {
        return EG_IMAGE_BAD_FIT;
    }
    if ((uint32_t)spec->path >= EG_IMAGE_PATH_COUNT) {
        return EG_IMAGE_BAD_PATH;
    }
    return EG_IMAGE_OK;
}

static eg_image_status check_spec(const eg_image_spec *spec)
{
    if (spec == NULL) {
        return EG_IMAGE_BAD_SPEC;
    }
    if (!is_side(spec->width)) {
        return EG_IMAGE_BAD_WIDTH;
    }
    if (!is_side(spec->height)) {
        return EG_IMAGE_BAD_HEIGHT;
    }
    const eg_image_status status = check_choices(spec);

    if (status != EG_IMAGE_OK) {
        return status;
    }
    if (tensor_bytes(spec) > (uint64_t)PTRDIFF_MAX) {
        return EG_IMAGE_TOO_LARGE;
    }
    for (int32_t c = 0; c < channels_of(spec); ++c) {
        if (!is_finite(spec->scale[c])) {
            return EG_IMAGE_BAD_SCALE;
        }
        if (!is_finite(spec->offset[c])) {
            return EG_IMAGE_BAD_OFFSET;
        }
    }
    return spec->type == EG_IMAGE_FLOAT32 ? EG_IMAGE_OK : check_quantisation(spec);
}

static eg_image_status check_source(const eg_image_source *source)
{
    if (source == NULL) {
        return EG_IMAGE_BAD_SOURCE;
    }
    if ((uint32_t)source->format >= EG_IMAGE_FORMAT_COUNT) {
        return EG_IMAGE_BAD_FORMAT;
    }
    const bool by_columns = source->format == EG_IMAGE_YUYV || source->format == EG_IMAGE_NV12;
    const bool by_rows = source->format == EG_IMAGE_NV12;

    if (!is_side(source->width) || (by_columns && source->width % 2 != 0)) {
        return EG_IMAGE_BAD_SOURCE_WIDTH;
    }
    if (!is_side(source->height) || (by_rows && source->height % 2 != 0)) {
        return EG_IMAGE_BAD_SOURCE_HEIGHT;
    }
    return EG_IMAGE_OK;
}

/* Columns of memory, so that whole blocks of them can be computed. */
static size_t padded(const eg_image_spec *spec)
{
    return ((size_t)spec->width + BLOCK - 1) / BLOCK * BLOCK;
}

size_t eg_image_workspace_bytes(const eg_image_spec *spec)
{
    if (check_spec(spec) != EG_IMAGE_OK) {
        return 0;
    }
    /* A column; two fractions per value; two rows. */
    return LINE - ALIGNMENT + padded(spec) * (sizeof(int32_t) + (2 + 2) * LANES * sizeof(int16_t));
}

size_t eg_image_tensor_bytes(const eg_image_spec *spec)
{
    return check_spec(spec) == EG_IMAGE_OK ? (size_t)tensor_bytes(spec) : 0;
}

/* round(side * to / from), at least 1 and at most `most`. */
static int32_t rescaled(int32_t side, int32_t to, int32_t from, int32_t most)
{
    const int64_t twice = 2 * (int64_t)side * to + from;
    const int64_t rounded = twice / (2 * (int64_t)from);

    return rounded < 1 ? 1 : (rounded > most ? most : (int32_t)rounded);
}

static void place(const eg_image_spec *spec, const eg_image_source *source, eg_image_plan *plan)
{
    const bool wider =
        (int64_t)source->width * spec->height > (int64_t)spec->width * source->height;
    eg_image_box crop = {0, 0, source->width, source->height};
    eg_image_box part = {0, 0, spec->width, spec->height};

    if (spec->fit == EG_IMAGE_CROP && wider) {
        crop.width = rescaled(source->height, spec->width, spec->height, source->width);
    } else if (spec->fit == EG_IMAGE_CROP) {
        crop.height = rescaled(source->width, spec->height, spec->width, source->height);
    } else if (spec->fit == EG_IMAGE_LETTERBOX && wider) {
        part.height = rescaled(source->height, spec->width, source->width, spec->height);
    } else if (spec->fit == EG_IMAGE_LETTERBOX) {
        part.width = rescaled(source->width, spec->height, source->height, spec->width);
    }
    crop.left = (source->width - crop.width) / 2;
    crop.top = (source->height - crop.height) / 2;
    part.left = (spec->width - part.width) / 2;
    part.top = (spec->height - part.height) / 2;
    plan->crop = crop;
    plan->part = part;
}

/* The greatest shift that leaves multipliers in 16 and sums in 32 bits: 32640 * 32767 + 2^30 - 2^26
 * + 2^23 < 2^31. A shift of 16 always does, by the limits that check_quantisation sets. */
static int32_t greatest_shift(const eg_image_spec *spec, int32_t channels)
{
    int32_t shift = 16;

    while (shift < 24) {
        const double next = (double)(INT32_C(1) << (shift + 1));

        for (int32_t c = 0; c < channels; ++c) {
            const double slope = steps(spec->scale[c], spec->quant_scale) / 128.0;
            const double start = steps(spec->offset[c], spec->quant_scale) + spec->zero_point;

            if (!is_within(slope * next, 32767.0) ||
                !is_within(start * next, 1073741824.0 - 67108864.0)) {
                return shift;
            }
        }
        ++shift;
    }
    return shift;
}

static int32_t rounded(double x)
{
    return (int32_t)(x < 0.0 ? x - 0.5 : x + 0.5);
}

static void quantise(const eg_image_spec *spec, eg_image_plan *plan)
{
    const int32_t channels = channels_of(spec);
    const int32_t shift = greatest_shift(spec, channels);
    const double unit = (double)(INT32_C(1) << shift);

    plan->shift = shift;
    plan->low = spec->type == EG_IMAGE_INT8 ? INT8_MIN : 0;
    plan->high = plan->low + UINT8_MAX;
    for (int32_t c = 0; c < channels; ++c) {
        const double slope = steps(spec->scale[c], spec->quant_scale) / 128.0;
        const double start = steps(spec->offset[c], spec->quant_scale) + spec->zero_point;

        plan->multiplier[c] = rounded(slope * unit);
        plan->bias[c] = rounded(start * unit) + (INT32_C(1) << (shift - 1));
    }
}

static eg_image_draft divide(const eg_image_spec *spec, void *workspace, eg_image_plan *plan)
{
    const size_t columns = padded(spec);
    const size_t skipped = (LINE - (uintptr_t)workspace % LINE) % LINE;
    int32_t *const begin = (int32_t *)(void *)((uint8_t *)workspace + skipped);
    const eg_image_draft draft = {plan, begin, (int16_t *)(void *)(begin + columns)};

    plan->columns = draft.columns;
    plan->fractions = draft.fractions;
    plan->rows[0] = draft.fractions + 2 * columns * LANES;
    plan->rows[1] = plan->rows[0] + columns * LANES;
    return draft;
}

static void tabulate(eg_image_draft draft)
{
    static const uint8_t pixel_bytes[EG_IMAGE_FORMAT_COUNT] = {3, 3, 4, 1, 2, 1};
    eg_image_plan *const plan = draft.plan;
    const int32_t size = pixel_bytes[plan->source.format];

    for (int32_t x = 0; x < plan->part.width; ++x) {
        const eg_image_position at =
            eg_image_position_of(plan->resize, x, plan->crop.width, plan->part.width);
        const int32_t column = plan->crop.left + at.first;

        draft.columns[x] = column * size;
        draft.fractions[x] = (int16_t)at.fraction;
        if (column < plan->source.width - 1) {
            plan->inner_columns = x + 1;
        }
    }
}

static void choose_kernels(const eg_image_spec *spec, eg_image_plan *plan)
{
    static eg_image_row_reader *const readers[EG_IMAGE_FORMAT_COUNT][2] = {
        {eg_image_read_rgb, eg_image_read_rgb_as_gray},
        {eg_image_read_rgb, eg_image_read_rgb_as_gray},
        {eg_image_read_rgb, eg_image_read_rgb_as_gray},
        {eg_image_read_gray_as_rgb, eg_image_read_gray},
        {eg_image_read_yuyv, eg_image_read_yuyv_as_gray},
        {eg_image_read_nv12, eg_image_read_nv12_as_gray},
    };

    plan->write_part = eg_image_write_part;
    plan->read_row = readers[plan->source.format][spec->color == EG_IMAGE_COLOR_GRAY];
    plan->write_row = spec->type == EG_IMAGE_FLOAT32 ? eg_image_write_f32 : eg_image_write_q8;
    plan->write_border = spec->fit == EG_IMAGE_LETTERBOX ? eg_image_write_border : NULL;
}

/* NULL: there is none. */
static eg_image_part_writer *picker_of(const eg_image_plan *plan)
{
    static eg_image_part_writer *const pickers[EG_IMAGE_FORMAT_COUNT][2] = {
        {eg_image_pick_rgb, NULL},  {eg_image_pick_rgb, NULL},  {eg_image_pick_rgb, NULL},
        {NULL, eg_image_pick_gray}, {NULL, eg_image_pick_luma}, {NULL, eg_image_pick_luma},
    };
    const bool is_gray = plan->color == EG_IMAGE_COLOR_GRAY;

    if (plan->type == EG_IMAGE_FLOAT32 || !eg_image_is_unmixed(plan) ||
        (plan->layout == EG_IMAGE_NCHW && !is_gray)) {
        return NULL;
    }
    return pickers[plan->source.format][is_gray];
}

/* Of the portable path: without rows in between, if it can be. */
static void pick(eg_image_plan *plan)
{
    eg_image_part_writer *const picker = picker_of(plan);

    if (picker == NULL) {
        return;
    }
    plan->write_part = picker;
    plan->read_row = NULL;
    if (plan->write_border == NULL) { /* which has its own uses of them */
        plan->write_row = NULL;
        plan->rows[0] = NULL;
        plan->rows[1] = NULL;
    }
}

static bool may_use(eg_image_path asked, eg_image_path path)
{
    return asked == EG_IMAGE_PATH_FASTEST || asked == path;
}

static void choose_path(const eg_image_spec *spec, eg_image_draft draft)
{
    draft.plan->path = EG_IMAGE_PATH_PORTABLE;
#if EG_IMAGE_HAS_NEON
    if (may_use(spec->path, EG_IMAGE_PATH_NEON) && eg_cpu_has_neon() && eg_image_use_neon(draft)) {
        return;
    }
#endif
#if EG_IMAGE_HAS_DSP
    /* It runs anywhere, but is fast only where its instructions are. */
    if ((EG_HAS_DSP || spec->path == EG_IMAGE_PATH_DSP) && may_use(spec->path, EG_IMAGE_PATH_DSP) &&
        eg_image_use_dsp(draft)) {
        return;
    }
#endif
#if EG_IMAGE_HAS_X86
    if (may_use(spec->path, EG_IMAGE_PATH_AVX2) && eg_image_use_avx2(draft)) {
        return;
    }
    if (may_use(spec->path, EG_IMAGE_PATH_SSE41) && eg_image_use_sse41(draft)) {
        return;
    }
#endif
}

static void copy_spec(const eg_image_spec *spec, eg_image_plan *plan)
{
    plan->width = spec->width;
    plan->height = spec->height;
    plan->color = spec->color;
    plan->layout = spec->layout;
    plan->type = spec->type;
    plan->resize = spec->resize;
    for (int32_t c = 0; c < channels_of(spec); ++c) {
        plan->fill[c] = spec->fill[c];
        plan->value_scale[c] = spec->scale[c] / 128.0F;
        plan->offset[c] = spec->offset[c];
    }
}

eg_image_status eg_image_prepare(const eg_image_spec *spec, const eg_image_source *source,
                                 void *workspace, size_t workspace_bytes, eg_image_plan *plan)
{
    eg_image_status status = check_spec(spec);

    if (status == EG_IMAGE_OK) {
        status = check_source(source);
    }
    if (status != EG_IMAGE_OK) {
        return status;
    }
    if (workspace == NULL || (uintptr_t)workspace % ALIGNMENT != 0) {
        return EG_IMAGE_BAD_WORKSPACE;
    }
    if (workspace_bytes < eg_image_workspace_bytes(spec)) {
        return EG_IMAGE_SMALL_WORKSPACE;
    }
    if (plan == NULL) {
        return EG_IMAGE_BAD_PLAN;
    }
    const eg_image_plan empty = {0};

    *plan = empty;
    plan->source = *source;
    copy_spec(spec, plan);
    place(spec, source, plan);
    if (spec->type != EG_IMAGE_FLOAT32) {
        quantise(spec, plan);
    }
    const eg_image_draft draft = divide(spec, workspace, plan);

    tabulate(draft);
    choose_kernels(spec, plan);
    choose_path(spec, draft);
    if (plan->path == EG_IMAGE_PATH_PORTABLE) {
        pick(plan);
    }
    return EG_IMAGE_OK;
}
