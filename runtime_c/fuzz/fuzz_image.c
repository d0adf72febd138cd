/* edgegen/image.h: any spec and source; what is refused writes nothing, what is taken writes every
 * byte of the tensor, the same on every path. */
#include "fuzz.h"

#include "edgegen/image.h"

enum { LARGEST = 1 << 16 /* bytes of an image or a tensor that is filled */ };

static int32_t take_side(fuzz_input *input)
{
    static const int32_t notable[] = {0, -1, 32767, 32768, INT32_MAX, INT32_MIN};

    if (take_one_in(input, 32)) {
        return notable[take_below(input, sizeof notable / sizeof notable[0])];
    }
    return 1 + (int32_t)take_below(input, take_one_in(input, 16) ? 300 : 24);
}

/* One of `count` choices, seldom none of them. */
static int take_choice(fuzz_input *input, int count)
{
    return (int)(take_one_in(input, 64) ? take(input, 4) & INT32_MAX
                                        : take_below(input, (uint32_t)count));
}

static eg_image_spec take_spec(fuzz_input *input)
{
    eg_image_spec spec;

    memset(&spec, 0, sizeof spec);
    spec.width = take_side(input);
    spec.height = take_side(input);
    spec.color = (eg_image_color)take_choice(input, EG_IMAGE_COLOR_COUNT);
    spec.layout = (eg_image_layout)take_choice(input, EG_IMAGE_LAYOUT_COUNT);
    spec.type = (eg_image_type)take_choice(input, EG_IMAGE_TYPE_COUNT);
    spec.resize = (eg_image_resize)take_choice(input, EG_IMAGE_RESIZE_COUNT);
    spec.fit = (eg_image_fit)take_choice(input, EG_IMAGE_FIT_COUNT);
    for (int c = 0; c < 3; ++c) {
        spec.fill[c] = (uint8_t)take(input, 1);
        spec.scale[c] = take_float(input);
        spec.offset[c] = take_float(input);
    }
    spec.quant_scale =
        take_one_in(input, 16) ? take_bits(input) : (float)(1 + take_below(input, 1000)) / 256.0F;
    spec.zero_point = (int32_t)take_below(input, 300) - 140;
    spec.path = (eg_image_path)take_choice(input, EG_IMAGE_PATH_COUNT);
    return spec;
}

static eg_image_source take_source(fuzz_input *input)
{
    eg_image_source source;

    memset(&source, 0, sizeof source);
    source.format = (eg_image_format)take_choice(input, EG_IMAGE_FORMAT_COUNT);
    source.width = take_side(input);
    source.height = take_side(input);
    if (!take_one_in(input, 8)) { /* even, as some formats want it */
        source.width &= ~1;
        source.height &= ~1;
    }
    return source;
}

/* A plane whose memory ends where its last row does. It begins `skew` bytes after the memory. */
typedef struct plane {
    uint8_t *memory;
    size_t bytes, skew, stride;
    uint32_t seed;
} plane;

static plane make_plane(fuzz_input *input, size_t row, int32_t rows)
{
    plane made = {NULL, 0, take_below(input, 4), row, take(input, 2)};

    made.stride += take_one_in(input, 2) ? take_below(input, 40) : 0;
    made.bytes = made.skew + made.stride * (size_t)(rows - 1) + row;
    made.memory = (uint8_t *)allocate(made.bytes, made.seed);
    return made;
}

static size_t row_bytes(const eg_image_source *source)
{
    static const size_t per_pixel[EG_IMAGE_FORMAT_COUNT] = {3, 3, 4, 1, 2, 1};

    return (size_t)source->width * per_pixel[source->format];
}

/* A tensor of its very size; NULL when the spec or the source is refused, with nothing written. */
static void *run(const eg_image_spec *spec, const eg_image_source *source, const eg_image *image,
                 uint32_t seed)
{
    const size_t bytes = eg_image_workspace_bytes(spec);
    const size_t tensor_bytes = eg_image_tensor_bytes(spec);
    void *const workspace = allocate(bytes, seed);
    eg_image_plan plan;

    EXPECT((bytes == 0) == (tensor_bytes == 0));
    fill(&plan, sizeof plan, seed);
    const eg_image_status status = eg_image_prepare(spec, source, workspace, bytes, &plan);

    if (status != EG_IMAGE_OK) {
        EXPECT(is_untouched(workspace, bytes, seed) && is_untouched(&plan, sizeof plan, seed));
        EXPECT(strchr(eg_image_status_text(status), ':') != NULL);
        free(workspace);
        return NULL;
    }
    EXPECT(bytes > 0);
    if (image == NULL || tensor_bytes > LARGEST) {
        free(workspace);
        return NULL;
    }
    const eg_image_plan copy = plan; /* is as good */
    void *const tensor = allocate(tensor_bytes, seed);

    fill(&plan, sizeof plan, seed);
    EXPECT(eg_image_run(&copy, image, tensor) == EG_IMAGE_OK);
    free(workspace);
    return tensor;
}

