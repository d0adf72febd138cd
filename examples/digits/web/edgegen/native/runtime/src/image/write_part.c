#include "edgegen/image/kernels.h"

/* The resized rows that are at hand: consecutive rows of the tensor share most of them. */
typedef struct row_pair {
    int16_t *rows[2];
    int32_t held[2]; /* which rows of the source; -1: none */
} row_pair;

static void hold(const eg_image_plan *plan, const eg_image *image, int32_t which, int32_t y,
                 row_pair *pair)
{
    if (pair->held[which] != y) {
        plan->read_row(plan, image, y, pair->rows[which]);
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

void eg_image_write_part(const eg_image_plan *plan, const eg_image *image, void *tensor)
{
    const eg_image_box part = plan->part;
    row_pair pair = {{plan->rows[0], plan->rows[1]}, {-1, -1}};

    for (int32_t y = 0; y < part.height; ++y) {
        const eg_image_position at =
            eg_image_position_of(plan->resize, y, plan->crop.height, part.height);
        const int32_t upper = plan->crop.top + at.first;
        const eg_image_span span = {part.left, part.width, part.top + y};

        if (pair.held[1] == upper) {
            swap(&pair);
        }
        hold(plan, image, 0, upper, &pair);
        if (at.fraction != 0) {
            hold(plan, image, 1, upper + 1, &pair);
        }
        const eg_image_rows rows = {pair.rows[0], pair.rows[at.fraction != 0], at.fraction};

        plan->write_row(plan, rows, span, tensor);
    }
}
