/* Camera bytes to input tensors: instructions of every path, beside plain C in float. */
#include "bench.h"

#include <string.h>

#include "edgegen/image.h"
#include "peer_image.h"

enum { MOST_PIXELS = 320 * 240 * 3, MOST_TENSOR = 96 * 96 * 3 };

typedef struct image_case {
    const char *name;
    eg_image_source source;
    eg_image_spec spec;
} image_case;

#define INT8(side, channels)                                                                       \
    {                                                                                              \
        .width = (side), .height = (side), .color = (channels), .type = EG_IMAGE_INT8,             \
        .scale = {1.0F / 127.5F, 1.0F / 127.5F, 1.0F / 127.5F}, .offset = {-1.0F, -1.0F, -1.0F},   \
        .quant_scale = 1.0F / 127.5F, .zero_point = -1                                             \
    }

/* A mean and a deviation per channel: a level is no step. */
static const eg_image_spec imagenet = {
    .width = 96,
    .height = 96,
    .type = EG_IMAGE_INT8,
    .scale = {0.017124754F, 0.017507F, 0.017429193F},
    .offset = {-2.117904F, -2.0357144F, -1.8044444F},
    .quant_scale = 0.018658F,
    .zero_point = -14,
};

static image_case cases[] = {
    {"rgb8", {EG_IMAGE_RGB8, 320, 240}, INT8(96, EG_IMAGE_COLOR_RGB)},
    {"imagenet", {EG_IMAGE_RGB8, 320, 240}, {0}},
    {"yuyv", {EG_IMAGE_YUYV, 320, 240}, INT8(96, EG_IMAGE_COLOR_GRAY)},
    {"gray8", {EG_IMAGE_GRAY8, 64, 64}, INT8(8, EG_IMAGE_COLOR_GRAY)},
};

static uint8_t pixels[MOST_PIXELS];
static int8_t tensor[MOST_TENSOR];
static uint64_t workspace[2048];

typedef struct run {
    const image_case *which;
    eg_image_plan plan;
    eg_image image;
} run;

static void run_ours(void *context)
{
    const run *const this = context;

    (void)eg_image_run(&this->plan, &this->image, tensor);
}

static void run_peer(void *context)
{
    const run *const this = context;
    const eg_image_source *const source = &this->which->source;
    const eg_image_spec *const spec = &this->which->spec;
    const peer_image image = {pixels, source->width, source->height};
    peer_tensor to = {tensor, spec->width,       spec->height,    {0},
                      {0},    spec->quant_scale, spec->zero_point};

    memcpy(to.scale, spec->scale, sizeof to.scale);
    memcpy(to.offset, spec->offset, sizeof to.offset);

    if (source->format == EG_IMAGE_RGB8) {
        peer_rgb(image, to);
    } else if (source->format == EG_IMAGE_YUYV) {
        peer_yuyv_as_gray(image, to);
    } else {
        peer_gray(image, to);
    }
}

/* The lines' words: case, path, instructions, CRC32 of the tensor. */
static void report(const run *this, const char *path, void (*work)(void *context))
{
    run copy = *this;

    memset(tensor, 0, sizeof tensor);
    const uint32_t instructions = count_instructions(work, &copy);

    print_text(this->which->name);
    print_text(" ");
    print_text(path);
    print_text(" ");
    print_number(instructions);
    print_text(" ");
    print_number(crc32(tensor, eg_image_tensor_bytes(&this->which->spec)));
    print_text("\n");
}

static void fill(void)
{
    uint32_t state = 1;

    for (size_t i = 0; i < sizeof pixels; ++i) {
        state = state * 1664525U + 1013904223U;
        pixels[i] = (uint8_t)(state >> 24);
    }
}

static void run_path(const image_case *which, eg_image_path path, const char *name)
{
    static const size_t pixel_bytes[EG_IMAGE_FORMAT_COUNT] = {3, 3, 4, 1, 2, 1};
    run this = {.which = which};
    eg_image_spec spec = which->spec;

    spec.path = path;
    if (eg_image_prepare(&spec, &which->source, workspace, sizeof workspace, &this.plan) !=
            EG_IMAGE_OK ||
        this.plan.path != path) {
        return;
    }
    this.image.pixels = pixels;
    this.image.stride = (size_t)which->source.width * pixel_bytes[which->source.format];
    report(&this, name, run_ours);
    if (path == EG_IMAGE_PATH_PORTABLE) {
        report(&this, "plain", run_peer);
    }
}

void run_benchmark(void)
{
    fill();
    cases[1].spec = imagenet;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        run_path(&cases[i], EG_IMAGE_PATH_PORTABLE, "portable");
        run_path(&cases[i], EG_IMAGE_PATH_DSP, "dsp");
    }
}
