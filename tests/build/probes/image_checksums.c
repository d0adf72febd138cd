/* Prints a CRC32 of tensors for every combination of what a specification may choose: lines that
 * every machine must print alike, whatever its fastest path. Every combination has sides odd and
 * even, one column, whole and broken blocks. */
#include <stdio.h>
#include <stdlib.h>

#include "edgegen/image.h"

enum { MOST = 64 * 48 * 4 };

static const int32_t sizes[][4] = {
    {40, 30, 17, 13}, {12, 8, 33, 5}, {64, 48, 8, 24}, {6, 2, 1, 1}, {38, 20, 26, 26}};

static uint8_t pixels[2][MOST];
static uint32_t crc;

static void add(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ ((crc & 1U) != 0U ? 0xEDB88320U : 0U);
        }
    }
}

static void fill(void)
{
    uint32_t state = 1;

    for (size_t i = 0; i < MOST; ++i) {
        state = state * 1664525U + 1013904223U;
        pixels[0][i] = (uint8_t)(state >> 24);
        pixels[1][i] = (uint8_t)(state >> 16);
    }
}

static void run(const eg_image_spec *spec, eg_image_format format, int32_t width, int32_t height)
{
    static const size_t pixel_bytes[EG_IMAGE_FORMAT_COUNT] = {3, 3, 4, 1, 2, 1};
    const eg_image_source source = {format, width, height};
    const size_t row = (size_t)width * pixel_bytes[format];
    const eg_image image = {pixels[0], row, pixels[1], row};
    const size_t bytes = eg_image_workspace_bytes(spec);
    const size_t tensor_bytes = eg_image_tensor_bytes(spec);
    void *const workspace = malloc(bytes);
    uint8_t *const tensor = malloc(tensor_bytes);
    eg_image_plan plan;

    if (workspace == NULL || tensor == NULL ||
        eg_image_prepare(spec, &source, workspace, bytes, &plan) != EG_IMAGE_OK ||
        eg_image_run(&plan, &image, tensor) != EG_IMAGE_OK) {
        exit(1);
    }
    add(tensor, tensor_bytes);
    free(workspace);
    free(tensor);
}

/* Combination `n`: every choice is a digit of it. */
static eg_image_spec spec_of(uint32_t n)
{
    eg_image_spec spec = {.fill = {7, 114, 255},
                          .scale = {0.0171F, -0.0175F, 0.0174F},
                          .offset = {-2.118F, 2.036F, -1.804F},
                          .quant_scale = 0.0186F,
                          .zero_point = 100};

    spec.color = (eg_image_color)(n % EG_IMAGE_COLOR_COUNT);
    n /= EG_IMAGE_COLOR_COUNT;
    spec.layout = (eg_image_layout)(n % EG_IMAGE_LAYOUT_COUNT);
    n /= EG_IMAGE_LAYOUT_COUNT;
    spec.type = (eg_image_type)(n % EG_IMAGE_TYPE_COUNT);
    n /= EG_IMAGE_TYPE_COUNT;
    spec.resize = (eg_image_resize)(n % EG_IMAGE_RESIZE_COUNT);
    n /= EG_IMAGE_RESIZE_COUNT;
    spec.fit = (eg_image_fit)(n % EG_IMAGE_FIT_COUNT);
    n /= EG_IMAGE_FIT_COUNT;
    if (n > 0) { /* a level is a step */
        for (int32_t c = 0; c < 3; ++c) {
            spec.scale[c] = spec.quant_scale;
            spec.offset[c] = 0.0F;
        }
        spec.zero_point = spec.type == EG_IMAGE_INT8 ? -128 : 0;
    }
    return spec;
}

int main(void)
{
    const uint32_t combinations = 2U * EG_IMAGE_COLOR_COUNT * EG_IMAGE_LAYOUT_COUNT *
                                  EG_IMAGE_TYPE_COUNT * EG_IMAGE_RESIZE_COUNT * EG_IMAGE_FIT_COUNT;

    fill();
    for (uint32_t n = 0; n < combinations; ++n) {
        for (uint32_t format = 0; format < EG_IMAGE_FORMAT_COUNT; ++format) {
            eg_image_spec spec = spec_of(n);

            crc = UINT32_MAX;
            for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; ++i) {
                spec.width = sizes[i][2];
                spec.height = sizes[i][3];
                run(&spec, (eg_image_format)format, sizes[i][0], sizes[i][1]);
            }
            printf("%u %u %08lx\n", (unsigned)n, (unsigned)format, (unsigned long)~crc);
        }
    }
    return 0;
}
