/* SHA-256 (FIPS 180-4) of bytes that arrive in pieces of any size.
 *
 * The same digest on every machine, whatever the pieces. No heap, no globals; an eg_sha256 may be
 * copied in the middle. The length is below 2^61 bytes. Not hardened against timing: meant for data
 * that is public, such as a model.
 */
#ifndef EDGEGEN_SHA256_H
#define EDGEGEN_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "edgegen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EG_SHA256_BYTES 32
#define EG_SHA256_BLOCK_BYTES 64

typedef struct eg_sha256 {
    uint32_t state[8];
    uint64_t bytes;                       /* taken so far */
    uint8_t block[EG_SHA256_BLOCK_BYTES]; /* the last of them, bytes % 64 many */
} eg_sha256;

/* EG_INVALID_ARGUMENT for a NULL pointer, for all functions; NULL `data` with a count of 0 is
 * legal. */
eg_status eg_sha256_begin(eg_sha256 *hash);

eg_status eg_sha256_add(eg_sha256 *hash, const void *data, size_t count);

/* The digest of all that was added. `hash` begins anew. */
eg_status eg_sha256_end(eg_sha256 *hash, uint8_t digest[EG_SHA256_BYTES]);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_SHA256_H */
