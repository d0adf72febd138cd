#include <math.h>
#include <stdbool.h>

#include "edgegen/vectors.h"

#define LARGEST_AREA 0x1p126F /* the sum of two is finite */

typedef struct corners {
    float y0;
    float x0;
    float y1;
    float x1;
} corners;

/* Of numbers: those of math.h take care of NaN, too, and are calls. */
static float least(float a, float b)
{
    return a < b ? a : b;
}

static float largest(float a, float b)
{
    return a > b ? a : b;
}

static corners corners_of(const eg_nms *nms, uint32_t index)
{
    const float *box = nms->boxes + (size_t)index * 4;

    return (corners){least(box[0], box[2]), least(box[1], box[3]), largest(box[0], box[2]),
                     largest(box[1], box[3])};
}

static float area_of(corners box)
{
    return (box.y1 - box.y0) * (box.x1 - box.x0);
}

static bool overlaps(corners a, corners b, float iou_threshold)
{
    const float height = least(a.y1, b.y1) - largest(a.y0, b.y0);
    const float width = least(a.x1, b.x1) - largest(a.x0, b.x0);

    if (!(height > 0.0F && width > 0.0F)) {
        return false;
    }
    const float shared = height * width;

    return shared > iou_threshold * (area_of(a) + area_of(b) - shared);
}

static bool is_box(const eg_nms *nms, uint32_t index)
{
    const float *box = nms->boxes + (size_t)index * 4;

    for (int i = 0; i < 4; ++i) {
        if (!isfinite(box[i])) {
            return false;
        }
    }
    return area_of(corners_of(nms, index)) <= LARGEST_AREA;
}

static bool is_legal(const eg_nms *nms)
{
    if (nms == NULL || !(nms->iou_threshold >= 0.0F && nms->iou_threshold <= 1.0F) ||
        isnan(nms->score_threshold) ||
        (nms->count > 0 && (nms->boxes == NULL || nms->scores == NULL))) {
        return false;
    }
    for (uint32_t i = 0; i < nms->count; ++i) {
        if (isnan(nms->scores[i]) || !is_box(nms, i)) {
            return false;
        }
    }
    return true;
}

/* Whether box a is taken before box b. */
static bool before(const eg_nms *nms, uint32_t a, uint32_t b)
{
    const float *scores = nms->scores;

    return scores[a] > scores[b] || (scores[a] == scores[b] && a < b);
}

/* Restores the heap, whose top is the box to take next, below `top`. */
static void sift_down(const eg_nms *nms, uint32_t *heap, size_t size, size_t top)
{
    const uint32_t moving = heap[top];

    for (size_t child = 2 * top + 1; child < size; child = 2 * top + 1) {
        if (child + 1 < size && before(nms, heap[child + 1], heap[child])) {
            ++child;
        }
        if (!before(nms, heap[child], moving)) {
            break;
        }
        heap[top] = heap[child];
        top = child;
    }
    heap[top] = moving;
}

static size_t make_heap(const eg_nms *nms, uint32_t *heap)
{
    size_t size = 0;

    for (uint32_t i = 0; i < nms->count; ++i) {
        if (nms->scores[i] >= nms->score_threshold) {
            heap[size++] = i;
        }
    }
    for (size_t top = size / 2; top-- > 0;) {
        sift_down(nms, heap, size, top);
    }
    return size;
}

static bool is_suppressed(const eg_nms *nms, uint32_t index, const uint32_t *kept, uint32_t count)
{
    const corners box = corners_of(nms, index);

    for (uint32_t i = 0; i < count; ++i) {
        const bool rivals = nms->classes == NULL || nms->classes[index] == nms->classes[kept[i]];

        if (rivals && overlaps(box, corners_of(nms, kept[i]), nms->iou_threshold)) {
            return true;
        }
    }
    return false;
}

size_t eg_nms_workspace_bytes(uint32_t count)
{
    return (size_t)count * sizeof(uint32_t);
}

eg_status eg_nms_run(const eg_nms *nms, uint32_t *workspace, size_t workspace_bytes,
                     uint32_t capacity, uint32_t *kept, uint32_t *kept_count)
{
    if (!is_legal(nms) || kept_count == NULL || (kept == NULL && capacity > 0) ||
        (workspace == NULL && nms->count > 0) || workspace_bytes / sizeof(uint32_t) < nms->count) {
        return EG_INVALID_ARGUMENT;
    }
    size_t waiting = make_heap(nms, workspace);
    uint32_t count = 0;

    while (waiting > 0 && count < capacity) {
        const uint32_t best = workspace[0];

        workspace[0] = workspace[--waiting];
        sift_down(nms, workspace, waiting, 0);
        if (!is_suppressed(nms, best, kept, count)) {
            kept[count++] = best;
        }
    }
    *kept_count = count;
    return EG_OK;
}
