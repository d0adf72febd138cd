#include "edgegen/image.h"

#include "check.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(from, bytes) ((void)(from), (void)(bytes))
#endif

static uint32_t state = 1;

/* 0 .. below - 1 */
static int32_t any(int32_t below)
{
    state = state * 1664525U + 1013904223U;
    return (int32_t)((state >> 8) % (uint32_t)below);
}

typedef struct frame {
    eg_image_source source;
    eg_image image;
    uint8_t *pixels,
        *chroma; /* end where the last row does, so that sanitizers see every overrun */
} frame;

static size_t row_bytes(const eg_image_source *source)
{
    static const size_t per_pixel[] = {3, 3, 4, 1, 2, 1};

    return (size_t)source->width * per_pixel[source->format];
}

static uint8_t *random_rows(size_t row, size_t stride, int32_t rows)
{
    const size_t bytes = stride * (size_t)(rows - 1) + row;
    uint8_t *const memory = malloc(bytes);

    EXPECT(memory != NULL);
    for (size_t i = 0; i < bytes; ++i) {
        /* Many edges as steep as can be. */
        memory[i] = any(3) == 0 ? (uint8_t)(any(2) * 255) : (uint8_t)any(256);
    }
    for (int32_t y = 0; y + 1 < rows; ++y) {
        ASAN_POISON_MEMORY_REGION(memory + (size_t)y * stride + row, stride - row);
    }
    return memory;
}

static frame make_frame(eg_image_format format, int32_t width, int32_t height)
{
    const bool pairs = format == EG_IMAGE_YUYV || format == EG_IMAGE_NV12;
    frame made = {{format, pairs ? (width + 1) / 2 * 2 : width,
                   format == EG_IMAGE_NV12 ? (height + 1) / 2 * 2 : height},
                  {NULL, 0, NULL, 0},
                  NULL,
                  NULL};
    const size_t row = row_bytes(&made.source);

    made.image.stride = row + (size_t)any(40);
    made.pixels = random_rows(row, made.image.stride, made.source.height);
    made.image.pixels = made.pixels;
    if (format == EG_IMAGE_NV12) {
        made.image.chroma_stride = row + (size_t)any(40);
        made.chroma = random_rows(row, made.image.chroma_stride, made.source.height / 2);
        made.image.chroma = made.chroma;
    }
    return made;
}

static void free_frame(frame *used)
{
    free(used->pixels);
    free(used->chroma);
}

/* Not rounded: that is part of the bound. */
static double level(double x)
{
    return fmin(fmax(x, 0.0), 255.0);
}

/* Channel 0 red, 1 green, 2 blue, 3 gray, as the header says it. */
static double pixel(const frame *from, int32_t x, int32_t y, int32_t channel)
{
    const uint8_t *const row = from->image.pixels + (size_t)y * from->image.stride;
    double rgb[3] = {0.0, 0.0, 0.0};
    double luma = 0.0;
    double u = 0.0;
    double v = 0.0;

    switch (from->source.format) {
    case EG_IMAGE_GRAY8:
        return row[x];
    case EG_IMAGE_YUYV:
        luma = row[2 * x];
        u = row[x / 2 * 4 + 1];
        v = row[x / 2 * 4 + 3];
        break;
    case EG_IMAGE_NV12:
        luma = row[x];
        u = from->image.chroma[(size_t)(y / 2) * from->image.chroma_stride + (size_t)(x / 2 * 2)];
        v = from->image
                .chroma[(size_t)(y / 2) * from->image.chroma_stride + (size_t)(x / 2 * 2 + 1)];
        break;
    default: {
        const int32_t size = from->source.format == EG_IMAGE_RGBA8 ? 4 : 3;
        const int32_t red = from->source.format == EG_IMAGE_BGR8 ? 2 : 0;

        rgb[0] = row[x * size + red];
        rgb[1] = row[x * size + 1];
        rgb[2] = row[x * size + 2 - red];
        return channel < 3 ? rgb[channel] : 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
    }
    }
    const double gray = (luma - 16.0) * 255.0 / 219.0;
    const double chroma = 255.0 / 224.0;

    switch (channel) {
    case 0:
        return level(gray + chroma * 1.402 * (v - 128.0));
    case 1:
        return level(gray - chroma * (0.344136 * (u - 128.0) + 0.714136 * (v - 128.0)));
    case 2:
        return level(gray + chroma * 1.772 * (u - 128.0));
    default:
        return level(gray);
    }
}

