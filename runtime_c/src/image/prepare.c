#include "edgegen/image.h"
#include "edgegen/image/kernels.h"

#include <float.h>

enum { ALIGNMENT = 8, BLOCK = 8 /* columns that AVX2 computes at once */ };

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

/* Values of memory for a pixel: the fast paths keep three channels in four. */
static size_t lanes(const eg_image_spec *spec)
{
    return EG_IMAGE_HAS_AVX2 && channels_of(spec) == 3 ? 4 : (size_t)channels_of(spec);
}

size_t eg_image_workspace_bytes(const eg_image_spec *spec)
{
    if (check_spec(spec) != EG_IMAGE_OK) {
        return 0;
    }
    const size_t fractions = EG_IMAGE_HAS_AVX2 ? lanes(spec) : 1;

    return padded(spec) * (sizeof(int32_t) + (fractions + 2 * lanes(spec)) * sizeof(int16_t));
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

static void place(eg_image_plan *plan)
{
    const eg_image_spec *spec = &plan->spec;
    const eg_image_source *source = &plan->source;
    const bool wider =
        (int64_t)source->width * spec->height > (int64_t)spec->width * source->height;

    plan->crop_width = source->width;
    plan->crop_height = source->height;
    plan->width = spec->width;
    plan->height = spec->height;
    if (spec->fit == EG_IMAGE_CROP && wider) {
        plan->crop_width = rescaled(source->height, spec->width, spec->height, source->width);
    } else if (spec->fit == EG_IMAGE_CROP) {
        plan->crop_height = rescaled(source->width, spec->height, spec->width, source->height);
    } else if (spec->fit == EG_IMAGE_LETTERBOX && wider) {
        plan->height = rescaled(source->height, spec->width, source->width, spec->height);
    } else if (spec->fit == EG_IMAGE_LETTERBOX) {
        plan->width = rescaled(source->width, spec->height, source->height, spec->width);
    }
    plan->crop_left = (source->width - plan->crop_width) / 2;
    plan->crop_top = (source->height - plan->crop_height) / 2;
    plan->left = (spec->width - plan->width) / 2;
    plan->top = (spec->height - plan->height) / 2;
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

static void quantise(eg_image_plan *plan)
{
    const eg_image_spec *spec = &plan->spec;
    const int32_t shift = greatest_shift(spec, plan->channels);
    const double unit = (double)(INT32_C(1) << shift);

    plan->shift = shift;
    plan->low = spec->type == EG_IMAGE_INT8 ? INT8_MIN : 0;
    plan->high = plan->low + UINT8_MAX;
    for (int32_t c = 0; c < plan->channels; ++c) {
        const double slope = steps(spec->scale[c], spec->quant_scale) / 128.0;
        const double start = steps(spec->offset[c], spec->quant_scale) + spec->zero_point;

        plan->multiplier[c] = rounded(slope * unit);
        plan->bias[c] = rounded(start * unit) + (INT32_C(1) << (shift - 1));
    }
}

static void divide(eg_image_plan *plan, void *workspace)
{
    const eg_image_spec *spec = &plan->spec;
    const size_t columns = padded(spec);
    const size_t fractions = columns * (EG_IMAGE_HAS_AVX2 ? lanes(spec) : 1);

    plan->columns = (int32_t *)workspace;
    plan->fractions = (int16_t *)(void *)(plan->columns + columns);
    plan->rows[0] = plan->fractions + fractions;
    plan->rows[1] = plan->rows[0] + columns * lanes(spec);
}

static void tabulate(eg_image_plan *plan)
{
    for (int32_t x = 0; x < plan->width; ++x) {
        const eg_image_position at =
            eg_image_position_of(plan->spec.resize, x, plan->crop_width, plan->width);

        plan->columns[x] = plan->crop_left + at.first;
        plan->fractions[x] = (int16_t)at.fraction;
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
    plan->spec = *spec;
    plan->source = *source;
    plan->channels = channels_of(spec);
    plan->path = EG_IMAGE_PATH_PORTABLE;
    place(plan);
    for (int32_t c = 0; c < plan->channels; ++c) {
        plan->value_scale[c] = spec->scale[c] / 128.0F;
    }
    if (spec->type != EG_IMAGE_FLOAT32) {
        quantise(plan);
    }
    divide(plan, workspace);
    tabulate(plan);
#if EG_IMAGE_HAS_AVX2
    if (eg_image_avx2_takes(spec, source)) {
        plan->path = EG_IMAGE_PATH_AVX2;
        eg_image_tabulate_avx2(plan);
    }
#endif
    return EG_IMAGE_OK;
}
