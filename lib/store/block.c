#include "store/block.h"

#include <assert.h>

#include "base/err.h"

#define VERSION 1
#define HEAD    5 /* version and count */

uint64_t seuil_block_size(const struct seuil_tx_entry *entries, uint32_t count)
{
    uint64_t size = HEAD + 4 * (uint64_t)count;

    for (uint32_t i = 0; i < count; i++)
        size += entries[i].len;
    return size;
}

static void put_number(struct seuil_buf *out, uint32_t number)
{
    uint8_t bytes[4] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16),
                        (uint8_t)(number >> 24)};

    seuil_buf_add(out, bytes, sizeof(bytes));
}

static uint32_t get_number(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

void seuil_block_write(const struct seuil_tx_entry *entries, uint32_t count, struct seuil_buf *out)
{
    assert(count > 0);
    seuil_buf_add_byte(out, VERSION);
    put_number(out, count);
    for (uint32_t i = 0; i < count; i++)
        put_number(out, entries[i].len);
    for (uint32_t i = 0; i < count; i++)
        seuil_buf_add(out, entries[i].bytes, entries[i].len);
}

int seuil_block_read(const uint8_t *bytes, uint64_t len, struct seuil_block *ret_block)
{
    struct seuil_block block;
    uint64_t size;

    if (len > 0 && bytes[0] != VERSION)
        return bytes[0] > VERSION ? SEUIL_ERR_UNSUPPORTED : SEUIL_ERR_CORRUPT;
    if (len < HEAD)
        return SEUIL_ERR_CORRUPT;
    block.count = get_number(bytes + 1);
    size = HEAD + 4 * (uint64_t)block.count;
    if (block.count == 0 || size > len)
        return SEUIL_ERR_CORRUPT;
    block.lengths = bytes + HEAD;
    block.bytes = bytes + size;
    for (uint32_t i = 0; i < block.count; i++)
        size += get_number(block.lengths + 4 * (uint64_t)i);
    if (size != len)
        return SEUIL_ERR_CORRUPT;
    *ret_block = block;
    return 0;
}

struct seuil_tx_entry seuil_block_next(struct seuil_block *block)
{
    struct seuil_tx_entry entry = {.bytes = block->bytes, .len = get_number(block->lengths)};

    assert(block->count > 0);
    block->count--;
    block->lengths += 4;
    block->bytes += entry.len;
    return entry;
}