/* A rectangle: of the source, or of the tensor. */
typedef struct box {
    int32_t left, top, width, height;
} box;

static int32_t rounded_side(double side, int32_t most)
{
    const double whole = floor(side + 0.5);

    return whole < 1.0 ? 1 : (whole > most ? most : (int32_t)whole);
}

/* The largest rectangle of the aspect ratio width / height in the middle of another. */
static box inscribed(int32_t width, int32_t height, int32_t outer_width, int32_t outer_height)
{
    box inner = {0, 0, outer_width, outer_height};

    if ((int64_t)width * outer_height > (int64_t)outer_width * height) {
        inner.height = rounded_side((double)height * outer_width / width, outer_height);
    } else {
        inner.width = rounded_side((double)width * outer_height / height, outer_width);
    }
    inner.left = (outer_width - inner.width) / 2;
    inner.top = (outer_height - inner.height) / 2;
    return inner;
}

static double clamped(double x, double high)
{
    return fmin(fmax(x, 0.0), high);
}

/* The level of the tensor's pixel, in float64. */
static double reference(const eg_image_spec *spec, const frame *from, int32_t x, int32_t y,
                        int32_t channel)
{
    const eg_image_source *source = &from->source;
    box seen = {0, 0, source->width, source->height};
    box shown = {0, 0, spec->width, spec->height};
    int32_t color = spec->color == EG_IMAGE_COLOR_BGR ? 2 - channel : channel;

    if (spec->color == EG_IMAGE_COLOR_GRAY) {
        color = 3;
    }
    if (spec->fit == EG_IMAGE_CROP) {
        seen = inscribed(spec->width, spec->height, source->width, source->height);
    } else if (spec->fit == EG_IMAGE_LETTERBOX) {
        shown = inscribed(source->width, source->height, spec->width, spec->height);
    }
    x -= shown.left;
    y -= shown.top;
    if (x < 0 || y < 0 || x >= shown.width || y >= shown.height) {
        return spec->fill[channel];
    }
    const double center_x = (x + 0.5) * seen.width / shown.width;
    const double center_y = (y + 0.5) * seen.height / shown.height;

    if (spec->resize == EG_IMAGE_NEAREST) {
        return pixel(from, seen.left + (int32_t)center_x, seen.top + (int32_t)center_y, color);
    }
    const double at_x = clamped(center_x - 0.5, seen.width - 1);
    const double at_y = clamped(center_y - 0.5, seen.height - 1);
    const int32_t x0 = (int32_t)at_x;
    const int32_t y0 = (int32_t)at_y;
    const int32_t x1 = x0 + (x0 < seen.width - 1);
    const int32_t y1 = y0 + (y0 < seen.height - 1);
    const double p00 = pixel(from, seen.left + x0, seen.top + y0, color);
    const double p01 = pixel(from, seen.left + x1, seen.top + y0, color);
    const double p10 = pixel(from, seen.left + x0, seen.top + y1, color);
    const double p11 = pixel(from, seen.left + x1, seen.top + y1, color);
    const double upper = p00 + (p01 - p00) * (at_x - x0);
    const double lower = p10 + (p11 - p10) * (at_x - x0);

    return upper + (lower - upper) * (at_y - y0);
}

static eg_image_spec plain_spec(int32_t width, int32_t height)
{
    const eg_image_spec spec = {
        .width = width,
        .height = height,
        .fill = {255, 114, 1},
        .scale = {1.0F, 1.0F, 1.0F},
        .quant_scale = 1.0F,
    };

    return spec;
}

