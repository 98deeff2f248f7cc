#include <criterion/criterion.h>
#include <string.h>

#include "base/err.h"
#include "base/heap.h"
#include "codec/outbox.h"

static struct seuil_entry_view sample(void)
{
    struct seuil_entry_view e = {.destination = 1,
                                 .key = SEUIL_STR("lead-1"),
                                 .value = (const uint8_t *)"{\"a\":1}",
                                 .value_len = 7,
                                 .header_count = 3};

    e.headers[0] = (struct seuil_header){SEUIL_STR("ce_id"), (const uint8_t *)"x", 1};
    e.headers[1] = (struct seuil_header){SEUIL_STR("null"), NULL, 0};
    e.headers[2] = (struct seuil_header){SEUIL_STR(""), (const uint8_t *)"", 0};
    return e;
}

static void same(const struct seuil_entry_view *a, const struct seuil_entry_view *b)
{
    cr_assert_eq(a->destination, b->destination);
    cr_assert(seuil_str_eq(a->key, b->key));
    cr_assert_eq(!a->key.ptr, !b->key.ptr);
    cr_assert_eq(!a->value, !b->value);
    cr_assert_eq(a->value_len, b->value_len);
    cr_assert(!a->value || memcmp(a->value, b->value, a->value_len) == 0);
    cr_assert_eq(a->header_count, b->header_count);
    for (uint32_t i = 0; i < a->header_count; i++) {
        cr_assert(seuil_str_eq(a->headers[i].name, b->headers[i].name));
        cr_assert_eq(!a->headers[i].value, !b->headers[i].value);
        cr_assert_eq(a->headers[i].value_len, b->headers[i].value_len);
        cr_assert(!a->headers[i].value ||
                  memcmp(a->headers[i].value, b->headers[i].value, a->headers[i].value_len) == 0);
    }
}

Test(outbox, an_entry_is_read_as_it_was_written)
{
    struct seuil_entry_view e = sample(), got;
    struct seuil_buf b = {0};

    cr_assert_eq(seuil_outbox_pack(&e, &b), 0);
    cr_assert_eq(seuil_outbox_unpack(b.ptr, (uint32_t)b.len, &got), 0);
    same(&e, &got);
    seuil_buf_done(&b);
}

Test(outbox, no_key_and_a_tombstone_stay_what_they_are)
{
    struct seuil_entry_view e = {.destination = 2}, got;
    struct seuil_buf b = {0};

    seuil_outbox_pack(&e, &b);
    cr_assert_eq(seuil_outbox_unpack(b.ptr, (uint32_t)b.len, &got), 0);
    same(&e, &got);
    cr_assert_null(got.key.ptr);
    cr_assert_null(got.value);
    seuil_buf_done(&b);
}

Test(outbox, as_many_headers_as_there_may_be_fit)
{
    struct seuil_entry_view e = sample(), got;
    struct seuil_buf b = {0};

    e.header_count = SEUIL_HEADERS_MAX;
    for (uint32_t i = 0; i < SEUIL_HEADERS_MAX; i++)
        e.headers[i] = e.headers[0];
    seuil_outbox_pack(&e, &b);
    cr_assert_eq(seuil_outbox_unpack(b.ptr, (uint32_t)b.len, &got), 0);
    same(&e, &got);
    /* One more, with all its bytes. */
    seuil_buf_add(&b, "\5\0\0\0ce_id\1\0\0\0x", 14);
    b.ptr[2] = SEUIL_HEADERS_MAX + 1;
    cr_assert_eq(seuil_outbox_unpack(b.ptr, (uint32_t)b.len, &got), SEUIL_ERR_CORRUPT);
    seuil_buf_done(&b);
}

Test(outbox, every_prefix_and_every_longer_text_is_refused_and_leaves_the_view_alone)
{
    struct seuil_entry_view e = sample(), got;
    struct seuil_buf b = {0};

    seuil_outbox_pack(&e, &b);
    for (uint32_t n = 0; n < b.len; n++) {
        uint8_t *exact = seuil_heap_alloc(n + 1);

        memcpy(exact, b.ptr, n);
        memset(&got, 0x5a, sizeof(got));
        cr_assert_eq(seuil_outbox_unpack(exact, n, &got), SEUIL_ERR_CORRUPT, "prefix %u", n);
        cr_assert_eq(got.value_len, 0x5a5a5a5a);
        seuil_heap_free(exact);
    }
    seuil_buf_add_byte(&b, 0);
    cr_assert_eq(seuil_outbox_unpack(b.ptr, (uint32_t)b.len, &got), SEUIL_ERR_CORRUPT);
    seuil_buf_done(&b);
}

Test(outbox, a_newer_version_is_told_from_damage)
{
    struct seuil_entry_view e = sample(), got;
    struct seuil_buf b = {0};

    seuil_outbox_pack(&e, &b);
    b.ptr[0] = 2;
    cr_assert_eq(seuil_outbox_unpack(b.ptr, (uint32_t)b.len, &got), SEUIL_ERR_UNSUPPORTED);
    b.ptr[0] = 0;
    cr_assert_eq(seuil_outbox_unpack(b.ptr, (uint32_t)b.len, &got), SEUIL_ERR_CORRUPT);
    seuil_buf_done(&b);
}

Test(outbox, a_length_beyond_the_end_is_refused)
{
    uint8_t bytes[] = {1, 0, 0, 0xfe, 0xff, 0xff, 0xff, 1, 2, 3};
    struct seuil_entry_view got;

    cr_assert_eq(seuil_outbox_unpack(bytes, sizeof(bytes), &got), SEUIL_ERR_CORRUPT);
}

Test(outbox, out_of_memory_is_told)
{
    struct seuil_entry_view e = sample();
    struct seuil_buf b = {0};

    seuil_heap_fail_after(0);
    cr_assert_eq(seuil_outbox_pack(&e, &b), SEUIL_ERR_NOMEM);
    seuil_heap_fail_after(-1);
    seuil_buf_done(&b);
}
