/* From a camera's bytes to a model's input tensor: cut out, resized, normalised, in one pass.
 *
 * The pixel of a tensor at (x, y) shows the source around the centre that it has there: bilinear
 * takes the four pixels nearest to it, weighted by their distance, and edge pixels go on beyond
 * the edge; nearest takes the pixel that holds it. Of a side of n pixels made into m, the centre of
 * pixel i lies at (i + 0.5) * n / m - 0.5: TensorFlow Lite's half_pixel_centers, OpenCV's
 * INTER_LINEAR and INTER_NEAREST_EXACT (which may take the left one where a centre lies between two
 * pixels; here it is the right one). No filter goes before it: shrinking by more than 2 skips
 * pixels, there as here.
 *
 * Arithmetic. All of it is in integers up to a pixel's value, which has 7 fractional bits, and the
 * same on every machine. With a 15-bit fraction f and mix(a, b, f) = a + floor(((b - a) * f + 2^14)
 * / 2^15), a value is mix(mix(p00, p01, fx), mix(p10, p11, fx), fy) of levels times 128. It is
 * within EG_IMAGE_ERROR_LEVELS of the real number. Then, for channel c:
 *
 *   float32     level * scale[c] + offset[c], two roundings, never a fused one
 *   int8, uint8 clamp(round((level * scale[c] + offset[c]) / quant_scale + zero_point)), in 32-bit
 *               integers: what is rounded is off by at most 0.001 steps, or 1/128 of the channels'
 *               greatest step per level, or 1/30000 of their greatest step at level 0
 *
 * The fast paths, chosen when the plan is made, give the portable one's very bits.
 *
 * Colours. Gray is round(0.299 R + 0.587 G + 0.114 B), of YUV the luma alone. YUV is BT.601 with
 * video range (Y 16..235), within a level of what OpenCV makes of it, but that OpenCV takes a Y
 * below 16 for 16; a chroma sample holds for all pixels that share it; what a conversion gives is
 * cut to 0..255 and rounded to a level before it is resized, and then is within
 * EG_IMAGE_CONVERSION_ERROR_LEVELS of the real number. Alpha is not looked at.
 *
 * On a host, eg_image_prepare makes a plan. A device needs none of that: a plan is data, and may be
 * a constant.
 *
 * No allocation, no state: a plan and its workspace belong to one thread at a time.
 */
#ifndef EDGEGEN_IMAGE_H
#define EDGEGEN_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The most pixels that a side may have. */
#define EG_IMAGE_MAX_SIDE 32767

/* Two stages, each rounded to half of 1/128 level, with a fraction that is 2^-16 off at most, of
 * 255 levels. */
#define EG_IMAGE_ERROR_LEVELS (2.0 * (0.5 / 128.0 + 255.0 / 65536.0))

/* Half a level, and constants of 15 bits. */
#define EG_IMAGE_CONVERSION_ERROR_LEVELS (0.5 + 3.0 * 255.0 / 65536.0)

/* Every text names the argument first. */
#define EG_IMAGE_STATUS_LIST(X)                                                                    \
    X(EG_IMAGE_OK, "ok")                                                                           \
    X(EG_IMAGE_BAD_SPEC, "spec: is NULL")                                                          \
    X(EG_IMAGE_BAD_WIDTH, "width: not in 1..32767")                                                \
    X(EG_IMAGE_BAD_HEIGHT, "height: not in 1..32767")                                              \
    X(EG_IMAGE_TOO_LARGE, "width and height: the tensor has more bytes than can be addressed")     \
    X(EG_IMAGE_BAD_COLOR, "color: not one of eg_image_color")                                      \
    X(EG_IMAGE_BAD_LAYOUT, "layout: not one of eg_image_layout")                                   \
    X(EG_IMAGE_BAD_TYPE, "type: not one of eg_image_type")                                         \
    X(EG_IMAGE_BAD_RESIZE, "resize: not one of eg_image_resize")                                   \
    X(EG_IMAGE_BAD_FIT, "fit: not one of eg_image_fit")                                            \
    X(EG_IMAGE_BAD_PATH, "path: not one of eg_image_path")                                         \
    X(EG_IMAGE_BAD_SCALE, "scale: not finite")                                                     \
    X(EG_IMAGE_BAD_OFFSET, "offset: not finite")                                                   \
    X(EG_IMAGE_BAD_QUANT_SCALE, "quant_scale: not finite and above 0")                             \
    X(EG_IMAGE_BAD_ZERO_POINT, "zero_point: not in the range of the tensor's type")                \
    X(EG_IMAGE_STEEP_SCALE, "scale: a level is 63 steps of quant_scale or more")                   \
    X(EG_IMAGE_FAR_OFFSET, "offset: level 0 is 8192 steps of quant_scale or more away")            \
    X(EG_IMAGE_BAD_SOURCE, "source: is NULL")                                                      \
    X(EG_IMAGE_BAD_FORMAT, "format: not one of eg_image_format")                                   \
    X(EG_IMAGE_BAD_SOURCE_WIDTH, "source_width: not in 1..32767, or odd for YUYV or NV12")         \
    X(EG_IMAGE_BAD_SOURCE_HEIGHT, "source_height: not in 1..32767, or odd for NV12")               \
    X(EG_IMAGE_BAD_WORKSPACE, "workspace: NULL or not aligned to 8 bytes")                         \
    X(EG_IMAGE_SMALL_WORKSPACE, "workspace_bytes: fewer than eg_image_workspace_bytes()")          \
    X(EG_IMAGE_BAD_PLAN, "plan: NULL, or not prepared")                                            \
    X(EG_IMAGE_BAD_PIXELS, "pixels: NULL")                                                         \
    X(EG_IMAGE_BAD_STRIDE, "stride: shorter than a row, or so long that addresses overflow")       \
    X(EG_IMAGE_BAD_CHROMA, "chroma: NULL, which NV12 needs")                                       \
    X(EG_IMAGE_BAD_CHROMA_STRIDE,                                                                  \
      "chroma_stride: shorter than a row, or so long that addresses overflow")                     \
    X(EG_IMAGE_BAD_TENSOR, "tensor: NULL or not aligned to its type")

