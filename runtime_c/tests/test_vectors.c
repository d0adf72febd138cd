#include "edgegen/vectors.h"

#include "check.h"

#include <math.h>
#include <string.h>

static void test_softmax(void)
{
    const float input[4] = {1.0F, 2.0F, 3.0F, -INFINITY};
    float output[4];
    float large[2] = {3.0e38F, -3.0e38F};

    EXPECT(eg_vector_softmax_f32(input, 4, output) == EG_OK);
    EXPECT(fabsf(output[0] - 0.09003057F) < 1e-7F && fabsf(output[1] - 0.24472847F) < 1e-7F);
    EXPECT(fabsf(output[2] - 0.66524096F) < 1e-7F && output[3] == 0.0F);
    EXPECT(eg_vector_softmax_f32(large, 2, large) == EG_OK); /* in place, without overflow */
    EXPECT(large[0] == 1.0F && large[1] == 0.0F);
}

static void expect_no_softmax(const float *input, size_t count)
{
    float output[2] = {7.0F, 7.0F};

    EXPECT(eg_vector_softmax_f32(input, count, output) == EG_INVALID_ARGUMENT);
    EXPECT(output[0] == 7.0F && output[1] == 7.0F);
}

static void test_what_has_no_softmax(void)
{
    const float one[2] = {1.0F, 1.0F};

    expect_no_softmax((const float[]){1.0F, NAN}, 2);
    expect_no_softmax((const float[]){INFINITY, 1.0F}, 2);
    expect_no_softmax((const float[]){-INFINITY, -INFINITY}, 2);
    expect_no_softmax(one, 0);
    expect_no_softmax(NULL, 2);
    EXPECT(eg_vector_softmax_f32(one, 2, NULL) == EG_INVALID_ARGUMENT);
}

static void test_top_k(void)
{
    const float values[6] = {1.0F, 5.0F, 3.0F, 5.0F, -INFINITY, INFINITY};
    const int8_t codes[6] = {1, 127, 3, 127, -128, 4};
    const uint32_t all[6] = {5, 1, 3, 2, 0, 4};
    const uint32_t all_codes[6] = {1, 3, 5, 2, 0, 4};

    for (size_t k = 1; k <= 6; ++k) {
        uint32_t indices[7] = {9, 9, 9, 9, 9, 9, 9};

        EXPECT(eg_vector_top_k_f32(values, 6, k, indices) == EG_OK);
        EXPECT(memcmp(indices, all, k * sizeof *all) == 0 && indices[k] == 9);
        EXPECT(eg_vector_top_k_s8(codes, 6, k, indices) == EG_OK);
        EXPECT(memcmp(indices, all_codes, k * sizeof *all) == 0 && indices[k] == 9);
    }
}

static void test_argmax(void)
{
    uint32_t index = 9;

    EXPECT(eg_vector_argmax_f32((const float[]){2.0F, 3.0F, 3.0F}, 3, &index) == EG_OK);
    EXPECT(index == 1);
    EXPECT(eg_vector_argmax_s8((const int8_t[]){-1, -2}, 2, &index) == EG_OK && index == 0);
}

