/* edgegen/chunks.h and edgegen/sha256.h: any chunk of any file, in any pieces, right or damaged. */
#include "fuzz.h"

#include "edgegen/chunks.h"

enum { MOST = 300 };

/* In one piece. */
static void whole_digest(const uint8_t *data, size_t count, uint8_t *digest)
{
    eg_sha256 hash;

    EXPECT(eg_sha256_begin(&hash) == EG_OK);
    EXPECT(eg_sha256_add(&hash, data, count) == EG_OK);
    EXPECT(eg_sha256_end(&hash, digest) == EG_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    const size_t file_bytes = 1 + take_below(&input, MOST);
    const size_t bytes = take_size(&input, MOST);
    const bool is_damaged = take_one_in(&input, 4);
    eg_chunk chunk = {{0}, bytes, take_size(&input, MOST) - 1};
    const bool fits = chunk.offset <= file_bytes && bytes <= file_bytes - chunk.offset && bytes > 0;
    uint8_t *const file = (uint8_t *)allocate(file_bytes, 1);
    eg_chunk_writer writer;

    EXPECT(eg_chunk_begin(&writer, &chunk, file, file_bytes) ==
           (fits ? EG_CHUNK_OK : EG_CHUNK_OUTSIDE));
    if (!fits) {
        EXPECT(is_untouched(file, file_bytes, 1));
        EXPECT(eg_chunk_end(&writer) == EG_CHUNK_INVALID_ARGUMENT);
        free(file);
        return 0;
    }
    uint8_t *const content = (uint8_t *)allocate(bytes, 2);

    whole_digest(content, bytes, chunk.sha256);
    EXPECT(eg_chunk_begin(&writer, &chunk, file, file_bytes) == EG_CHUNK_OK);
    if (is_damaged) {
        content[take_below(&input, (uint32_t)bytes)] ^= (uint8_t)(1U << take_below(&input, 8));
    }
    while (writer.have < bytes) {
        const size_t count = input.size > 0 ? take_below(&input, 100) : bytes - writer.have;
        const bool is_too_long = count > bytes - writer.have;
        uint8_t *const piece = (uint8_t *)allocate(count, 3);

        EXPECT(eg_chunk_end(&writer) == EG_CHUNK_INCOMPLETE);
        if (!is_too_long && count > 0) {
            memcpy(piece, content + writer.have, count);
        }
        EXPECT(eg_chunk_add(&writer, piece, count) ==
               (is_too_long ? EG_CHUNK_TOO_LONG : EG_CHUNK_OK));
        free(piece);
    }
    EXPECT(eg_chunk_end(&writer) == (is_damaged ? EG_CHUNK_DAMAGED : EG_CHUNK_OK));
    if (is_damaged) {
        memset(content, 0, bytes);
    }
    EXPECT(memcmp(file + chunk.offset, content, bytes) == 0);
    memset(file + chunk.offset, 0, bytes);

    uint8_t *const around = (uint8_t *)allocate(file_bytes, 1);

    memset(around + chunk.offset, 0, bytes);
    EXPECT(memcmp(file, around, file_bytes) == 0);
    free(around);
    free(content);
    free(file);
    return 0;
}