static eg_image_spec random_spec(void)
{
    eg_image_spec spec = plain_spec(1 + any(40), 1 + any(20));

    spec.color = (eg_image_color)any(EG_IMAGE_COLOR_COUNT);
    spec.layout = (eg_image_layout)any(EG_IMAGE_LAYOUT_COUNT);
    spec.type = (eg_image_type)any(EG_IMAGE_TYPE_COUNT);
    spec.resize = (eg_image_resize)any(EG_IMAGE_RESIZE_COUNT);
    spec.fit = (eg_image_fit)any(EG_IMAGE_FIT_COUNT);
    for (int32_t c = 0; c < 3; ++c) {
        spec.scale[c] = (float)(any(2001) - 1000) / 50000.0F;
        spec.offset[c] = (float)(any(2001) - 1000) / 300.0F;
    }
    spec.quant_scale = 0.002F * (float)(1 + any(20));
    spec.zero_point = any(256) - (spec.type == EG_IMAGE_INT8 ? 128 : 0);
    return spec;
}

static size_t index_of(const eg_image_spec *spec, int32_t x, int32_t y, int32_t c, int32_t channels)
{
    const size_t at = (size_t)y * (size_t)spec->width + (size_t)x;

    if (spec->layout == EG_IMAGE_NHWC) {
        return at * (size_t)channels + (size_t)c;
    }
    return (size_t)c * (size_t)spec->width * (size_t)spec->height + at;
}

/* A tensor in memory of its own and of its very size. */
static void *run(const eg_image_spec *spec, const frame *from)
{
    const size_t bytes = eg_image_workspace_bytes(spec);
    void *const workspace = malloc(bytes);
    void *const tensor = malloc(eg_image_tensor_bytes(spec));
    eg_image_plan plan;

    EXPECT(bytes > 0 && workspace != NULL && tensor != NULL);
    EXPECT(eg_image_prepare(spec, &from->source, workspace, bytes, &plan) == EG_IMAGE_OK);
    EXPECT(eg_image_run(&plan, &from->image, tensor) == EG_IMAGE_OK);
    free(workspace);
    return tensor;
}

/* How far a level may be from the reference. */
static double level_error(const eg_image_spec *spec, eg_image_format format)
{
    const bool colors = format <= EG_IMAGE_RGBA8;
    const bool converted = colors ? spec->color == EG_IMAGE_COLOR_GRAY : format != EG_IMAGE_GRAY8;

    return EG_IMAGE_ERROR_LEVELS + (converted ? EG_IMAGE_CONVERSION_ERROR_LEVELS : 0.0);
}

static void expect_float(const eg_image_spec *spec, double error, float got, double want, int32_t c)
{
    const double scale = fabs((double)spec->scale[c]);
    const double real = want * (double)spec->scale[c] + (double)spec->offset[c];
    const double rounding = 2.0 * 0x1p-24 * (fabs(real) + 2.0 * fabs((double)spec->offset[c]));

    EXPECT(fabs((double)got - real) <= error * scale + rounding + 1e-30);
}

static void expect_byte(const eg_image_spec *spec, double error, uint8_t got, double want,
                        int32_t c)
{
    const double low = spec->type == EG_IMAGE_INT8 ? -128.0 : 0.0;
    const double q = spec->type == EG_IMAGE_INT8 ? (double)(int8_t)got : (double)got;
    const double slope = (double)spec->scale[c] / (double)spec->quant_scale;
    const double start = (double)spec->offset[c] / (double)spec->quant_scale + spec->zero_point;
    const double real = fmin(fmax(want * slope + start, low), low + 255.0);

    double worst = 0.0; /* of the channels' multipliers: they share a shift */

    for (int32_t i = 0; i < 3; ++i) {
        const double slopes = fabs((double)spec->scale[i] / (double)spec->quant_scale);
        const double starts =
            fabs((double)spec->offset[i] / (double)spec->quant_scale + spec->zero_point);

        worst = fmax(worst, fmax(starts / 30000.0, slopes / 128.0));
    }
    EXPECT(fabs(q - real) <= 0.501 + worst + error * fabs(slope));
}

