#include "edgegen/image.h"
#include "edgegen/image/kernels.h"

eg_image_position eg_image_position_of(eg_image_resize resize, int32_t i, int32_t from, int32_t to)
{
    const int64_t whole = 2 * (int64_t)to;
    const int64_t center = (2 * (int64_t)i + 1) * from; /* in 1 / whole pixels */
    eg_image_position at = {0, 0};

    if (resize == EG_IMAGE_NEAREST) {
        at.first = (int32_t)(center / whole);
        return at;
    }
    const int64_t place = center > to ? center - to : 0;
    const int64_t rest = (place % whole) << EG_IMAGE_FRACTION_BITS;

    at.first = (int32_t)(place / whole);
    at.fraction = (int32_t)((rest + to) / whole);
    if (at.fraction >> EG_IMAGE_FRACTION_BITS) {
        ++at.first;
        at.fraction = 0;
    }
    if (at.first >= from - 1) {
        at.first = from - 1;
        at.fraction = 0;
    }
    return at;
}

static size_t row_bytes(const eg_image_source *source)
{
    static const uint8_t per_pixel[EG_IMAGE_FORMAT_COUNT] = {3, 3, 4, 1, 2, 1};

    return (size_t)source->width * per_pixel[source->format];
}

static bool is_stride(size_t stride, size_t row, int32_t rows)
{
    return stride >= row && stride <= (size_t)PTRDIFF_MAX / (size_t)rows;
}

static eg_image_status check(const eg_image_plan *plan, const eg_image *image, const void *tensor)
{
    if (plan == NULL || plan->path < EG_IMAGE_PATH_PORTABLE || plan->path > EG_IMAGE_PATH_AVX2) {
        return EG_IMAGE_BAD_PLAN;
    }
    const eg_image_source *source = &plan->source;
    const size_t row = row_bytes(source);

    if (image == NULL || image->pixels == NULL) {
        return EG_IMAGE_BAD_PIXELS;
    }
    if (!is_stride(image->stride, row, source->height)) {
        return EG_IMAGE_BAD_STRIDE;
    }
    if (source->format == EG_IMAGE_NV12 && image->chroma == NULL) {
        return EG_IMAGE_BAD_CHROMA;
    }
    if (source->format == EG_IMAGE_NV12 &&
        !is_stride(image->chroma_stride, row, source->height / 2)) {
        return EG_IMAGE_BAD_CHROMA_STRIDE;
    }
    if (tensor == NULL ||
        (plan->spec.type == EG_IMAGE_FLOAT32 && (uintptr_t)tensor % sizeof(float) != 0)) {
        return EG_IMAGE_BAD_TENSOR;
    }
    return EG_IMAGE_OK;
}

/* The resized rows that are at hand: consecutive rows of the tensor share most of them. */
typedef struct row_pair {
    int16_t *rows[2];
    int32_t held[2]; /* which rows of the source; -1: none */
} row_pair;

static void resize_row(const eg_image_plan *plan, const eg_image *image, int32_t y, int16_t *row)
{
#if EG_IMAGE_HAS_AVX2
    if (plan->path == EG_IMAGE_PATH_AVX2) {
        eg_image_resize_row_avx2(plan, image, y, row);
        return;
    }
#endif
    eg_image_resize_row(plan, image, y, row);
}

static void write_row(const eg_image_plan *plan, const int16_t *upper, const int16_t *lower,
                      int32_t fraction, int32_t y, void *tensor)
{
#if EG_IMAGE_HAS_AVX2
    if (plan->path == EG_IMAGE_PATH_AVX2) {
        eg_image_write_row_avx2(plan, upper, lower, fraction, y, tensor);
        return;
    }
#endif
    eg_image_write_row(plan, upper, lower, fraction, y, tensor);
}

static void hold(const eg_image_plan *plan, const eg_image *image, int32_t which, int32_t y,
                 row_pair *pair)
{
    if (pair->held[which] != y) {
        resize_row(plan, image, y, pair->rows[which]);
        pair->held[which] = y;
    }
}

static void swap(row_pair *pair)
{
    int16_t *const row = pair->rows[0];

    pair->rows[0] = pair->rows[1];
    pair->rows[1] = row;
    pair->held[0] = pair->held[1];
    pair->held[1] = -1;
}

static void write_part(const eg_image_plan *plan, const eg_image *image, void *tensor)
{
    row_pair pair = {{plan->rows[0], plan->rows[1]}, {-1, -1}};

    for (int32_t y = 0; y < plan->height; ++y) {
        const eg_image_position at =
            eg_image_position_of(plan->spec.resize, y, plan->crop_height, plan->height);
        const int32_t upper = plan->crop_top + at.first;

        if (pair.held[1] == upper) {
            swap(&pair);
        }
        hold(plan, image, 0, upper, &pair);
        if (at.fraction != 0) {
            hold(plan, image, 1, upper + 1, &pair);
        }
        write_row(plan, pair.rows[0], pair.rows[at.fraction != 0], at.fraction, plan->top + y,
                  tensor);
    }
}

static void write_border(const eg_image_plan *plan, void *tensor)
{
    const int32_t right = plan->left + plan->width;
    const int32_t bottom = plan->top + plan->height;

    for (int32_t y = 0; y < plan->spec.height; ++y) {
        if (y < plan->top || y >= bottom) {
            eg_image_write_fill(plan, y, 0, plan->spec.width, tensor);
        } else {
            eg_image_write_fill(plan, y, 0, plan->left, tensor);
            eg_image_write_fill(plan, y, right, plan->spec.width, tensor);
        }
    }
}

eg_image_status eg_image_run(const eg_image_plan *plan, const eg_image *image, void *tensor)
{
    const eg_image_status status = check(plan, image, tensor);

    if (status != EG_IMAGE_OK) {
        return status;
    }
    if (plan->spec.fit == EG_IMAGE_LETTERBOX) {
        write_border(plan, tensor);
    }
    write_part(plan, image, tensor);
    return EG_IMAGE_OK;
}
