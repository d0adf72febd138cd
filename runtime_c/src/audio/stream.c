#include <string.h>

#include "edgegen/audio/row.h"
#include "edgegen/finite.h"

eg_status eg_audio_stream_init(eg_audio_stream *stream, const eg_audio_plan *plan, float *buffer,
                               float *scratch)
{
    if (stream == NULL || plan == NULL || buffer == NULL || scratch == NULL) {
        return EG_INVALID_ARGUMENT;
    }
    *stream = (eg_audio_stream){.plan = plan, .buffer = buffer, .scratch = scratch, .held = 0};
    return EG_OK;
}

/* How many of `count` samples the frame still takes. */
static uint32_t wanted(const eg_audio_stream *stream, uint32_t count)
{
    const uint32_t missing = stream->plan->frame_length - stream->held;

    return count < missing ? count : missing;
}

/* A row, if the frame is complete; then what the next frame shares with it moves to the front. */
static bool finish(eg_audio_stream *stream, float *features)
{
    const eg_audio_plan *const plan = stream->plan;

    if (stream->held < plan->frame_length) {
        return false;
    }
    eg_audio_row(plan, stream->buffer, stream->scratch, features);
    stream->held -= plan->hop;
    memmove(stream->buffer, stream->buffer + plan->hop, stream->held * sizeof *stream->buffer);
    return true;
}

eg_status eg_audio_stream_push(eg_audio_stream *stream, const float *samples, uint32_t count,
                               uint32_t *taken, float *features, bool *is_row)
{
    if (stream == NULL || taken == NULL || features == NULL || is_row == NULL ||
        (samples == NULL && count > 0)) {
        return EG_INVALID_ARGUMENT;
    }
    const uint32_t more = wanted(stream, count);

    if (!eg_all_finite(samples, more)) {
        return EG_INVALID_ARGUMENT;
    }
    if (more > 0) {
        memcpy(stream->buffer + stream->held, samples, more * sizeof *samples);
        stream->held += more;
    }
    *taken = more;
    *is_row = finish(stream, features);
    return EG_OK;
}

eg_status eg_audio_stream_push_s16(eg_audio_stream *stream, const int16_t *samples, uint32_t count,
                                   uint32_t *taken, float *features, bool *is_row)
{
    if (stream == NULL || taken == NULL || features == NULL || is_row == NULL ||
        (samples == NULL && count > 0)) {
        return EG_INVALID_ARGUMENT;
    }
    const uint32_t more = wanted(stream, count);

    for (uint32_t i = 0; i < more; ++i) {
        stream->buffer[stream->held++] = (float)samples[i] * 0x1p-15F;
    }
    *taken = more;
    *is_row = finish(stream, features);
    return EG_OK;
}
