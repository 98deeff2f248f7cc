/* XXH3 (xxhash 0.8, a stable format): every hash that is stored or leaves the process. */

#ifndef SEUIL_BASE_HASH_H
#define SEUIL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct seuil_hash128 {
    uint64_t high, low;
};

uint64_t seuil_hash64(const void *bytes, size_t len);
uint64_t seuil_hash64_seed(const void *bytes, size_t len, uint64_t seed);
struct seuil_hash128 seuil_hash128(const void *bytes, size_t len);

#endif
