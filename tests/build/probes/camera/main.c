/* What the preprocessing says to wrong arguments; then a frame from standard input becomes a tensor
 * on standard output. Frames end where their memory ends. */
#include <stdio.h>
#include <stdlib.h>

#include "net/model.h"
#include "net/preprocess.h"

static uint8_t arena[NET_ARENA_BYTES] __attribute__((aligned(NET_ARENA_ALIGNMENT)));

static void expect(eg_status got, eg_status want, const char *what)
{
    if (got != want) {
        fprintf(stderr, "%s: %s\n", what, eg_status_text(got));
        exit(1);
    }
}

static void refuse(eg_image frame, const char *what)
{
    expect(net_preprocess_0(&frame), EG_INVALID_ARGUMENT, what);
}

int main(void)
{
    uint8_t *const bytes = malloc(NET_FRAME_0_BYTES);

    if (bytes == NULL || fread(bytes, 1, NET_FRAME_0_BYTES, stdin) != NET_FRAME_0_BYTES) {
        return 1;
    }
    const eg_image frame = net_frame_0(bytes);
    eg_image wrong = frame;

    expect(net_preprocess_0(&frame), EG_NOT_INITIALISED, "before init");
    expect(net_init(arena, sizeof arena), EG_OK, "init");
    expect(net_preprocess_0(NULL), EG_INVALID_ARGUMENT, "no frame");
    wrong.pixels = NULL;
    refuse(wrong, "no pixels");
    wrong = frame;
    wrong.stride = NET_FRAME_0_STRIDE - 1;
    refuse(wrong, "a short row");
    wrong.stride = SIZE_MAX;
    refuse(wrong, "a row without end");
    if (frame.chroma != NULL) {
        wrong = frame;
        wrong.chroma = NULL;
        refuse(wrong, "no chroma");
        wrong = frame;
        wrong.chroma_stride = 1;
        refuse(wrong, "a short row of chroma");
    }
    expect(net_preprocess_0(&frame), EG_OK, "a frame");
    fwrite(net_input_0(), 1, NET_INPUT_0_BYTES, stdout);
    free(bytes);
    return 0;
}