static void expect_reference(const eg_image_spec *spec, const frame *from)
{
    const int32_t channels = spec->color == EG_IMAGE_COLOR_GRAY ? 1 : 3;
    const double error = level_error(spec, from->source.format);
    void *const tensor = run(spec, from);

    for (int32_t y = 0; y < spec->height; ++y) {
        for (int32_t x = 0; x < spec->width; ++x) {
            for (int32_t c = 0; c < channels; ++c) {
                const double want = reference(spec, from, x, y, c);
                const size_t i = index_of(spec, x, y, c, channels);

                if (spec->type == EG_IMAGE_FLOAT32) {
                    expect_float(spec, error, ((const float *)tensor)[i], want, c);
                } else {
                    expect_byte(spec, error, ((const uint8_t *)tensor)[i], want, c);
                }
            }
        }
    }
    free(tensor);
}

/* Every format with every choice, sizes and all else at random. */
static void test_against_float64(void)
{
    for (int32_t i = 0; i < 3000; ++i) {
        eg_image_spec spec = random_spec();
        frame from = make_frame((eg_image_format)(i % EG_IMAGE_FORMAT_COUNT),
                                1 + any(i % 2 ? 9 : 60), 1 + any(i % 3 ? 40 : 3));

        if (i % 5 == 0) { /* no resizing: every pixel exactly */
            spec.width = from.source.width;
            spec.height = from.source.height;
        }
        spec.path = (eg_image_path)any(EG_IMAGE_PATH_COUNT);
        expect_reference(&spec, &from);
        free_frame(&from);
    }
}

/* Of the paths of x86. */
static bool has_path(eg_image_path path)
{
#if defined(__x86_64__) && defined(__GNUC__)
    return (path == EG_IMAGE_PATH_SSE41 && __builtin_cpu_supports("sse4.1")) ||
           (path == EG_IMAGE_PATH_AVX2 && __builtin_cpu_supports("avx2"));
#else
    (void)path;
    return false;
#endif
}

/* The path that is taken. */
static eg_image_path path_of(const eg_image_spec *spec, const eg_image_source *source)
{
    const size_t bytes = eg_image_workspace_bytes(spec);
    void *const workspace = malloc(bytes);
    eg_image_plan plan;

    EXPECT(eg_image_prepare(spec, source, workspace, bytes, &plan) == EG_IMAGE_OK);
    free(workspace);
    return plan.path;
}

/* Levels plus one number, or a channel a bit different. */
static void set_levels(eg_image_spec *spec)
{
    for (int32_t c = 0; c < 3; ++c) {
        spec->scale[c] = spec->quant_scale;
        spec->offset[c] = (float)(any(3) - 1) * 0.25F * spec->quant_scale;
    }
    spec->zero_point = spec->type == EG_IMAGE_INT8 ? -128 + any(2) : any(2);
    if (any(4) == 0) {
        spec->scale[any(3)] *= 1.01F;
    } else if (any(4) == 0) {
        spec->offset[any(3)] += 1.0F;
    } else if (any(4) == 0) { /* halves, doubles and quadruples of levels */
        const float steps = (float)(1 << any(4)) / 2.0F;

        for (int32_t c = 0; c < 3; ++c) {
            spec->scale[c] *= steps;
        }
    }
}

