/* edgegen/vectors.h beside the plainest code that does the same. */
#include "fuzz.h"

#include "edgegen/vectors.h"

#include <math.h>

enum { MOST = 48 };

/* Numbers among which many are equal, seldom any bits. */
static void take_values(fuzz_input *input, float *values, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        values[i] = take_one_in(input, 64) ? take_bits(input)
                                           : (float)((int32_t)(take(input, 1) % 32) - 16) / 4.0F;
    }
}

static bool has_nan(const float *values, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        if (isnan(values[i])) {
            return true;
        }
    }
    return false;
}

static void check_softmax(const float *logits, size_t count)
{
    float *const output = (float *)allocate(count * sizeof(float), 1);
    double largest = -INFINITY;
    double sum = 0.0;

    for (size_t i = 0; i < count; ++i) {
        largest = fmax(largest, (double)logits[i]);
    }
    const bool is_legal = count > 0 && !has_nan(logits, count) && isfinite(largest);

    EXPECT(eg_vector_softmax_f32(logits, count, output) ==
           (is_legal ? EG_OK : EG_INVALID_ARGUMENT));
    if (!is_legal) {
        EXPECT(is_untouched(output, count * sizeof(float), 1));
        free(output);
        return;
    }
    for (size_t i = 0; i < count; ++i) {
        sum += exp((double)logits[i] - largest);
    }
    for (size_t i = 0; i < count; ++i) {
        const double want = exp((double)logits[i] - largest) / sum;
        const double distance = fabs((double)logits[i] - largest);
        const double bound = (2.0 * (double)count + distance + 8.0) * 0x1p-24 * want + 0x1p-126;

        EXPECT(fabs((double)output[i] - want) <= (isinf(distance) ? 0.0 : bound));
    }
    float *const in_place = (float *)allocate(count * sizeof(float), 2);

    memcpy(in_place, logits, count * sizeof(float));
    EXPECT(eg_vector_softmax_f32(in_place, count, in_place) == EG_OK);
    EXPECT(memcmp(in_place, output, count * sizeof(float)) == 0);
    free(in_place);
    free(output);
}

/* By looking for the best of those that are left, k times. */
static void expect_top(const double *values, size_t count, size_t k, const uint32_t *indices)
{
    bool gone[MOST] = {false};

    for (size_t rank = 0; rank < k; ++rank) {
        size_t best = count;

        for (size_t i = 0; i < count; ++i) {
            if (!gone[i] && (best == count || values[i] > values[best])) {
                best = i;
            }
        }
        EXPECT(indices[rank] == best);
        gone[best] = true;
    }
}

static void check_top_k(fuzz_input *input, const float *values, size_t count)
{
    const size_t k = take_one_in(input, 8) ? take(input, 4) : take_below(input, MOST);
    const bool is_legal = k >= 1 && k <= count;
    const eg_status want = is_legal ? EG_OK : EG_INVALID_ARGUMENT;
    const size_t bytes = (is_legal ? k : 1) * sizeof(uint32_t);
    uint32_t *const indices = (uint32_t *)allocate(bytes, 1);
    int8_t *const codes = (int8_t *)allocate(count, 2);
    double wide[MOST];

    for (size_t i = 0; i < count; ++i) {
        wide[i] = codes[i];
    }
    EXPECT(eg_vector_top_k_s8(codes, count, k, indices) == want);
    if (is_legal) {
        expect_top(wide, count, k, indices);
    }
    fill(indices, bytes, 1);
    if (is_legal && !has_nan(values, count)) {
        for (size_t i = 0; i < count; ++i) {
            wide[i] = (double)values[i];
        }
        EXPECT(eg_vector_top_k_f32(values, count, k, indices) == EG_OK);
        expect_top(wide, count, k, indices);
        EXPECT(eg_vector_argmax_f32(values, count, indices) == EG_OK);
        expect_top(wide, count, 1, indices);
    } else {
        EXPECT(eg_vector_top_k_f32(values, count, k, indices) == EG_INVALID_ARGUMENT);
        EXPECT(is_untouched(indices, bytes, 1));
    }
    free(indices);
    free(codes);
}

static bool is_legal_nms(const eg_nms *nms)
{
    if (!(nms->iou_threshold >= 0.0F && nms->iou_threshold <= 1.0F) ||
        isnan(nms->score_threshold) || has_nan(nms->scores, nms->count)) {
        return false;
    }
    for (uint32_t i = 0; i < nms->count; ++i) {
        const float *const box = nms->boxes + (size_t)4 * i;
        const float area = (box[2] - box[0]) * (box[3] - box[1]);

        if (!isfinite(box[0]) || !isfinite(box[1]) || !isfinite(box[2]) || !isfinite(box[3]) ||
            !(fabsf(area) <= 0x1p126F)) { /* so that the sum of two is finite */
            return false;
        }
    }
    return true;
}