static void test_what_top_k_refuses(void)
{
    const float values[2] = {1.0F, NAN};
    const int8_t codes[2] = {1, 2};
    uint32_t index = 9;

    EXPECT(eg_vector_top_k_f32(values, 2, 1, &index) == EG_INVALID_ARGUMENT);
    EXPECT(eg_vector_top_k_f32(values, 1, 0, &index) == EG_INVALID_ARGUMENT);
    EXPECT(eg_vector_top_k_f32(values, 1, 2, &index) == EG_INVALID_ARGUMENT);
    EXPECT(eg_vector_top_k_f32(NULL, 1, 1, &index) == EG_INVALID_ARGUMENT);
    EXPECT(eg_vector_top_k_f32(values, 1, 1, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(eg_vector_top_k_s8(codes, 2, 3, &index) == EG_INVALID_ARGUMENT);
    EXPECT(eg_vector_argmax_s8(codes, 0, &index) == EG_INVALID_ARGUMENT && index == 9);
}

/* Box 1 covers half of box 0 (intersection over union 1/3), box 2 is apart, box 3 is box 0 with its
 * corners the other way round, box 4 has no area. */
static const float BOXES[5 * 4] = {0, 0, 2, 2, 0, 1, 2, 3, 5, 5, 6, 6, 2, 2, 0, 0, 1, 1, 1, 1};
static const float SCORES[5] = {0.5F, 0.9F, 0.1F, 0.5F, 0.4F};

static eg_nms five_boxes(float score_threshold, float iou_threshold)
{
    return (eg_nms){.boxes = BOXES,
                    .scores = SCORES,
                    .count = 5,
                    .score_threshold = score_threshold,
                    .iou_threshold = iou_threshold};
}

static void expect_kept(const eg_nms *nms, uint32_t capacity, const uint32_t *expected,
                        uint32_t count)
{
    uint32_t workspace[5];
    uint32_t kept[5] = {9, 9, 9, 9, 9};
    uint32_t kept_count = 9;

    EXPECT(eg_nms_workspace_bytes(5) == sizeof workspace);
    EXPECT(eg_nms_run(nms, workspace, sizeof workspace, capacity, kept, &kept_count) == EG_OK);
    EXPECT(kept_count == count && memcmp(kept, expected, count * sizeof *kept) == 0);
    EXPECT(count == 5 || kept[count] == 9);
}

static void test_nms(void)
{
    eg_nms nms = five_boxes(-INFINITY, 0.5F);

    expect_kept(&nms, 5, (const uint32_t[]){1, 0, 4, 2}, 4);
    expect_kept(&nms, 2, (const uint32_t[]){1, 0}, 2);
    expect_kept(&nms, 0, (const uint32_t[]){9}, 0);
    nms = five_boxes(0.4F, 0.25F);
    expect_kept(&nms, 5, (const uint32_t[]){1, 4}, 2);
    nms.classes = (const int32_t[]){0, 1, 0, 2, 0};
    expect_kept(&nms, 5, (const uint32_t[]){1, 0, 3, 4}, 4);
    nms.count = 0;
    expect_kept(&nms, 5, (const uint32_t[]){9}, 0);
}

static void test_largest_boxes(void)
{
    const float boxes[8] = {0, 0, 0x1p63F, 0x1p63F, 0, 0, 0x1p63F, 0x1p63F};
    eg_nms nms = five_boxes(-INFINITY, 0.0F);

    nms.boxes = boxes;
    nms.count = 2;
    expect_kept(&nms, 5, (const uint32_t[]){1}, 1);
    nms.iou_threshold = 0.99F;
    expect_kept(&nms, 5, (const uint32_t[]){1}, 1);
}

static eg_status run(const eg_nms *nms)
{
    uint32_t workspace[5];
    uint32_t kept[5];
    uint32_t count;

    return eg_nms_run(nms, workspace, sizeof workspace, 5, kept, &count);
}

static void test_what_nms_refuses(void)
{
    const eg_nms good = five_boxes(0.0F, 0.5F);
    eg_nms bad = five_boxes(0.0F, 1.5F);
    uint32_t workspace[5];
    uint32_t kept[5];
    uint32_t count = 9;

    EXPECT(run(&bad) == EG_INVALID_ARGUMENT);
    bad = five_boxes(0.0F, NAN);
    EXPECT(run(&bad) == EG_INVALID_ARGUMENT);
    bad = five_boxes(NAN, 0.5F);
    EXPECT(run(&bad) == EG_INVALID_ARGUMENT);
    bad = good;
    bad.boxes = (const float[]){0, 0, INFINITY, 1};
    bad.count = 1;
    EXPECT(run(&bad) == EG_INVALID_ARGUMENT);
    bad.boxes = (const float[]){-3e38F, -3e38F, 3e38F, 3e38F};
    EXPECT(run(&bad) == EG_INVALID_ARGUMENT);
    bad.boxes = (const float[]){0, 0, 0x1.000002p63F, 0x1p63F};
    EXPECT(run(&bad) == EG_INVALID_ARGUMENT);
    bad.boxes = NULL;
    EXPECT(run(&bad) == EG_INVALID_ARGUMENT);
    bad = good;
    bad.scores = (const float[]){NAN, 0, 0, 0, 0};
    EXPECT(run(&bad) == EG_INVALID_ARGUMENT && run(NULL) == EG_INVALID_ARGUMENT);
    EXPECT(eg_nms_run(&good, NULL, 20, 5, kept, &count) == EG_INVALID_ARGUMENT);
    EXPECT(eg_nms_run(&good, workspace, 19, 5, kept, &count) == EG_INVALID_ARGUMENT);
    EXPECT(eg_nms_run(&good, workspace, 20, 5, NULL, &count) == EG_INVALID_ARGUMENT);
    EXPECT(eg_nms_run(&good, workspace, 20, 5, kept, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(count == 9);
}

int main(void)
{
    test_softmax();
    test_what_has_no_softmax();
    test_top_k();
    test_argmax();
    test_what_top_k_refuses();
    test_nms();
    test_largest_boxes();
    test_what_nms_refuses();
    return 0;
}