/* Every path gives the very bits of the portable one. */
static void test_paths_agree(void)
{
    int32_t taken[EG_IMAGE_PATH_COUNT] = {0};

    for (int32_t i = 0; i < 3000; ++i) {
        eg_image_spec spec = random_spec();
        frame from =
            make_frame((eg_image_format)any(EG_IMAGE_FORMAT_COUNT), 1 + any(90), 1 + any(30));

        if (any(3) == 0) {
            set_levels(&spec);
        }
        spec.path = EG_IMAGE_PATH_PORTABLE;
        void *const portable = run(&spec, &from);

        for (int32_t path = 0; path < EG_IMAGE_PATH_COUNT; ++path) {
            spec.path = (eg_image_path)path;
            void *const fast = run(&spec, &from);

            EXPECT(memcmp(fast, portable, eg_image_tensor_bytes(&spec)) == 0);
            free(fast);
            ++taken[path_of(&spec, &from.source)];
        }
        free(portable);
        free_frame(&from);
    }
    EXPECT(taken[EG_IMAGE_PATH_DSP] > 0);
    EXPECT(!has_path(EG_IMAGE_PATH_SSE41) || taken[EG_IMAGE_PATH_SSE41] > 0);
    EXPECT(!has_path(EG_IMAGE_PATH_AVX2) || taken[EG_IMAGE_PATH_AVX2] > 0);
}

/* All fractions between all pairs of levels: what a path makes of them is what the header says. */
static void test_every_pair_of_levels(void)
{
    enum { COLUMNS = 512 };
    uint8_t pixels[2 * 3 * 3];
    const eg_image_source source = {EG_IMAGE_RGB8, 3, 2};
    const eg_image image = {pixels, 9, NULL, 0};
    uint64_t workspace[4096];
    static float portable[COLUMNS * 3 * 3];
    static float fast[COLUMNS * 3 * 3];
    eg_image_spec spec = plain_spec(COLUMNS, 3);

    for (int32_t pair = 0; pair < 256 * 256; pair += 37) {
        for (int32_t i = 0; i < 18; ++i) {
            pixels[i] = (uint8_t)((i + i / 9) % 2 ? pair / 256 : pair % 256);
        }
        for (int32_t path = EG_IMAGE_PATH_PORTABLE; path < EG_IMAGE_PATH_COUNT; ++path) {
            eg_image_plan plan;

            spec.path = (eg_image_path)path;
            EXPECT(eg_image_prepare(&spec, &source, workspace, sizeof workspace, &plan) ==
                   EG_IMAGE_OK);
            EXPECT(eg_image_run(&plan, &image, path == EG_IMAGE_PATH_PORTABLE ? portable : fast) ==
                   EG_IMAGE_OK);
            EXPECT(path == EG_IMAGE_PATH_PORTABLE || memcmp(portable, fast, sizeof portable) == 0);
        }
    }
}

/* The ends of the quantised range: the widest multipliers and sums that are taken. */
static void test_steep_and_far(void)
{
    frame from = make_frame(EG_IMAGE_RGB8, 33, 9);
    eg_image_spec spec = plain_spec(17, 5);

    spec.type = EG_IMAGE_INT8;
    for (int32_t i = 0; i < 3; ++i) {
        const float signs[3] = {1.0F, -1.0F, 1.0F};

        spec.scale[i] = 62.999F * signs[i];
        spec.offset[i] = -8190.0F * signs[i];
    }
    expect_reference(&spec, &from);
    for (int32_t i = 0; i < 3; ++i) {
        spec.scale[i] = 0.0F;
        spec.offset[i] = (float)(i * 100 - 100);
    }
    expect_reference(&spec, &from);
    free_frame(&from);
}

static void test_a_known_image(void)
{
    /* Levels 0, 100 and 200 of one row: at 2 pixels, centres 0.25 and 1.75. */
    static const uint8_t pixels[] = {0, 100, 200};
    const eg_image image = {pixels, sizeof pixels, NULL, 0};
    const eg_image_source source = {EG_IMAGE_GRAY8, 3, 1};
    eg_image_spec spec = plain_spec(2, 1);
    uint64_t workspace[64];
    eg_image_plan plan;
    float tensor[2];

    spec.color = EG_IMAGE_COLOR_GRAY;
    spec.scale[0] = 2.0F;
    spec.offset[0] = -1.0F;
    EXPECT(eg_image_prepare(&spec, &source, workspace, sizeof workspace, &plan) == EG_IMAGE_OK);
    EXPECT(eg_image_run(&plan, &image, tensor) == EG_IMAGE_OK);
    EXPECT(tensor[0] == 49.0F && tensor[1] == 349.0F);
}

