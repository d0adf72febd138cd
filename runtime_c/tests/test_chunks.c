#include "edgegen/chunks.h"

#include "check.h"

#include <string.h>

static void digest_of(const void *data, size_t count, size_t piece, uint8_t *digest)
{
    const uint8_t *const bytes = (const uint8_t *)data;
    eg_sha256 hash;

    EXPECT(eg_sha256_begin(&hash) == EG_OK);
    for (size_t at = 0; at < count; at += piece) {
        EXPECT(eg_sha256_add(&hash, bytes + at, count - at < piece ? count - at : piece) == EG_OK);
    }
    EXPECT(eg_sha256_end(&hash, digest) == EG_OK);
}

static void expect_digest(const uint8_t *digest, const char *hex)
{
    char found[2 * EG_SHA256_BYTES + 1];

    for (size_t i = 0; i < EG_SHA256_BYTES; ++i) {
        snprintf(found + 2 * i, 3, "%02x", digest[i]);
    }
    EXPECT(strcmp(found, hex) == 0);
}

/* The examples of FIPS 180-4 (NIST's "SHA256.pdf") and the empty message of NIST's test vectors. */
static void test_published_vectors(void)
{
    static const struct {
        const char *text;
        const char *hex;
    } vectors[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    uint8_t digest[EG_SHA256_BYTES];

    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; ++i) {
        for (size_t piece = 1; piece <= 64; ++piece) {
            digest_of(vectors[i].text, strlen(vectors[i].text), piece, digest);
            expect_digest(digest, vectors[i].hex);
        }
    }
}

static void test_a_million_letters(void)
{
    static const char *const hex =
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    uint8_t digest[EG_SHA256_BYTES];
    uint8_t letters[1000];
    eg_sha256 hash;

    memset(letters, 'a', sizeof letters);
    EXPECT(eg_sha256_begin(&hash) == EG_OK);
    for (int i = 0; i < 1000; ++i) {
        EXPECT(eg_sha256_add(&hash, letters, sizeof letters) == EG_OK);
    }
    EXPECT(eg_sha256_end(&hash, digest) == EG_OK);
    expect_digest(digest, hex);
}

static void test_lengths_around_a_block(void)
{
    uint8_t data[200] = {0};
    uint8_t whole[EG_SHA256_BYTES];
    uint8_t pieces[EG_SHA256_BYTES];

    for (size_t i = 0; i < sizeof data; ++i) {
        data[i] = (uint8_t)(i * 7);
    }
    for (size_t count = 0; count <= sizeof data; ++count) {
        digest_of(data, count, sizeof data, whole);
        for (size_t piece = 1; piece < 130; piece += 9) {
            digest_of(data, count, piece, pieces);
            EXPECT(memcmp(whole, pieces, sizeof whole) == 0);
        }
    }
}

static void test_sha256_arguments(void)
{
    eg_sha256 hash;
    uint8_t digest[EG_SHA256_BYTES];

    EXPECT(eg_sha256_begin(NULL) == EG_INVALID_ARGUMENT);
    EXPECT(eg_sha256_begin(&hash) == EG_OK);
    EXPECT(eg_sha256_add(NULL, "a", 1) == EG_INVALID_ARGUMENT);
    EXPECT(eg_sha256_add(&hash, NULL, 1) == EG_INVALID_ARGUMENT);
    EXPECT(eg_sha256_add(&hash, NULL, 0) == EG_OK);
    EXPECT(eg_sha256_end(&hash, NULL) == EG_INVALID_ARGUMENT);
    EXPECT(eg_sha256_end(NULL, digest) == EG_INVALID_ARGUMENT);
    EXPECT(eg_sha256_end(&hash, digest) == EG_OK);
    EXPECT(hash.bytes == 0);
}

static eg_chunk chunk_of(const char *text, size_t offset)
{
    eg_chunk chunk;

    chunk.bytes = strlen(text);
    chunk.offset = offset;
    digest_of(text, chunk.bytes, 64, chunk.sha256);
    return chunk;
}