typedef enum eg_image_status {
#define EG_IMAGE_STATUS_ENUMERATOR(name, text) name,
    EG_IMAGE_STATUS_LIST(EG_IMAGE_STATUS_ENUMERATOR)
#undef EG_IMAGE_STATUS_ENUMERATOR
        EG_IMAGE_STATUS_COUNT
} eg_image_status;

/* The code's text, in static storage; never NULL, also for a value that is no code. */
const char *eg_image_status_text(eg_image_status status);

typedef enum eg_image_format {
    EG_IMAGE_RGB8,  /* 3 bytes a pixel */
    EG_IMAGE_BGR8,  /* 3 bytes, as OpenCV reads files */
    EG_IMAGE_RGBA8, /* 4 bytes */
    EG_IMAGE_GRAY8, /* 1 byte */
    EG_IMAGE_YUYV,  /* Y0 U Y1 V for two pixels; the width is even */
    EG_IMAGE_NV12,  /* Y in `pixels`, U V for two by two pixels in `chroma`; both sides are even */
    EG_IMAGE_FORMAT_COUNT
} eg_image_format;

typedef enum eg_image_color {
    EG_IMAGE_COLOR_RGB,
    EG_IMAGE_COLOR_BGR,
    EG_IMAGE_COLOR_GRAY, /* one channel */
    EG_IMAGE_COLOR_COUNT
} eg_image_color;

typedef enum eg_image_layout {
    EG_IMAGE_NHWC,
    EG_IMAGE_NCHW,
    EG_IMAGE_LAYOUT_COUNT
} eg_image_layout;

typedef enum eg_image_type {
    EG_IMAGE_FLOAT32,
    EG_IMAGE_INT8,
    EG_IMAGE_UINT8,
    EG_IMAGE_TYPE_COUNT
} eg_image_type;

typedef enum eg_image_resize {
    EG_IMAGE_BILINEAR,
    EG_IMAGE_NEAREST,
    EG_IMAGE_RESIZE_COUNT
} eg_image_resize;

typedef enum eg_image_fit {
    EG_IMAGE_STRETCH, /* the whole source, its aspect ratio lost */
    /* The largest part of the tensor's aspect ratio in the middle, its sides rounded to pixels
     * (half up), its left and top rounded down; as if nothing were beyond it. */
    EG_IMAGE_CROP,
    /* The whole source in the middle of the tensor, its sides and place rounded likewise; `fill`
     * around it. */
    EG_IMAGE_LETTERBOX,
    EG_IMAGE_FIT_COUNT
} eg_image_fit;

/* How to get there: the tensor is the same, to the bit. */
typedef enum eg_image_path {
    EG_IMAGE_PATH_FASTEST, /* of those that this machine has; no plan's path */
    EG_IMAGE_PATH_PORTABLE,
    EG_IMAGE_PATH_SSE41,
    EG_IMAGE_PATH_AVX2,
    EG_IMAGE_PATH_NEON,
    EG_IMAGE_PATH_DSP, /* Armv7E-M */
    EG_IMAGE_PATH_COUNT
} eg_image_path;

