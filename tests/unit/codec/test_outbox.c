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
    seuil_buf_add(&b, "\2\2x", 3);
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
    b.ptr[0] = 3;
    cr_assert_eq(seuil_outbox_unpack(b.ptr, (uint32_t)b.len, &got), SEUIL_ERR_UNSUPPORTED);
    b.ptr[0] = 0;
    cr_assert_eq(seuil_outbox_unpack(b.ptr, (uint32_t)b.len, &got), SEUIL_ERR_CORRUPT);
    seuil_buf_done(&b);
}

Test(outbox, a_length_beyond_the_end_is_refused)
{
    uint8_t bytes[] = {2, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3};
    uint8_t huge[] = {2, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1};
    struct seuil_entry_view got;

    cr_assert_eq(seuil_outbox_unpack(bytes, sizeof(bytes), &got), SEUIL_ERR_CORRUPT);
    cr_assert_eq(seuil_outbox_unpack(huge, sizeof(huge), &got), SEUIL_ERR_CORRUPT);
}

Test(outbox, the_names_that_are_always_there_take_a_byte)
{
    static const char *const always[] = {
        "ce_specversion",     "ce_id",        "ce_source",   "ce_type",    "ce_time",
        "ce_subject",         "content-type", "traceparent", "tracestate", "seuil_processed_at",
        "seuil_input_lag_ms", "seuil_stale"};
    struct seuil_entry_view e = {.destination = 1}, got;
    struct seuil_buf b = {0};

    for (uint32_t i = 0; i < 12; i++) /* in any order */
        e.headers[e.header_count++] =
            (struct seuil_header){seuil_str_from(always[i * 5 % 12]), (const uint8_t *)"v", 1};
    cr_assert_eq(seuil_outbox_pack(&e, &b), 0);
    cr_assert_eq(b.len, 3 + 2 + 12 * 3);
    cr_assert_eq(seuil_outbox_unpack(b.ptr, (uint32_t)b.len, &got), 0);
    same(&e, &got);
    seuil_buf_done(&b);
}

/* What is in Redis is read by the next version, too: the numbers stay. */
Test(outbox, the_numbers_of_names_do_not_change)
{
    static const uint8_t bytes[] = {2, 1, 3, 2, 'k', 0, 1, 2, 'a', 6, 2, 'b', 12, 2, 'c'};
    struct seuil_entry_view got;

    cr_assert_eq(seuil_outbox_unpack(bytes, sizeof(bytes), &got), 0);
    cr_assert(seuil_str_eq(got.headers[0].name, SEUIL_STR("ce_specversion")));
    cr_assert(seuil_str_eq(got.headers[1].name, SEUIL_STR("ce_subject")));
    cr_assert(seuil_str_eq(got.headers[2].name, SEUIL_STR("seuil_stale")));
}

Test(outbox, other_ways_to_write_the_same_are_refused)
{
    static const uint8_t longer[] = {2, 1, 0, 0x82, 0, 'k', 0};
    static const uint8_t named[] = {2, 1, 1, 2, 'k', 0, 0, 6, 'c', 'e', '_', 'i', 'd', 2, 'x'};
    static const uint8_t beyond[] = {2, 1, 1, 2, 'k', 0, 13, 2, 'x'};
    struct seuil_entry_view got;

    cr_assert_eq(seuil_outbox_unpack(longer, sizeof(longer), &got), SEUIL_ERR_CORRUPT);
    cr_assert_eq(seuil_outbox_unpack(named, sizeof(named), &got), SEUIL_ERR_CORRUPT);
    cr_assert_eq(seuil_outbox_unpack(beyond, sizeof(beyond), &got), SEUIL_ERR_CORRUPT);
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