/* The fastest path to float32 that this machine has. */
static eg_image_path fastest(void)
{
#if defined(__ARM_NEON)
    return EG_IMAGE_PATH_NEON;
#else
    if (has_path(EG_IMAGE_PATH_AVX2)) {
        return EG_IMAGE_PATH_AVX2;
    }
    return has_path(EG_IMAGE_PATH_SSE41) ? EG_IMAGE_PATH_SSE41 : EG_IMAGE_PATH_PORTABLE;
#endif
}

/* Which path is taken, so that the comparison above is one. */
static void test_the_path(void)
{
    const eg_image_source source = {EG_IMAGE_RGB8, 9, 9};
    eg_image_spec spec = plain_spec(4, 4);

    EXPECT(path_of(&spec, &source) == fastest());
    spec.path = EG_IMAGE_PATH_PORTABLE;
    EXPECT(path_of(&spec, &source) == EG_IMAGE_PATH_PORTABLE);
    spec.path = EG_IMAGE_PATH_SSE41;
    EXPECT(has_path(spec.path) == (path_of(&spec, &source) == spec.path));
    spec.type = EG_IMAGE_INT8;
    spec.path = EG_IMAGE_PATH_DSP;
    EXPECT(path_of(&spec, &source) == EG_IMAGE_PATH_DSP);
}

/* Numbers so small that some machines' vectors take them for 0. */
static void test_subnormal_numbers(void)
{
    frame from = make_frame(EG_IMAGE_RGB8, 23, 7);
    eg_image_spec spec = plain_spec(11, 5);

    for (int32_t i = 0; i < 3; ++i) {
        spec.scale[i] = 1e-41F;
        spec.offset[i] = i == 0 ? -1e-39F : 0.0F;
    }
    for (int32_t i = 0; i < 2; ++i) {
        spec.path = EG_IMAGE_PATH_FASTEST;
        float *const fast = run(&spec, &from);

        spec.path = EG_IMAGE_PATH_PORTABLE;
        float *const portable = run(&spec, &from);

        EXPECT(memcmp(fast, portable, eg_image_tensor_bytes(&spec)) == 0);
        free(fast);
        free(portable);
        spec.scale[0] = spec.scale[1] = spec.scale[2] = 1e-36F;
        spec.offset[1] = 1e-45F;
    }
    free_frame(&from);
}

static void expect_refused(const eg_image_spec *spec, eg_image_status status)
{
    const eg_image_source source = {EG_IMAGE_RGB8, 4, 4};
    uint64_t workspace[256];
    eg_image_plan plan;

    memset(&plan, 0x5A, sizeof plan);
    const eg_image_plan before = plan;

    EXPECT(eg_image_prepare(spec, &source, workspace, sizeof workspace, &plan) == status);
    EXPECT(memcmp(&plan, &before, sizeof plan) == 0);
    EXPECT(eg_image_workspace_bytes(spec) == 0);
    EXPECT(eg_image_tensor_bytes(spec) == 0);
}