static void test_a_chunk_in_pieces(void)
{
    const eg_chunk chunk = chunk_of("0123456789", 3);
    eg_chunk_writer writer;
    char file[16];

    memset(file, '-', sizeof file);
    EXPECT(eg_chunk_begin(&writer, &chunk, file, sizeof file) == EG_CHUNK_OK);
    EXPECT(eg_chunk_add(&writer, "0123", 4) == EG_CHUNK_OK);
    EXPECT(eg_chunk_end(&writer) == EG_CHUNK_INCOMPLETE);
    EXPECT(writer.have == 4);
    EXPECT(eg_chunk_add(&writer, "4567890", 7) == EG_CHUNK_TOO_LONG);
    EXPECT(eg_chunk_add(&writer, NULL, 0) == EG_CHUNK_OK);
    EXPECT(eg_chunk_add(&writer, "456789", 6) == EG_CHUNK_OK);
    EXPECT(eg_chunk_end(&writer) == EG_CHUNK_OK);
    EXPECT(memcmp(file, "---0123456789---", sizeof file) == 0);
    EXPECT(eg_chunk_add(&writer, "x", 1) == EG_CHUNK_INVALID_ARGUMENT);
    EXPECT(eg_chunk_end(&writer) == EG_CHUNK_INVALID_ARGUMENT);
}

static void test_a_damaged_chunk_leaves_zeros(void)
{
    const eg_chunk chunk = chunk_of("0123", 1);
    eg_chunk_writer writer;
    char file[6];

    memset(file, '-', sizeof file);
    EXPECT(eg_chunk_begin(&writer, &chunk, file, sizeof file) == EG_CHUNK_OK);
    EXPECT(eg_chunk_add(&writer, "0124", 4) == EG_CHUNK_OK);
    EXPECT(eg_chunk_end(&writer) == EG_CHUNK_DAMAGED);
    EXPECT(memcmp(file, "-\0\0\0\0-", sizeof file) == 0);
}

static void test_nothing_outside_of_the_file(void)
{
    eg_chunk chunk = chunk_of("0123", 0);
    eg_chunk_writer writer;
    char file[8];

    EXPECT(eg_chunk_begin(&writer, &chunk, file, 4) == EG_CHUNK_OK);
    EXPECT(eg_chunk_begin(&writer, &chunk, file, 3) == EG_CHUNK_OUTSIDE);
    EXPECT(eg_chunk_add(&writer, "0", 1) == EG_CHUNK_INVALID_ARGUMENT);
    chunk.offset = 5;
    EXPECT(eg_chunk_begin(&writer, &chunk, file, sizeof file) == EG_CHUNK_OUTSIDE);
    chunk.offset = SIZE_MAX;
    EXPECT(eg_chunk_begin(&writer, &chunk, file, sizeof file) == EG_CHUNK_OUTSIDE);
    chunk.offset = 4;
    chunk.bytes = SIZE_MAX;
    EXPECT(eg_chunk_begin(&writer, &chunk, file, sizeof file) == EG_CHUNK_OUTSIDE);
    chunk.bytes = 0;
    EXPECT(eg_chunk_begin(&writer, &chunk, file, sizeof file) == EG_CHUNK_OUTSIDE);
    EXPECT(eg_chunk_begin(NULL, &chunk, file, sizeof file) == EG_CHUNK_INVALID_ARGUMENT);
    EXPECT(eg_chunk_begin(&writer, NULL, file, sizeof file) == EG_CHUNK_INVALID_ARGUMENT);
    EXPECT(eg_chunk_begin(&writer, &chunk, NULL, sizeof file) == EG_CHUNK_INVALID_ARGUMENT);
}

static void test_every_status_has_a_text(void)
{
    for (int i = 0; i < EG_CHUNK_STATUS_COUNT; ++i) {
        EXPECT(strlen(eg_chunk_status_text((eg_chunk_status)i)) > 0);
    }
    EXPECT(strcmp(eg_chunk_status_text(EG_CHUNK_STATUS_COUNT), "unknown status") == 0);
}

int main(void)
{
    test_published_vectors();
    test_a_million_letters();
    test_lengths_around_a_block();
    test_sha256_arguments();
    test_a_chunk_in_pieces();
    test_a_damaged_chunk_leaves_zeros();
    test_nothing_outside_of_the_file();
    test_every_status_has_a_text();
    return 0;
}