/* What the model wants. A channel is one of the tensor: with EG_IMAGE_COLOR_BGR, [0] is blue. */
typedef struct eg_image_spec {
    int32_t width;
    int32_t height;
    eg_image_color color;
    eg_image_layout layout;
    eg_image_type type;
    eg_image_resize resize;
    eg_image_fit fit;
    uint8_t fill[3];    /* levels; only for EG_IMAGE_LETTERBOX */
    float scale[3];     /* 1 / std, with mean and std in levels of 0..255 */
    float offset[3];    /* -mean / std */
    float quant_scale;  /* of an int8 or uint8 tensor, else unused */
    int32_t zero_point; /* likewise */
    eg_image_path path; /* where this machine has it, and it takes such a source; else portable */
} eg_image_spec;

/* What the camera gives. */
typedef struct eg_image_source {
    eg_image_format format;
    int32_t width;
    int32_t height;
} eg_image_source;

/* One frame. Strides are the bytes from one row to the next. The bytes between a row's end and the
 * next row are never touched, nor is anything beyond the last row's end. */
typedef struct eg_image {
    const uint8_t *pixels;
    size_t stride;
    const uint8_t *chroma; /* NV12 only */
    size_t chroma_stride;
} eg_image;

/* A rectangle of an image or of a tensor. */
typedef struct eg_image_box {
    int32_t left, top, width, height;
} eg_image_box;

typedef struct eg_image_plan eg_image_plan;

/* Two rows of pixels, resized to the part's width, and the distance from the upper one (of
 * 2^15). */
typedef struct eg_image_rows {
    const int16_t *upper, *lower;
    int32_t fraction;
} eg_image_rows;

/* Columns `left` and following, of row `y`, of the tensor. */
typedef struct eg_image_span {
    int32_t left, width, y;
} eg_image_span;

/* Kernels, all of them in edgegen/image/kernels.h. */
typedef void eg_image_part_writer(const eg_image_plan *plan, const eg_image *image, void *tensor);
typedef void eg_image_row_reader(const eg_image_plan *plan, const eg_image *image, int32_t y,
                                 int16_t *row);
typedef void eg_image_row_writer(const eg_image_plan *plan, eg_image_rows rows, eg_image_span span,
                                 void *tensor);
typedef void eg_image_border_writer(const eg_image_plan *plan, void *tensor);

/* Everything that does not depend on the pixels, only read by eg_image_run: made by
 * eg_image_prepare, or by edgegen as a constant. It names the kernels that it needs, so that a
 * program has no others. It holds pointers to its tables, so it may be copied but they must stay
 * where they are. */
struct eg_image_plan {
    eg_image_source source;
    int32_t width, height; /* of the tensor */
    eg_image_color color;
    eg_image_layout layout;
    eg_image_type type;
    eg_image_resize resize;
    eg_image_path path;
    eg_image_box crop; /* the part of the source that is seen */
    eg_image_box part; /* where in the tensor it goes */
    uint8_t fill[3];
    /* float32: value * value_scale + offset. A value is 128 times a level. */
    float value_scale[3];
    float offset[3];
    /* int8, uint8: (value * multiplier + bias) >> shift, from low to high; multiplier in 16 bits */
    int32_t multiplier[3];
    int32_t bias[3];
    int32_t shift;
    int32_t low, high;
    /* For every column of the part: the byte of a row (of `pixels`) where the pixel left of its
     * centre begins, and the distance from it, of 2^15. Some paths have more fractions. */
    const int32_t *columns;
    const int16_t *fractions;
    /* So many columns have a pixel of the row to the right of theirs; the others' fraction is 0.
     * Some paths count those whose neighbourhood may be read. */
    int32_t inner_columns;
    /* Two rows of the source, resized to the part's width: the tensor's width times its channels
     * (some paths: more; EG_IMAGE_PATH_DSP: NULL, unless there is a border). The only memory that
     * running writes, beside the tensor. */
    int16_t *rows[2];
    eg_image_part_writer *write_part;
    eg_image_row_reader *read_row;        /* for eg_image_write_part */
    eg_image_row_writer *write_row;       /* for eg_image_write_part and eg_image_write_border */
    eg_image_border_writer *write_border; /* NULL: there is none */
};

/* The bytes of workspace for `spec`, whatever the source; 0 for a spec that eg_image_prepare
 * refuses. */
size_t eg_image_workspace_bytes(const eg_image_spec *spec);

/* The bytes of the tensor; 0 for a spec that eg_image_prepare refuses. */
size_t eg_image_tensor_bytes(const eg_image_spec *spec);

/* Works out everything that does not depend on the pixels. When it fails, nothing is written. */
eg_image_status eg_image_prepare(const eg_image_spec *spec, const eg_image_source *source,
                                 void *workspace, size_t workspace_bytes, eg_image_plan *plan);

/* Fills the tensor, which overlaps neither the image nor the workspace. When it fails, nothing is
 * written. */
eg_image_status eg_image_run(const eg_image_plan *plan, const eg_image *image, void *tensor);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_IMAGE_H */