static void test_illegal_specs(void)
{
#define REFUSED(status, ...)                                                                       \
    do {                                                                                           \
        eg_image_spec spec = plain_spec(4, 4);                                                     \
        __VA_ARGS__;                                                                               \
        expect_refused(&spec, status);                                                             \
    } while (0)

    expect_refused(NULL, EG_IMAGE_BAD_SPEC);
    REFUSED(EG_IMAGE_BAD_WIDTH, spec.width = 0);
    REFUSED(EG_IMAGE_BAD_WIDTH, spec.width = INT32_MIN);
    REFUSED(EG_IMAGE_BAD_WIDTH, spec.width = EG_IMAGE_MAX_SIDE + 1);
    REFUSED(EG_IMAGE_BAD_HEIGHT, spec.height = 0);
    REFUSED(EG_IMAGE_BAD_HEIGHT, spec.height = INT32_MAX);
    REFUSED(EG_IMAGE_BAD_COLOR, spec.color = EG_IMAGE_COLOR_COUNT);
    REFUSED(EG_IMAGE_BAD_LAYOUT, spec.layout = EG_IMAGE_LAYOUT_COUNT);
    REFUSED(EG_IMAGE_BAD_TYPE, spec.type = EG_IMAGE_TYPE_COUNT);
    REFUSED(EG_IMAGE_BAD_RESIZE, spec.resize = EG_IMAGE_RESIZE_COUNT);
    REFUSED(EG_IMAGE_BAD_FIT, spec.fit = EG_IMAGE_FIT_COUNT);
    REFUSED(EG_IMAGE_BAD_PATH, spec.path = EG_IMAGE_PATH_COUNT);
    REFUSED(EG_IMAGE_BAD_SCALE, spec.scale[1] = NAN);
    REFUSED(EG_IMAGE_BAD_SCALE, spec.scale[2] = -INFINITY);
    REFUSED(EG_IMAGE_BAD_OFFSET, spec.offset[0] = NAN);
    REFUSED(EG_IMAGE_BAD_OFFSET, spec.offset[2] = INFINITY);
    REFUSED(EG_IMAGE_BAD_QUANT_SCALE, spec.type = EG_IMAGE_INT8; spec.quant_scale = 0.0F);
    REFUSED(EG_IMAGE_BAD_QUANT_SCALE, spec.type = EG_IMAGE_INT8; spec.quant_scale = NAN);
    REFUSED(EG_IMAGE_BAD_QUANT_SCALE, spec.type = EG_IMAGE_UINT8; spec.quant_scale = INFINITY);
    REFUSED(EG_IMAGE_BAD_ZERO_POINT, spec.type = EG_IMAGE_INT8; spec.zero_point = 128);
    REFUSED(EG_IMAGE_BAD_ZERO_POINT, spec.type = EG_IMAGE_UINT8; spec.zero_point = -1);
    REFUSED(EG_IMAGE_STEEP_SCALE, spec.type = EG_IMAGE_INT8; spec.scale[1] = -63.0F);
    REFUSED(EG_IMAGE_FAR_OFFSET, spec.type = EG_IMAGE_INT8; spec.offset[1] = 8192.0F);
#undef REFUSED
}

static eg_image_status prepared(eg_image_format format, int32_t width, int32_t height)
{
    const eg_image_spec spec = plain_spec(4, 4);
    const eg_image_source source = {format, width, height};
    uint64_t workspace[256];
    eg_image_plan plan;

    return eg_image_prepare(&spec, &source, workspace, sizeof workspace, &plan);
}

static void test_illegal_sources(void)
{
    EXPECT(prepared(EG_IMAGE_FORMAT_COUNT, 4, 4) == EG_IMAGE_BAD_FORMAT);
    EXPECT(prepared(EG_IMAGE_RGB8, 0, 4) == EG_IMAGE_BAD_SOURCE_WIDTH);
    EXPECT(prepared(EG_IMAGE_RGB8, 4, -1) == EG_IMAGE_BAD_SOURCE_HEIGHT);
    EXPECT(prepared(EG_IMAGE_RGB8, EG_IMAGE_MAX_SIDE + 1, 4) == EG_IMAGE_BAD_SOURCE_WIDTH);
    EXPECT(prepared(EG_IMAGE_YUYV, 3, 4) == EG_IMAGE_BAD_SOURCE_WIDTH);
    EXPECT(prepared(EG_IMAGE_YUYV, 4, 3) == EG_IMAGE_OK);
    EXPECT(prepared(EG_IMAGE_NV12, 3, 4) == EG_IMAGE_BAD_SOURCE_WIDTH);
    EXPECT(prepared(EG_IMAGE_NV12, 4, 3) == EG_IMAGE_BAD_SOURCE_HEIGHT);
    EXPECT(prepared(EG_IMAGE_RGB8, EG_IMAGE_MAX_SIDE, EG_IMAGE_MAX_SIDE) == EG_IMAGE_OK);
}

