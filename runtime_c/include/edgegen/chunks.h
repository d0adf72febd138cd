/* A file that arrives in chunks: each is put in its place, and verified before it counts.
 *
 *     eg_chunk_writer writer;
 *     eg_chunk_begin(&writer, &chunk, file, file_bytes);
 *     while (... some bytes have come ...) eg_chunk_add(&writer, bytes, count);
 *     if (eg_chunk_end(&writer) == EG_CHUNK_OK) ... the chunk's bytes may be used
 *
 * The format is the one of `edgegen chunk`; who reads its manifest fills in an eg_chunk per row. A
 * chunk that was cut off goes on where it ended: `have` bytes of it are there, so `have` is where
 * to ask for the rest. No heap, no globals, nothing outside of the chunk's place is written.
 */
#ifndef EDGEGEN_CHUNKS_H
#define EDGEGEN_CHUNKS_H

#include <stddef.h>
#include <stdint.h>

#include "edgegen/sha256.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EG_CHUNK_STATUS_LIST(X)                                                                    \
    X(EG_CHUNK_OK, "ok")                                                                           \
    X(EG_CHUNK_INVALID_ARGUMENT, "an argument is NULL, or no chunk has begun")                     \
    X(EG_CHUNK_OUTSIDE, "the chunk lies outside of the file")                                      \
    X(EG_CHUNK_TOO_LONG, "more bytes came than the chunk has")                                     \
    X(EG_CHUNK_INCOMPLETE, "fewer bytes came than the chunk has")                                  \
    X(EG_CHUNK_DAMAGED, "the bytes that came have another hash than the chunk")

typedef enum eg_chunk_status {
#define EG_CHUNK_STATUS_ENUMERATOR(name, text) name,
    EG_CHUNK_STATUS_LIST(EG_CHUNK_STATUS_ENUMERATOR)
#undef EG_CHUNK_STATUS_ENUMERATOR
        EG_CHUNK_STATUS_COUNT
} eg_chunk_status;

/* The code's text, in static storage; never NULL, also for a value that is no code. */
const char *eg_chunk_status_text(eg_chunk_status status);

/* A row of a manifest. */
typedef struct eg_chunk {
    uint8_t sha256[EG_SHA256_BYTES];
    size_t bytes;  /* 1 or more */
    size_t offset; /* in the file */
} eg_chunk;

/* A chunk on its way. */
typedef struct eg_chunk_writer {
    eg_sha256 hash;
    eg_chunk chunk;
    uint8_t *place; /* of the chunk's first byte; NULL while none has begun */
    size_t have;    /* bytes that have come */
} eg_chunk_writer;

/* `file` has `file_bytes` bytes, all of it. EG_CHUNK_OUTSIDE, with nothing begun, for a chunk of no
 * bytes or one that does not lie within. */
eg_chunk_status eg_chunk_begin(eg_chunk_writer *writer, const eg_chunk *chunk, void *file,
                               size_t file_bytes);

/* The next bytes, which must not overlap the chunk's place. EG_CHUNK_TOO_LONG, with nothing
 * written, when they are more than are missing; the writer may go on with fewer. */
eg_chunk_status eg_chunk_add(eg_chunk_writer *writer, const void *data, size_t count);

/* EG_CHUNK_OK when the chunk is complete and right: now its place may be used. EG_CHUNK_INCOMPLETE
 * leaves the writer as it is, so that the rest may come. EG_CHUNK_DAMAGED fills the place with
 * zeros. After it and EG_CHUNK_OK the writer has to begin again. */
eg_chunk_status eg_chunk_end(eg_chunk_writer *writer);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_CHUNKS_H */