/* One argument that is wrong: its status, and nothing is written. */
static void refuse(fuzz_input *input, const eg_image_spec *spec, const eg_image_source *source,
                   const eg_image *image)
{
    const size_t bytes = eg_image_workspace_bytes(spec);
    const size_t tensor_bytes = eg_image_tensor_bytes(spec);
    uint8_t *const workspace = (uint8_t *)allocate(bytes, 1);
    uint8_t *const tensor = (uint8_t *)allocate(tensor_bytes, 2);
    eg_image_plan plan;
    eg_image bad = *image;
    const eg_image *given = &bad;
    void *to = tensor;
    const size_t wrong_stride = take_one_in(input, 2)
                                    ? take_below(input, (uint32_t)row_bytes(source))
                                    : SIZE_MAX - take_below(input, 1000);
    eg_image_status want = EG_IMAGE_BAD_PIXELS;

    EXPECT(eg_image_prepare(spec, source, NULL, bytes, &plan) == EG_IMAGE_BAD_WORKSPACE);
    EXPECT(eg_image_prepare(spec, source, workspace + 1, bytes - 1, &plan) ==
           EG_IMAGE_BAD_WORKSPACE);
    EXPECT(eg_image_prepare(spec, source, workspace, bytes - 1, &plan) == EG_IMAGE_SMALL_WORKSPACE);
    EXPECT(eg_image_prepare(spec, source, workspace, bytes, NULL) == EG_IMAGE_BAD_PLAN);
    EXPECT(is_untouched(workspace, bytes, 1));
    EXPECT(eg_image_prepare(spec, source, workspace, bytes, &plan) == EG_IMAGE_OK);
    switch (take_below(input, 6)) {
    case 0:
        bad.pixels = NULL;
        break;
    case 1:
        bad.stride = wrong_stride;
        want = EG_IMAGE_BAD_STRIDE;
        break;
    case 2:
        bad.chroma = NULL;
        want = source->format == EG_IMAGE_NV12 ? EG_IMAGE_BAD_CHROMA : EG_IMAGE_OK;
        break;
    case 3:
        bad.chroma_stride = wrong_stride;
        want = source->format == EG_IMAGE_NV12 ? EG_IMAGE_BAD_CHROMA_STRIDE : EG_IMAGE_OK;
        break;
    case 4:
        to = spec->type == EG_IMAGE_FLOAT32 ? tensor + 1 + take_below(input, 3) : NULL;
        want = EG_IMAGE_BAD_TENSOR;
        break;
    default:
        given = NULL;
        break;
    }
    EXPECT(eg_image_run(NULL, image, tensor) == EG_IMAGE_BAD_PLAN);
    EXPECT(eg_image_run(&plan, given, to) == want);
    EXPECT(want == EG_IMAGE_OK || is_untouched(tensor, tensor_bytes, 2));
    free(workspace);
    free(tensor);
}

/* Any path and the portable one, over memory with other contents: so every byte of the tensor was
 * written, and none of it comes from memory that was not. */
static void run_paths(fuzz_input *input, const eg_image_spec *spec, const eg_image_source *source,
                      const eg_image *image)
{
    eg_image_spec portable = *spec;

    portable.path = spec->path < EG_IMAGE_PATH_COUNT ? EG_IMAGE_PATH_PORTABLE : EG_IMAGE_PATH_COUNT;
    void *const got = run(spec, source, image, 1);
    void *const want = run(&portable, source, image, 2);

    EXPECT((got == NULL) == (want == NULL));
    if (got != NULL) {
        EXPECT(memcmp(got, want, eg_image_tensor_bytes(spec)) == 0);
        refuse(input, spec, source, image);
    }
    free(got);
    free(want);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    const eg_image_spec spec = take_spec(&input);
    const eg_image_source source = take_source(&input);
    const bool is_source = source.format < EG_IMAGE_FORMAT_COUNT && source.width >= 1 &&
                           source.height >= 1 && source.width < 4096 && source.height < 4096;

    if (!is_source || row_bytes(&source) * (size_t)source.height > LARGEST) {
        run_paths(&input, &spec, &source, NULL);
        return 0;
    }
    const plane pixels = make_plane(&input, row_bytes(&source), source.height);
    const plane chroma = source.format == EG_IMAGE_NV12 && source.height >= 2
                             ? make_plane(&input, row_bytes(&source), source.height / 2)
                             : (plane){NULL, 0, 0, 0, 0};
    const eg_image image = {
        pixels.memory + pixels.skew,
        pixels.stride,
        chroma.memory == NULL ? NULL : chroma.memory + chroma.skew,
        chroma.stride,
    };

    run_paths(&input, &spec, &source, &image);
    EXPECT(is_untouched(pixels.memory, pixels.bytes, pixels.seed));
    EXPECT(is_untouched(chroma.memory, chroma.bytes, chroma.seed));
    free(pixels.memory);
    free(chroma.memory);
    return 0;
}
