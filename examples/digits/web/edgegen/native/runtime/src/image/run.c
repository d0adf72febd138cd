#include "edgegen/image.h"

#include <stdbool.h>

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
    if (plan == NULL || plan->write_part == NULL) {
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
        (plan->type == EG_IMAGE_FLOAT32 && (uintptr_t)tensor % sizeof(float) != 0)) {
        return EG_IMAGE_BAD_TENSOR;
    }
    return EG_IMAGE_OK;
}

eg_image_status eg_image_run(const eg_image_plan *plan, const eg_image *image, void *tensor)
{
    const eg_image_status status = check(plan, image, tensor);

    if (status != EG_IMAGE_OK) {
        return status;
    }
    if (plan->write_border != NULL) {
        plan->write_border(plan, tensor);
    }
    plan->write_part(plan, image, tensor);
    return EG_IMAGE_OK;
}