static void test_illegal_memory(void)
{
    const eg_image_spec spec = plain_spec(4, 4);
    const eg_image_source source = {EG_IMAGE_NV12, 4, 4};
    const size_t bytes = eg_image_workspace_bytes(&spec);
    uint64_t workspace[256];
    uint8_t pixels[32] = {0};
    float tensor[48];
    eg_image_plan plan;
    eg_image image = {pixels, 4, pixels, 4};

    EXPECT(eg_image_prepare(&spec, NULL, workspace, bytes, &plan) == EG_IMAGE_BAD_SOURCE);
    EXPECT(eg_image_prepare(&spec, &source, NULL, bytes, &plan) == EG_IMAGE_BAD_WORKSPACE);
    EXPECT(eg_image_prepare(&spec, &source, (char *)workspace + 1, bytes, &plan) ==
           EG_IMAGE_BAD_WORKSPACE);
    EXPECT(eg_image_prepare(&spec, &source, workspace, bytes - 1, &plan) ==
           EG_IMAGE_SMALL_WORKSPACE);
    EXPECT(eg_image_prepare(&spec, &source, workspace, bytes, NULL) == EG_IMAGE_BAD_PLAN);
    EXPECT(eg_image_prepare(&spec, &source, workspace, bytes, &plan) == EG_IMAGE_OK);

    const eg_image_plan blank = {0};

    EXPECT(eg_image_run(NULL, &image, tensor) == EG_IMAGE_BAD_PLAN);
    EXPECT(eg_image_run(&blank, &image, tensor) == EG_IMAGE_BAD_PLAN);
    EXPECT(eg_image_run(&plan, NULL, tensor) == EG_IMAGE_BAD_PIXELS);
    EXPECT(eg_image_run(&plan, &image, NULL) == EG_IMAGE_BAD_TENSOR);
    EXPECT(eg_image_run(&plan, &image, (char *)tensor + 1) == EG_IMAGE_BAD_TENSOR);
    image.stride = 3;
    EXPECT(eg_image_run(&plan, &image, tensor) == EG_IMAGE_BAD_STRIDE);
    image.stride = SIZE_MAX / 2;
    EXPECT(eg_image_run(&plan, &image, tensor) == EG_IMAGE_BAD_STRIDE);
    image.stride = 4;
    image.chroma = NULL;
    EXPECT(eg_image_run(&plan, &image, tensor) == EG_IMAGE_BAD_CHROMA);
    image.chroma = pixels;
    image.chroma_stride = 3;
    EXPECT(eg_image_run(&plan, &image, tensor) == EG_IMAGE_BAD_CHROMA_STRIDE);
    image.chroma_stride = 4;
    image.pixels = NULL;
    EXPECT(eg_image_run(&plan, &image, tensor) == EG_IMAGE_BAD_PIXELS);
}

static void test_every_status_has_a_text(void)
{
    for (int i = 0; i < EG_IMAGE_STATUS_COUNT; ++i) {
        EXPECT(strcmp(eg_image_status_text((eg_image_status)i), "unknown status") != 0);
    }
    EXPECT(strcmp(eg_image_status_text(EG_IMAGE_STATUS_COUNT), "unknown status") == 0);
}

int main(void)
{
    test_a_known_image();
    test_against_float64();
    test_paths_agree();
    test_every_pair_of_levels();
    test_the_path();
    test_subnormal_numbers();
    test_steep_and_far();
    test_illegal_specs();
    test_illegal_sources();
    test_illegal_memory();
    test_every_status_has_a_text();
    return 0;
}
