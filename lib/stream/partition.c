#include "stream/partition.h"

#include <assert.h>

uint32_t seuil_murmur2(const void *bytes, uint32_t len)
{
    const uint8_t *p = bytes;
    const uint32_t m = 0x5bd1e995u;
    uint32_t h = 0x9747b28cu ^ len;
    uint32_t words = len / 4;

    for (uint32_t i = 0; i < words; i++, p += 4) {
        uint32_t k = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;

        k *= m;
        k ^= k >> 24;
        k *= m;
        h *= m;
        h ^= k;
    }
    switch (len % 4) {
    case 3:
        h ^= (uint32_t)p[2] << 16;
        __attribute__((fallthrough));
    case 2:
        h ^= (uint32_t)p[1] << 8;
        __attribute__((fallthrough));
    case 1:
        h ^= p[0];
        h *= m;
    }
    h ^= h >> 13;
    h *= m;
    h ^= h >> 15;
    return h;
}

uint32_t seuil_partition_murmur2(struct seuil_str key, uint32_t partitions)
{
    assert(partitions > 0);
    return (seuil_murmur2(key.ptr, key.len) & 0x7fffffffu) % partitions;
}

/* Four bits at a time: keys are short, a table of 64 bytes stays in the cache. */
static const uint32_t crc_table[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

static uint32_t crc32_of(const uint8_t *bytes, uint32_t len)
{
    uint32_t crc = 0xffffffffu;

    for (uint32_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ crc_table[crc & 15];
        crc = crc >> 4 ^ crc_table[crc & 15];
    }
    return ~crc;
}

uint32_t seuil_partition_consistent(struct seuil_str key, uint32_t partitions)
{
    assert(partitions > 0);
    return crc32_of((const uint8_t *)key.ptr, key.len) % partitions;
}
