#include "map/keyed.h"

/* OpenSSL's newer interface allocates for each digest; this one stays for those who must not. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

static void digest(const uint8_t pad[64], const void *bytes, size_t len, uint8_t ret_digest[32])
{
    SHA256_CTX context;

    SHA256_Init(&context);
    SHA256_Update(&context, pad, 64);
    SHA256_Update(&context, bytes, len);
    SHA256_Final(ret_digest, &context);
}

void seuil_keyed_pads(struct seuil_str secret, uint8_t ret_inner[64], uint8_t ret_outer[64])
{
    uint8_t block[64] = {0};

    if (secret.len > sizeof(block))
        SHA256((const uint8_t *)secret.ptr, secret.len, block);
    else if (secret.len)
        memcpy(block, secret.ptr, secret.len);
    for (unsigned i = 0; i < sizeof(block); i++) {
        ret_inner[i] = block[i] ^ 0x36;
        ret_outer[i] = block[i] ^ 0x5c;
    }
    explicit_bzero(block, sizeof(block));
}

void seuil_keyed_hash(const uint8_t inner[64], const uint8_t outer[64], struct seuil_str text,
                      char ret_hex[64])
{
    static const char hex[] = "0123456789abcdef";
    uint8_t first[32], second[32];

    digest(inner, text.ptr, text.len, first);
    digest(outer, first, sizeof(first), second);
    for (unsigned i = 0; i < sizeof(second); i++) {
        ret_hex[2 * i] = hex[second[i] >> 4];
        ret_hex[2 * i + 1] = hex[second[i] & 15];
    }
}
