#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t seuil_hash64(const void *bytes, size_t len)
{
    return XXH3_64bits(bytes, len);
}

uint64_t seuil_hash64_seed(const void *bytes, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, len, seed);
}

struct seuil_hash128 seuil_hash128(const void *bytes, size_t len)
{
    XXH128_hash_t h = XXH3_128bits(bytes, len);

    return (struct seuil_hash128){h.high64, h.low64};
}
