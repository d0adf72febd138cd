#include "edgegen/chunks.h"

#include <string.h>

const char *eg_chunk_status_text(eg_chunk_status status)
{
    static const char *const texts[] = {
#define EG_CHUNK_STATUS_TEXT(name, text) text,
        EG_CHUNK_STATUS_LIST(EG_CHUNK_STATUS_TEXT)
#undef EG_CHUNK_STATUS_TEXT
    };
    const size_t index = (size_t)status;

    return index < sizeof texts / sizeof texts[0] ? texts[index] : "unknown status";
}

eg_chunk_status eg_chunk_begin(eg_chunk_writer *writer, const eg_chunk *chunk, void *file,
                               size_t file_bytes)
{
    if (writer == NULL || chunk == NULL || file == NULL) {
        return EG_CHUNK_INVALID_ARGUMENT;
    }
    writer->place = NULL;
    writer->have = 0;
    /* Without a sum, which might wrap around. */
    if (chunk->bytes == 0 || chunk->offset > file_bytes ||
        chunk->bytes > file_bytes - chunk->offset) {
        return EG_CHUNK_OUTSIDE;
    }
    eg_sha256_begin(&writer->hash);
    writer->chunk = *chunk;
    writer->place = (uint8_t *)file + chunk->offset;
    return EG_CHUNK_OK;
}

eg_chunk_status eg_chunk_add(eg_chunk_writer *writer, const void *data, size_t count)
{
    if (writer == NULL || writer->place == NULL || (data == NULL && count > 0)) {
        return EG_CHUNK_INVALID_ARGUMENT;
    }
    if (count > writer->chunk.bytes - writer->have) {
        return EG_CHUNK_TOO_LONG;
    }
    if (count > 0) {
        memcpy(writer->place + writer->have, data, count);
        eg_sha256_add(&writer->hash, writer->place + writer->have, count);
        writer->have += count;
    }
    return EG_CHUNK_OK;
}

eg_chunk_status eg_chunk_end(eg_chunk_writer *writer)
{
    uint8_t digest[EG_SHA256_BYTES];

    if (writer == NULL || writer->place == NULL) {
        return EG_CHUNK_INVALID_ARGUMENT;
    }
    if (writer->have < writer->chunk.bytes) {
        return EG_CHUNK_INCOMPLETE;
    }
    uint8_t *const place = writer->place;

    eg_sha256_end(&writer->hash, digest);
    writer->place = NULL;
    if (memcmp(digest, writer->chunk.sha256, sizeof digest) != 0) {
        memset(place, 0, writer->chunk.bytes);
        return EG_CHUNK_DAMAGED;
    }
    return EG_CHUNK_OK;
}