static float shared_side(const float *a, const float *b, int axis)
{
    const float low = fmaxf(fminf(a[axis], a[axis + 2]), fminf(b[axis], b[axis + 2]));
    const float high = fminf(fmaxf(a[axis], a[axis + 2]), fmaxf(b[axis], b[axis + 2]));

    return high - low;
}

static bool is_rival(const eg_nms *nms, uint32_t a, uint32_t b)
{
    const float *const box = nms->boxes + (size_t)4 * a;
    const float *const other = nms->boxes + (size_t)4 * b;
    const float height = shared_side(box, other, 0);
    const float width = shared_side(box, other, 1);
    const float area = fabsf((box[2] - box[0]) * (box[3] - box[1]));
    const float other_area = fabsf((other[2] - other[0]) * (other[3] - other[1]));

    return (nms->classes == NULL || nms->classes[a] == nms->classes[b]) && height > 0.0F &&
           width > 0.0F &&
           height * width > nms->iou_threshold * (area + other_area - height * width);
}

/* Always the best of those that are left, which then takes its rivals away. */
static uint32_t expect_kept(const eg_nms *nms, uint32_t capacity, const uint32_t *kept)
{
    bool gone[MOST] = {false};
    uint32_t count = 0;

    while (count < capacity) {
        uint32_t best = nms->count;

        for (uint32_t i = 0; i < nms->count; ++i) {
            if (!gone[i] && nms->scores[i] >= nms->score_threshold &&
                (best == nms->count || nms->scores[i] > nms->scores[best])) {
                best = i;
            }
        }
        if (best == nms->count) {
            break;
        }
        EXPECT(kept[count] == best);
        ++count;
        for (uint32_t i = 0; i < nms->count; ++i) {
            gone[i] = gone[i] || i == best || is_rival(nms, i, best);
        }
    }
    return count;
}

static void check_nms(fuzz_input *input)
{
    const uint32_t count = take_below(input, MOST);
    const uint32_t capacity = take_below(input, MOST + 4);
    const size_t bytes = eg_nms_workspace_bytes(count);
    float *const boxes = (float *)allocate(count * 4 * sizeof(float), 1);
    float *const scores = (float *)allocate(count * sizeof(float), 2);
    int32_t *const classes = (int32_t *)allocate(count * sizeof(int32_t), 3);
    uint32_t *const workspace = (uint32_t *)allocate(bytes, 4);
    uint32_t *const kept = (uint32_t *)allocate(capacity * sizeof(uint32_t), 5);
    uint32_t kept_count = 77;
    const float score_threshold = take_float(input);
    const float iou_threshold =
        take_one_in(input, 8) ? take_float(input) : (float)take_below(input, 65) / 64.0F;
    const bool by_class = take_one_in(input, 2);
    const eg_nms nms = {boxes, scores,          by_class ? classes : NULL,
                        count, score_threshold, iou_threshold};

    take_values(input, boxes, (size_t)4 * count);
    take_values(input, scores, count);
    for (uint32_t i = 0; i < count; ++i) {
        classes[i] &= 1;
    }
    EXPECT(bytes == 0 ||
           eg_nms_run(&nms, workspace, bytes - 1, capacity, kept, &kept_count) != EG_OK);
    if (is_legal_nms(&nms)) {
        EXPECT(eg_nms_run(&nms, workspace, bytes, capacity, kept, &kept_count) == EG_OK);
        EXPECT(kept_count == expect_kept(&nms, capacity, kept));
    } else {
        EXPECT(eg_nms_run(&nms, workspace, bytes, capacity, kept, &kept_count) ==
               EG_INVALID_ARGUMENT);
        EXPECT(kept_count == 77 && is_untouched(kept, capacity * sizeof(uint32_t), 5) &&
               is_untouched(workspace, bytes, 4));
    }
    free(boxes);
    free(scores);
    free(classes);
    free(workspace);
    free(kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};

    if (take_one_in(&input, 2)) {
        check_nms(&input);
        return 0;
    }
    const size_t count = take_below(&input, MOST);
    float *const values = (float *)allocate(count * sizeof(float), 1);

    take_values(&input, values, count);
    check_softmax(values, count);
    check_top_k(&input, values, count);
    free(values);
    return 0;
}
