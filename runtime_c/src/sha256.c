#include "edgegen/sha256.h"

#include <string.h>

/* FIPS 180-4, 5.3.3: fractional parts of the square roots of the first 8 primes. */
static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* 4.2.2: fractional parts of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotated(uint32_t value, unsigned right)
{
    return (value >> right) | (value << (32 - right));
}

static uint32_t read_big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* 6.2.2, step 1, for i of 16 and more; the schedule is a ring of the last 16 words. */
static uint32_t next_word(uint32_t words[16], unsigned i)
{
    const uint32_t w15 = words[(i - 15) % 16];
    const uint32_t w2 = words[(i - 2) % 16];
    const uint32_t s0 = rotated(w15, 7) ^ rotated(w15, 18) ^ (w15 >> 3);
    const uint32_t s1 = rotated(w2, 17) ^ rotated(w2, 19) ^ (w2 >> 10);

    return words[i % 16] += s0 + words[(i - 7) % 16] + s1;
}

/* 6.2.2, for one block. */
static void compress(uint32_t state[8], const uint8_t *block)
{
    uint32_t words[16];
    uint32_t v[8];

    memcpy(v, state, sizeof v);
    for (unsigned i = 0; i < 64; ++i) {
        const uint32_t word =
            i < 16 ? (words[i] = read_big_endian(block + 4 * i)) : next_word(words, i);
        const uint32_t e = v[4];
        const uint32_t a = v[0];
        const uint32_t sum1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
        const uint32_t choice = (e & v[5]) ^ (~e & v[6]);
        const uint32_t t1 = v[7] + sum1 + choice + constants[i] + word;
        const uint32_t sum0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
        const uint32_t majority = (a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]);

        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += t1;
        v[0] = t1 + sum0 + majority;
    }
    for (unsigned i = 0; i < 8; ++i) {
        state[i] += v[i];
    }
}

eg_status eg_sha256_begin(eg_sha256 *hash)
{
    if (hash == NULL) {
        return EG_INVALID_ARGUMENT;
    }
    memcpy(hash->state, initial, sizeof initial);
    hash->bytes = 0;
    return EG_OK;
}

eg_status eg_sha256_add(eg_sha256 *hash, const void *data, size_t count)
{
    if (hash == NULL || (data == NULL && count > 0)) {
        return EG_INVALID_ARGUMENT;
    }
    const uint8_t *next = (const uint8_t *)data;
    size_t filled = (size_t)(hash->bytes % EG_SHA256_BLOCK_BYTES);

    hash->bytes += count;
    while (filled + count >= EG_SHA256_BLOCK_BYTES) {
        const size_t missing = EG_SHA256_BLOCK_BYTES - filled;

        if (filled > 0) {
            memcpy(hash->block + filled, next, missing);
            compress(hash->state, hash->block);
        } else {
            compress(hash->state, next);
        }
        next += missing;
        count -= missing;
        filled = 0;
    }
    if (count > 0) {
        memcpy(hash->block + filled, next, count);
    }
    return EG_OK;
}

eg_status eg_sha256_end(eg_sha256 *hash, uint8_t digest[EG_SHA256_BYTES])
{
    if (hash == NULL || digest == NULL) {
        return EG_INVALID_ARGUMENT;
    }
    /* 5.1.1: a one, zeros, and the length in bits as the last 8 bytes of a block. */
    static const uint8_t padding[EG_SHA256_BLOCK_BYTES] = {0x80};
    const uint64_t bits = hash->bytes * 8;
    const size_t filled = (size_t)(hash->bytes % EG_SHA256_BLOCK_BYTES);
    uint8_t length[8];

    for (unsigned i = 0; i < 8; ++i) {
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    }
    eg_sha256_add(hash, padding, (filled < 56 ? 56 : 120) - filled);
    eg_sha256_add(hash, length, sizeof length);
    for (unsigned i = 0; i < EG_SHA256_BYTES; ++i) {
        digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
    }
    return eg_sha256_begin(hash);
}
