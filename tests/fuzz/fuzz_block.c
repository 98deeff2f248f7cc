/* Any bytes as an element of the outbox. What is accepted is written again as the same bytes. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "store/block.h"

static int run(const uint8_t *bytes, size_t len)
{
    static struct seuil_tx_entry entries[1024];
    static struct seuil_buf again;
    struct seuil_block block;
    uint32_t count = 0;

    if (seuil_block_read(bytes, len, &block))
        return 0;
    FUZZ_CHECK(block.count <= sizeof(entries) / sizeof(entries[0]), "more than the bytes hold");
    while (block.count)
        entries[count++] = seuil_block_next(&block);
    seuil_buf_clear(&again);
    seuil_block_write(entries, count, &again);
    FUZZ_CHECK(again.len == len && memcmp(again.ptr, bytes, len) == 0, "written as other bytes");
    return 1;
}

static const char *const words[] = {"\x01\x01", "\xff\xff\xff\xff", "\x01\x02\x03\x04", NULL};

const struct fuzz_target fuzz_target = {
    .name = "block", .words = words, .max_bytes = 4096, .run = run};
