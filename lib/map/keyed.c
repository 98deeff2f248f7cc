#include "map/keyed.h"

#include <openssl/evp.h>

#include "base/err.h"
#include "base/heap.h"

/* EVP's own HMAC copies a context for each text, which allocates; two digests do not. */
struct seuil_keyed {
    EVP_MD_CTX *context;
};

struct seuil_keyed *seuil_keyed_new(void)
{
    struct seuil_keyed *keyed = seuil_heap_zalloc(1, sizeof(*keyed));

    if (!keyed)
        return NULL;
    keyed->context = EVP_MD_CTX_new();
    if (!keyed->context || EVP_DigestInit_ex(keyed->context, EVP_sha256(), NULL) != 1) {
        seuil_keyed_free(keyed);
        return NULL;
    }
    return keyed;
}

void seuil_keyed_free(struct seuil_keyed *keyed)
{
    if (!keyed)
        return;
    EVP_MD_CTX_free(keyed->context);
    seuil_heap_free(keyed);
}

void seuil_keyed_pads(struct seuil_str secret, uint8_t ret_inner[64], uint8_t ret_outer[64])
{
    uint8_t block[64] = {0};
    unsigned len = 0;

    if (secret.len > sizeof(block))
        EVP_Digest(secret.ptr, secret.len, block, &len, EVP_sha256(), NULL);
    else if (secret.len)
        memcpy(block, secret.ptr, secret.len);
    for (unsigned i = 0; i < sizeof(block); i++) {
        ret_inner[i] = block[i] ^ 0x36;
        ret_outer[i] = block[i] ^ 0x5c;
    }
    explicit_bzero(block, sizeof(block));
}

static bool digest(EVP_MD_CTX *context, const uint8_t pad[64], const void *bytes, size_t len,
                   uint8_t ret_digest[32])
{
    return EVP_DigestInit_ex(context, NULL, NULL) == 1 && EVP_DigestUpdate(context, pad, 64) == 1 &&
           EVP_DigestUpdate(context, bytes, len) == 1 &&
           EVP_DigestFinal_ex(context, ret_digest, NULL) == 1;
}

int seuil_keyed_hash(struct seuil_keyed *keyed, const uint8_t inner[64], const uint8_t outer[64],
                     struct seuil_str text, char ret_hex[64])
{
    static const char hex[] = "0123456789abcdef";
    uint8_t first[32], second[32];

    if (!digest(keyed->context, inner, text.ptr, text.len, first) ||
        !digest(keyed->context, outer, first, sizeof(first), second))
        return SEUIL_ERR_INTERNAL;
    for (unsigned i = 0; i < sizeof(second); i++) {
        ret_hex[2 * i] = hex[second[i] >> 4];
        ret_hex[2 * i + 1] = hex[second[i] & 15];
    }
    return 0;
}
