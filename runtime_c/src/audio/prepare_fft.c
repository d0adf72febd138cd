#include "edgegen/audio/elementary.h"
#include "edgegen/audio/tables.h"

bool eg_real_fft_is_size(uint32_t size)
{
    return size >= 8 && size <= EG_REAL_FFT_MAX_SIZE && (size & (size - 1)) == 0;
}

/* Of a transform of `count` values the transforms that its first stage with factors joins. */
static uint32_t first_part(uint32_t count)
{
    return (count & UINT32_C(0xAAAAAAAA)) != 0 ? 2 : 4;
}

size_t eg_real_fft_floats(uint32_t size)
{
    size_t floats = 2 * (size / 4 - 1);

    for (uint32_t part = first_part(size / 2); part < size / 2; part *= 4) {
        floats += (size_t)6 * (part - 1);
    }
    return floats;
}

static float *put_factor(float *at, uint32_t size, uint32_t k)
{
    *at++ = (float)eg_cosine_of_turn(k, size);
    *at++ = (float)-eg_sine_of_turn(k, size);
    return at;
}

static float *fill_twiddles(float *at, uint32_t size)
{
    for (uint32_t part = first_part(size / 2); part < size / 2; part *= 4) {
        for (uint32_t j = 1; j < part; ++j) {
            at = put_factor(at, 4 * part, 2 * j);
            at = put_factor(at, 4 * part, j);
            at = put_factor(at, 4 * part, 3 * j);
        }
    }
    return at;
}

static void fill_order(uint16_t *order, uint32_t count)
{
    uint32_t reversed = 0;

    for (uint32_t i = 0; i < count; ++i) {
        uint32_t bit = count / 2;

        order[i] = (uint16_t)reversed;
        for (; bit > 0 && (reversed & bit) != 0; bit /= 2) {
            reversed ^= bit;
        }
        reversed |= bit;
    }
}

void eg_real_fft_fill(eg_real_fft *fft, uint32_t size, float *floats, uint16_t *order)
{
    float *const separators = fill_twiddles(floats, size);
    float *at = separators;

    for (uint32_t k = 1; k < size / 4; ++k) {
        at = put_factor(at, size, k);
    }
    fill_order(order, size / 2);
    *fft =
        (eg_real_fft){.size = size, .order = order, .twiddles = floats, .separators = separators};
}

size_t eg_real_fft_workspace_bytes(uint32_t size)
{
    return !eg_real_fft_is_size(size)
               ? 0
               : eg_real_fft_floats(size) * sizeof(float) + size / 2 * sizeof(uint16_t);
}

eg_status eg_real_fft_prepare(eg_real_fft *fft, uint32_t size, void *workspace,
                              size_t workspace_bytes)
{
    const size_t needed = eg_real_fft_workspace_bytes(size);

    if (fft == NULL || !eg_audio_is_memory(workspace) || needed == 0 || workspace_bytes < needed) {
        return EG_INVALID_ARGUMENT;
    }
    float *const floats = (float *)workspace;

    eg_real_fft_fill(fft, size, floats, (uint16_t *)(void *)(floats + eg_real_fft_floats(size)));
    return EG_OK;
}
