#include <math.h>
#include <stdbool.h>

#include "edgegen/vectors.h"

static bool has_nan(const float *values, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        if (isnan(values[i])) {
            return true;
        }
    }
    return false;
}

static bool is_legal(const void *values, size_t count, size_t k, const uint32_t *indices)
{
    return values != NULL && indices != NULL && k > 0 && k <= count && count <= UINT32_MAX;
}

/* Inserts each value into the sorted list of the best so far; most fail the first comparison. */
#define DEFINE_FILL(name, type)                                                                    \
    static void name(const type *values, size_t count, size_t k, uint32_t *indices)                \
    {                                                                                              \
        size_t filled = 0;                                                                         \
                                                                                                   \
        for (size_t i = 0; i < count; ++i) {                                                       \
            size_t place = filled;                                                                 \
                                                                                                   \
            while (place > 0 && values[i] > values[indices[place - 1]]) {                          \
                --place;                                                                           \
            }                                                                                      \
            if (place == k) {                                                                      \
                continue;                                                                          \
            }                                                                                      \
            filled += filled < k;                                                                  \
            for (size_t j = filled - 1; j > place; --j) {                                          \
                indices[j] = indices[j - 1];                                                       \
            }                                                                                      \
            indices[place] = (uint32_t)i;                                                          \
        }                                                                                          \
    }

DEFINE_FILL(fill_f32, float)
DEFINE_FILL(fill_s8, int8_t)

eg_status eg_vector_top_k_f32(const float *values, size_t count, size_t k, uint32_t *indices)
{
    if (!is_legal(values, count, k, indices) || has_nan(values, count)) {
        return EG_INVALID_ARGUMENT;
    }
    fill_f32(values, count, k, indices);
    return EG_OK;
}

eg_status eg_vector_top_k_s8(const int8_t *values, size_t count, size_t k, uint32_t *indices)
{
    if (!is_legal(values, count, k, indices)) {
        return EG_INVALID_ARGUMENT;
    }
    fill_s8(values, count, k, indices);
    return EG_OK;
}

eg_status eg_vector_argmax_f32(const float *values, size_t count, uint32_t *index)
{
    return eg_vector_top_k_f32(values, count, 1, index);
}

eg_status eg_vector_argmax_s8(const int8_t *values, size_t count, uint32_t *index)
{
    return eg_vector_top_k_s8(values, count, 1, index);
}
