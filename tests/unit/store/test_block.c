/* The outbox entries of one transaction as one value. */

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "store/block.h"

static void write(struct seuil_buf *out)
{
    const struct seuil_tx_entry entries[] = {
        {(const uint8_t *)"first", 5}, {(const uint8_t *)"", 0}, {(const uint8_t *)"third!", 6}};

    seuil_block_write(entries, 3, out);
    cr_assert_eq(out->failed, 0);
    cr_assert_eq(out->len, seuil_block_size(entries, 3));
}

Test(block, entries_are_read_as_they_were_written)
{
    struct seuil_buf out = {0};
    struct seuil_block block;
    struct seuil_tx_entry entry;

    write(&out);
    cr_assert_eq(seuil_block_read(out.ptr, out.len, &block), 0);
    cr_assert_eq(block.count, 3);
    entry = seuil_block_next(&block);
    cr_assert(entry.len == 5 && memcmp(entry.bytes, "first", 5) == 0);
    cr_assert_eq(seuil_block_next(&block).len, 0);
    entry = seuil_block_next(&block);
    cr_assert(entry.len == 6 && memcmp(entry.bytes, "third!", 6) == 0);
    cr_assert_eq(block.count, 0);
    seuil_buf_done(&out);
}

Test(block, every_prefix_and_every_longer_text_is_refused)
{
    struct seuil_buf out = {0};
    struct seuil_block block = {.count = 99};

    write(&out);
    for (size_t n = 0; n < out.len; n++) {
        uint8_t *exact = malloc(n ? n : 1);

        memcpy(exact, out.ptr, n);
        cr_assert_eq(seuil_block_read(exact, n, &block), SEUIL_ERR_CORRUPT, "prefix %zu", n);
        free(exact);
    }
    seuil_buf_add_byte(&out, 'x');
    cr_assert_eq(seuil_block_read(out.ptr, out.len, &block), SEUIL_ERR_CORRUPT);
    cr_assert_eq(block.count, 99, "outputs stay untouched");
    seuil_buf_done(&out);
}

Test(block, no_entries_too_many_and_lengths_beyond_the_end_are_refused)
{
    static const uint8_t none[] = {1, 0, 0, 0, 0}, many[] = {1, 255, 255, 255, 255, 0, 0, 0, 0};
    static const uint8_t beyond[] = {1, 1, 0, 0, 0, 255, 255, 255, 255, 'x'};
    struct seuil_block block;

    cr_assert_eq(seuil_block_read(none, sizeof(none), &block), SEUIL_ERR_CORRUPT);
    cr_assert_eq(seuil_block_read(many, sizeof(many), &block), SEUIL_ERR_CORRUPT);
    cr_assert_eq(seuil_block_read(beyond, sizeof(beyond), &block), SEUIL_ERR_CORRUPT);
}

Test(block, a_newer_version_is_told_from_damage)
{
    struct seuil_buf out = {0};
    struct seuil_block block;

    write(&out);
    out.ptr[0] = 2;
    cr_assert_eq(seuil_block_read(out.ptr, out.len, &block), SEUIL_ERR_UNSUPPORTED);
    out.ptr[0] = 0;
    cr_assert_eq(seuil_block_read(out.ptr, out.len, &block), SEUIL_ERR_CORRUPT);
    seuil_buf_done(&out);
}
