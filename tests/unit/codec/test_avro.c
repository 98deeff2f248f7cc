#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "support/avro_write.h"
#include "support/decoding.h"

/* A record of kind @kind whose fields beyond id, lead and time are @fields. */
#define RECORD(fields)                                                                             \
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},"       \
    "{\"name\":\"lead\",\"type\":\"string\"},{\"name\":\"time\",\"type\":\"long\"}" fields "]}"
#define FIELD(name, type) ",{\"name\":\"" name "\",\"type\":" type "}"

static void head(struct seuil_buf *b)
{
    seuil_buf_clear(b);
    avro_write_string(b, "e1");
    avro_write_string(b, "L1");
    avro_write_long(b, 1000);
}

static void is(struct seuil_str s, const char *text)
{
    cr_assert(seuil_str_eq(s, seuil_str_from(text)), "%.*s instead of %s", (int)s.len, s.ptr, text);
}

static struct decoding open_schema(int kind, const char *schema)
{
    struct decoding d = decoding_avro(SEUIL_FORMAT_RAW, kind, schema, NULL, 0);

    cr_assert_not_null(d.decoder, "%s", d.err.text);
    return d;
}

/* Decode a copy of exactly these bytes: a byte read too far is seen by ASan. */
static int run(struct decoding *d, const struct seuil_buf *b)
{
    uint8_t *exact = seuil_heap_alloc(b->len + 1);
    int rc;

    memcpy(exact + 1, b->ptr, b->len);
    rc = decoding_run(d, exact + 1, b->len);
    if (rc == 0)
        d->event.id = d->event.lead = SEUIL_STR("gone with the record");
    seuil_heap_free(exact);
    return rc;
}

static const struct seuil_rename bench_names[] = {
    {"id", "event_id"}, {"lead", "lead_id"}, {"time", "ts"}};

static const char page_view_schema[] =
    "{\"type\":\"record\",\"name\":\"PageView\",\"namespace\":\"seuil.bench\",\"fields\":["
    "{\"name\":\"event_id\",\"type\":\"string\"},{\"name\":\"lead_id\",\"type\":\"string\"},"
    "{\"name\":\"ts\",\"type\":\"long\"},{\"name\":\"url\",\"type\":\"string\"},"
    "{\"name\":\"referrer\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"session_id\",\"type\":\"string\"},"
    "{\"name\":\"title\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"utm_source\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"utm_medium\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"utm_campaign\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"duration_ms\",\"type\":\"int\"}]}";

static void page_view(struct seuil_buf *b)
{
    seuil_buf_clear(b);
    avro_write_confluent(b, 1);
    avro_write_string(b, "ev-1");
    avro_write_string(b, "lead-0123456789abcdef");
    avro_write_long(b, INT64_C(1767225600000));
    avro_write_string(b, "https://www.exemple.fr/tarifs?utm=1");
    avro_write_optional(b, NULL);
    avro_write_string(b, "session");
    avro_write_optional(b, "Tarifs – Exemple");
    avro_write_optional(b, "ad");
    avro_write_optional(b, NULL);
    avro_write_optional(b, "printemps");
    avro_write_long(b, 12345);
}

Test(avro, the_page_view_of_the_common_job_is_read_under_its_own_names)
{
    struct decoding d = decoding_avro(SEUIL_FORMAT_CONFLUENT, SEUIL_KIND_PAGE_VIEW,
                                      page_view_schema, bench_names, 3);
    struct seuil_buf b = {0};

    cr_assert_not_null(d.decoder, "%s", d.err.text);
    page_view(&b);
    cr_assert_eq(decoding_run(&d, b.ptr, b.len), 0, "%s", d.err.text);
    is(d.event.id, "ev-1");
    is(d.event.lead, "lead-0123456789abcdef");
    cr_assert_eq(d.event.time, INT64_C(1767225600000));
    is(d.event.field[SEUIL_FIELD_HOST].s, "www.exemple.fr");
    is(d.event.field[SEUIL_FIELD_PATH].s, "/tarifs");
    cr_assert_eq(d.event.field[SEUIL_FIELD_REFERRER].type, SEUIL_TYPE_NULL);
    is(d.event.field[SEUIL_FIELD_TITLE].s, "Tarifs – Exemple");
    is(d.event.field[SEUIL_FIELD_UTM_CAMPAIGN].s, "printemps");
    cr_assert_eq(d.event.field[SEUIL_FIELD_DURATION_MS].i, 12345);
    cr_assert_eq(d.event.field[SEUIL_FIELD_USER_AGENT].type, SEUIL_TYPE_NULL);
    seuil_buf_done(&b);
    decoding_done(&d);
}

Test(avro, a_record_cut_anywhere_is_truncated_and_one_with_more_behind_is_malformed)
{
    struct decoding d = decoding_avro(SEUIL_FORMAT_CONFLUENT, SEUIL_KIND_PAGE_VIEW,
                                      page_view_schema, bench_names, 3);
    struct seuil_buf b = {0};
    size_t whole;

    page_view(&b);
    whole = b.len;
    for (b.len = 0; b.len < whole; b.len++)
        cr_assert_eq(run(&d, &b), SEUIL_ERR_TRUNCATED, "prefix %zu: %s", b.len, d.err.text);
    cr_assert_eq(run(&d, &b), 0);
    seuil_buf_add_byte(&b, 0);
    cr_assert_eq(run(&d, &b), SEUIL_ERR_FORMAT);
    cr_assert(strstr(d.err.text, "left behind"), "%s", d.err.text);
    seuil_buf_done(&b);
    decoding_done(&d);
}

Test(avro, no_event_allocates)
{
    struct decoding d = decoding_avro(SEUIL_FORMAT_CONFLUENT, SEUIL_KIND_PAGE_VIEW,
                                      page_view_schema, bench_names, 3);
    struct seuil_buf b = {0};

    page_view(&b);
    seuil_heap_fail_after(-1);
    for (int i = 0; i < 10; i++)
        cr_assert_eq(decoding_run(&d, b.ptr, b.len), 0);
    cr_assert_eq(seuil_heap_fail_after(-1), 0);
    seuil_buf_done(&b);
    decoding_done(&d);
}

Test(avro, what_nobody_wants_is_passed_over_whatever_its_type)
{
    struct decoding d = open_schema(
        SEUIL_KIND_PAGE_VIEW,
        RECORD(FIELD("a", "\"null\"") FIELD("b", "\"boolean\"") FIELD("c", "\"int\"") FIELD(
            "d", "\"float\"") FIELD("e", "\"double\"") FIELD("f", "\"bytes\"")
                   FIELD("g", "{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}") FIELD(
                       "h", "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"x\",\"y\"]}")
                       FIELD("i", "{\"type\":\"array\",\"items\":[\"null\",\"F\",\"E\"]}")
                           FIELD("j", "{\"type\":\"map\",\"values\":{\"type\":\"array\",\"items\":"
                                      "\"long\"}}")
                               FIELD("k", "{\"type\":\"record\",\"name\":\"N\",\"fields\":[{"
                                          "\"name\":\"url\",\"type\":\"string\"},{\"name\":\"n\","
                                          "\"type\":[\"null\",\"N\"]}]}") FIELD("l", "\"N\"")
                                   FIELD("type", "\"string\"") FIELD("url", "\"string\"")));
    struct seuil_buf b = {0};

    head(&b);
    seuil_buf_add_byte(&b, 1);
    avro_write_long(&b, -70000);
    avro_write_float(&b, 1.5f);
    avro_write_double(&b, 1.5);
    avro_write_bytes(&b, "\xff\xfe", 2); /* bytes are no text */
    seuil_buf_add(&b, "fix", 3);
    avro_write_long(&b, 1);
    avro_write_long(&b, 2); /* array: null, F; then a block with its size: E */
    avro_write_long(&b, 0);
    avro_write_long(&b, 1);
    seuil_buf_add(&b, "fix", 3);
    avro_write_long(&b, -1);
    avro_write_long(&b, 2);
    avro_write_long(&b, 2);
    avro_write_long(&b, 0);
    avro_write_long(&b, 0);
    avro_write_long(&b, 1); /* map */
    avro_write_string(&b, "key");
    avro_write_long(&b, 1);
    avro_write_long(&b, 7);
    avro_write_long(&b, 0);
    avro_write_long(&b, 0);
    avro_write_string(&b, "nested"); /* k: two deep */
    avro_write_long(&b, 1);
    avro_write_string(&b, "deeper");
    avro_write_long(&b, 0);
    avro_write_string(&b, "again"); /* l */
    avro_write_long(&b, 0);
    avro_write_string(&b, "whatever"); /* type: JSON's alone */
    avro_write_string(&b, "/p");
    cr_assert_eq(decoding_run(&d, b.ptr, b.len), 0, "%s", d.err.text);
    is(d.event.field[SEUIL_FIELD_URL].s, "/p");
    for (size_t whole = b.len, n = 0; n < whole; n++) {
        b.len = n;
        cr_assert_eq(run(&d, &b), SEUIL_ERR_TRUNCATED, "prefix %zu", n);
        b.len = whole;
    }
    seuil_buf_done(&b);
    decoding_done(&d);
}

Test(avro, a_block_that_tells_its_size_is_passed_over_by_it)
{
    struct decoding d = open_schema(
        SEUIL_KIND_PAGE_VIEW,
        RECORD(FIELD("x", "{\"type\":\"array\",\"items\":\"string\"}") FIELD("url", "\"string\"")));
    struct seuil_buf b = {0};

    for (int64_t size = -1; size < 40; size++) {
        head(&b);
        avro_write_long(&b, -1000000); /* so many items, of which nobody looks at one */
        avro_write_long(&b, size);
        for (int64_t i = 0; i < size && i < 20; i++)
            seuil_buf_add_byte(&b, 0xff);
        avro_write_long(&b, 0);
        avro_write_string(&b, "/p");
        cr_assert_eq(run(&d, &b),
                     size < 0     ? SEUIL_ERR_FORMAT
                     : size <= 20 ? 0
                     : size > 24  ? SEUIL_ERR_TRUNCATED
                                  : d.err.code,
                     "size %d: %s", (int)size, d.err.text);
    }
    seuil_buf_done(&b);
    decoding_done(&d);
}

Test(avro, an_enum_is_its_symbols_text_in_any_order_and_an_index_beyond_is_refused)
{
    struct decoding d = open_schema(
        SEUIL_KIND_EMAIL,
        RECORD(FIELD("action", "{\"type\":\"enum\",\"name\":\"A\",\"symbols\":[\"clicked\","
                               "\"opened\"]}") FIELD("campaign", "[\"A\",\"null\"]")));
    struct seuil_buf b = {0};

    for (int i = -1; i < 4; i++) {
        head(&b);
        avro_write_long(&b, i);
        avro_write_long(&b, 0);
        avro_write_long(&b, 1);
        cr_assert_eq(decoding_run(&d, b.ptr, b.len), i == 0 || i == 1 ? 0 : SEUIL_ERR_FORMAT);
        if (i == 0 || i == 1) {
            is(d.event.field[SEUIL_FIELD_ACTION].s, i ? "opened" : "clicked");
            is(d.event.field[SEUIL_FIELD_CAMPAIGN].s, "opened");
        }
    }
    seuil_buf_done(&b);
    decoding_done(&d);
}

Test(avro, a_union_has_its_branches_in_any_order_and_no_others)
{
    struct decoding d =
        open_schema(SEUIL_KIND_ACTIVITY,
                    RECORD(FIELD("value", "[\"double\",\"null\",\"int\",\"float\",\"long\"]")));
    struct seuil_buf b = {0};

    head(&b);
    avro_write_long(&b, 0);
    avro_write_double(&b, 0.25);
    cr_assert_eq(decoding_run(&d, b.ptr, b.len), 0);
    cr_assert_eq(d.event.field[SEUIL_FIELD_VALUE].d, 0.25);
    head(&b);
    avro_write_long(&b, 1);
    cr_assert_eq(decoding_run(&d, b.ptr, b.len), 0);
    cr_assert_eq(d.event.field[SEUIL_FIELD_VALUE].type, SEUIL_TYPE_NULL);
    head(&b);
    avro_write_long(&b, 2);
    avro_write_long(&b, -5);
    cr_assert_eq(decoding_run(&d, b.ptr, b.len), 0);
    cr_assert_eq(d.event.field[SEUIL_FIELD_VALUE].i, -5);
    head(&b);
    avro_write_long(&b, 3);
    avro_write_float(&b, 0.5f);
    cr_assert_eq(decoding_run(&d, b.ptr, b.len), 0);
    cr_assert_eq(d.event.field[SEUIL_FIELD_VALUE].d, 0.5);
    head(&b);
    avro_write_long(&b, 4);
    avro_write_long(&b, INT64_MIN);
    cr_assert_eq(decoding_run(&d, b.ptr, b.len), 0);
    cr_assert_eq(d.event.field[SEUIL_FIELD_VALUE].i, INT64_MIN);
    for (int i = -1; i < 7; i += 6) {
        head(&b);
        avro_write_long(&b, i);
        cr_assert_eq(decoding_run(&d, b.ptr, b.len), SEUIL_ERR_FORMAT);
    }
    seuil_buf_done(&b);
    decoding_done(&d);
}

Test(avro, numbers_beyond_their_type_and_no_numbers_are_refused)
{
    struct decoding i = open_schema(SEUIL_KIND_ACTIVITY, RECORD(FIELD("value", "\"int\"")));
    struct decoding f = open_schema(SEUIL_KIND_ACTIVITY, RECORD(FIELD("value", "\"double\"")));
    struct decoding l = open_schema(SEUIL_KIND_ACTIVITY, RECORD(FIELD("value", "\"long\"")));
    struct seuil_buf b = {0};

    head(&b);
    avro_write_long(&b, INT32_MIN);
    cr_assert_eq(decoding_run(&i, b.ptr, b.len), 0);
    head(&b);
    avro_write_long(&b, (int64_t)INT32_MAX + 1);
    cr_assert_eq(decoding_run(&i, b.ptr, b.len), SEUIL_ERR_FORMAT);
    head(&b);
    seuil_buf_add(&b, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10);
    cr_assert_eq(decoding_run(&i, b.ptr, b.len), SEUIL_ERR_FORMAT);
    head(&b);
    seuil_buf_add(&b, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
    cr_assert_eq(decoding_run(&i, b.ptr, b.len), SEUIL_ERR_FORMAT);
    head(&b);
    seuil_buf_add(&b, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
    cr_assert_eq(decoding_run(&l, b.ptr, b.len), 0);
    cr_assert_eq(l.event.field[SEUIL_FIELD_VALUE].i, INT64_MIN);
    b.ptr[b.len - 1] = 3; /* a 65th bit */
    cr_assert_eq(decoding_run(&l, b.ptr, b.len), SEUIL_ERR_FORMAT);
    head(&b);
    avro_write_double(&b, NAN);
    cr_assert_eq(decoding_run(&f, b.ptr, b.len), SEUIL_ERR_FORMAT);
    head(&b);
    avro_write_double(&b, -INFINITY);
    cr_assert_eq(decoding_run(&f, b.ptr, b.len), SEUIL_ERR_FORMAT);
    seuil_buf_done(&b);
    decoding_done(&i);
    decoding_done(&f);
    decoding_done(&l);
}

Test(avro, a_boolean_is_0_or_1)
{
    struct decoding d = open_schema(SEUIL_KIND_EMAIL,
                                    RECORD(FIELD("machine", "\"boolean\"") FIELD("x", "\"boolean\"")
                                               FIELD("consent", "\"boolean\"")));
    struct seuil_buf b = {0};

    for (int i = 0; i < 27; i++) {
        bool good = i % 3 < 2 && i / 3 % 3 < 2 && i / 9 < 2;

        head(&b);
        seuil_buf_add_byte(&b, (uint8_t)(i % 3));
        seuil_buf_add_byte(&b, (uint8_t)(i / 3 % 3));
        seuil_buf_add_byte(&b, (uint8_t)(i / 9));
        cr_assert_eq(decoding_run(&d, b.ptr, b.len), good ? 0 : SEUIL_ERR_FORMAT);
        cr_assert(!good || d.event.field[SEUIL_FIELD_MACHINE].b == i % 3);
        cr_assert(!good || d.event.consent.b == i / 9);
    }
    seuil_buf_done(&b);
    decoding_done(&d);
}

Test(avro, a_text_that_is_taken_must_be_utf_8_and_lengths_must_be_what_is_left)
{
    struct decoding d =
        open_schema(SEUIL_KIND_PAGE_VIEW,
                    RECORD(FIELD("url", "[\"string\",\"bytes\"]") FIELD("x", "\"string\"")));
    struct seuil_buf b = {0};

    for (int branch = 0; branch < 2; branch++) {
        head(&b);
        avro_write_long(&b, branch);
        avro_write_bytes(&b, "\xc3\xa9", 2);
        avro_write_bytes(&b, "\xff", 1); /* not taken: not looked at */
        cr_assert_eq(decoding_run(&d, b.ptr, b.len), 0);
        is(d.event.field[SEUIL_FIELD_URL].s, "é");
        head(&b);
        avro_write_long(&b, branch);
        avro_write_bytes(&b, "\xc3", 1);
        avro_write_bytes(&b, "", 0);
        cr_assert_eq(decoding_run(&d, b.ptr, b.len), SEUIL_ERR_FORMAT);
        cr_assert(strstr(d.err.text, "`url`"), "%s", d.err.text);
    }
    for (int64_t len = -3; len < 0; len++) {
        head(&b);
        avro_write_long(&b, 0);
        avro_write_long(&b, len);
        cr_assert_eq(run(&d, &b), SEUIL_ERR_FORMAT);
    }
    head(&b);
    avro_write_long(&b, 0);
    avro_write_long(&b, INT64_MAX);
    cr_assert_eq(run(&d, &b), SEUIL_ERR_TRUNCATED);
    head(&b);
    avro_write_long(&b, 0);
    avro_write_long(&b, INT64_C(1) << 32);
    cr_assert_eq(run(&d, &b), SEUIL_ERR_TRUNCATED);
    seuil_buf_done(&b);
    decoding_done(&d);
}

static int time_of(const char *type, int64_t value, int64_t *ret_time)
{
    char schema[512];
    struct decoding d;
    struct seuil_buf b = {0};
    int rc;

    sprintf(schema,
            "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},"
            "{\"name\":\"lead\",\"type\":\"string\"},{\"name\":\"time\",\"type\":%s}]}",
            type);
    d = decoding_avro(SEUIL_FORMAT_RAW, SEUIL_KIND_PAGE_VIEW, schema, NULL, 0);
    if (!d.decoder) {
        decoding_done(&d);
        return d.err.code;
    }
    avro_write_string(&b, "e");
    avro_write_string(&b, "l");
    avro_write_long(&b, value);
    rc = decoding_run(&d, b.ptr, b.len);
    *ret_time = d.event.time;
    seuil_buf_done(&b);
    decoding_done(&d);
    return rc;
}

Test(avro, times_are_milliseconds_unless_the_logical_type_says_otherwise)
{
    int64_t t;

    cr_assert_eq(time_of("\"long\"", 1500, &t), 0);
    cr_assert_eq(t, 1500);
    cr_assert_eq(time_of("{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}", 1500, &t), 0);
    cr_assert_eq(t, 1500);
    cr_assert_eq(time_of("{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}", 1999, &t), 0);
    cr_assert_eq(t, 1);
    cr_assert_eq(time_of("{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}", -1, &t), 0);
    cr_assert_eq(t, -1);
    cr_assert_eq(time_of("{\"type\":\"long\",\"logicalType\":\"timestamp-nanos\"}", 5000001, &t),
                 0);
    cr_assert_eq(t, 5);
    cr_assert_eq(time_of("{\"type\":\"long\",\"logicalType\":\"no-such\"}", 5, &t), 0);
    cr_assert_eq(time_of("{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}", INT64_MIN, &t),
                 SEUIL_ERR_LIMIT);
    cr_assert_eq(time_of("\"long\"", INT64_C(1767225600000000), &t), SEUIL_ERR_LIMIT);
    cr_assert_eq(time_of("{\"type\":\"long\",\"logicalType\":\"local-timestamp-millis\"}", 5, &t),
                 SEUIL_ERR_INVALID);
    cr_assert_eq(time_of("{\"type\":\"long\",\"logicalType\":\"time-micros\"}", 5, &t),
                 SEUIL_ERR_INVALID);
    cr_assert_eq(time_of("\"int\"", 5, &t), SEUIL_ERR_INVALID);
    cr_assert_eq(time_of("[\"null\",\"long\"]", 0, &t), SEUIL_ERR_MISSING);
}

Test(avro, a_time_may_be_rfc_3339)
{
    struct decoding d = open_schema(
        SEUIL_KIND_PAGE_VIEW,
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},"
        "{\"name\":\"lead\",\"type\":\"string\"},{\"name\":\"time\",\"type\":\"string\"}]}");
    struct seuil_buf b = {0};

    avro_write_string(&b, "e");
    avro_write_string(&b, "l");
    avro_write_string(&b, "2026-03-02T08:00:00Z");
    cr_assert_eq(decoding_run(&d, b.ptr, b.len), 0);
    cr_assert_eq(d.event.time, INT64_C(1772438400000));
    b.ptr[b.len - 1] = 'z' + 1;
    cr_assert_eq(decoding_run(&d, b.ptr, b.len), SEUIL_ERR_FORMAT);
    seuil_buf_done(&b);
    decoding_done(&d);
}

/* ---- maps --------------------------------------------------------------------------------- */

Test(avro, a_forms_fields_are_read_in_blocks_of_any_kind)
{
    struct decoding d =
        open_schema(SEUIL_KIND_FORM,
                    RECORD(FIELD("fields", "{\"type\":\"map\",\"values\":[\"null\",\"string\"]}")));
    struct seuil_buf b = {0};

    head(&b);
    avro_write_long(&b, 2);
    avro_write_string(&b, "a");
    avro_write_optional(&b, "1");
    avro_write_string(&b, "b");
    avro_write_optional(&b, NULL);
    avro_write_long(&b, -1);
    avro_write_long(&b, 5);
    avro_write_string(&b, "c");
    avro_write_optional(&b, "3");
    avro_write_long(&b, 0);
    cr_assert_eq(decoding_run(&d, b.ptr, b.len), 0, "%s", d.err.text);
    cr_assert_eq(d.event.map_count, 2);
    is(d.event.map[0].key, "a");
    is(d.event.map[0].value.s, "1");
    is(d.event.map[1].key, "c");
    is(d.event.map[1].value.s, "3");
    for (size_t whole = b.len, n = 0; n < whole; n++) {
        b.len = n;
        cr_assert_neq(run(&d, &b), 0, "prefix %zu", n);
        b.len = whole;
    }
    seuil_buf_done(&b);
    decoding_done(&d);
}

Test(avro, attributes_are_of_any_single_type_and_others_are_left_out)
{
    struct decoding d = open_schema(
        SEUIL_KIND_PROFILE,
        RECORD(
            FIELD("attributes",
                  "{\"type\":\"map\",\"values\":[\"null\",\"boolean\",\"int\",\"long\",\"float\","
                  "\"double\",\"string\",\"bytes\",{\"type\":\"array\",\"items\":\"string\"}]}")));
    struct seuil_buf b = {0};

    head(&b);
    avro_write_long(&b, 9);
    for (int i = 0; i < 9; i++) {
        char key[2] = {(char)('a' + i), 0};

        avro_write_string(&b, key);
        avro_write_long(&b, i);
        if (i == 1)
            seuil_buf_add_byte(&b, 1);
        if (i == 2 || i == 3)
            avro_write_long(&b, i);
        if (i == 4)
            avro_write_float(&b, 4.5f);
        if (i == 5)
            avro_write_double(&b, 5.5);
        if (i == 6 || i == 7)
            avro_write_string(&b, "text");
        if (i == 8) {
            avro_write_long(&b, 1);
            avro_write_string(&b, "of a list");
            avro_write_long(&b, 0);
        }
    }
    avro_write_long(&b, 0);
    cr_assert_eq(decoding_run(&d, b.ptr, b.len), 0, "%s", d.err.text);
    cr_assert_eq(d.event.map_count, 8);
    cr_assert_eq(d.event.map[0].value.type, SEUIL_TYPE_NULL);
    cr_assert(d.event.map[1].value.b);
    cr_assert_eq(d.event.map[2].value.i, 2);
    cr_assert_eq(d.event.map[3].value.i, 3);
    cr_assert_eq(d.event.map[4].value.d, 4.5);
    cr_assert_eq(d.event.map[5].value.d, 5.5);
    is(d.event.map[7].value.s, "text");
    seuil_buf_done(&b);
    decoding_done(&d);
}

Test(avro, a_key_that_stands_twice_and_a_map_of_more_than_256_entries_are_refused)
{
    struct decoding d = open_schema(
        SEUIL_KIND_FORM, RECORD(FIELD("fields", "{\"type\":\"map\",\"values\":\"string\"}")));
    struct seuil_buf b = {0};
    char key[16];

    for (int count = 255; count < 259; count++) {
        head(&b);
        avro_write_long(&b, count);
        for (int i = 0; i < count; i++) {
            sprintf(key, "k%d", i);
            avro_write_string(&b, key);
            avro_write_string(&b, "");
        }
        avro_write_long(&b, 0);
        cr_assert_eq(decoding_run(&d, b.ptr, b.len), count <= 256 ? 0 : SEUIL_ERR_LIMIT);
    }
    head(&b);
    avro_write_long(&b, 1);
    avro_write_string(&b, "a");
    avro_write_string(&b, "1");
    avro_write_long(&b, 1);
    avro_write_string(&b, "a");
    avro_write_string(&b, "2");
    avro_write_long(&b, 0);
    cr_assert_eq(decoding_run(&d, b.ptr, b.len), SEUIL_ERR_FORMAT);
    seuil_buf_done(&b);
    decoding_done(&d);
}

/* ---- what costs ---------------------------------------------------------------------------- */

Test(avro, values_of_no_bytes_are_bounded_by_the_records_size)
{
    static const char *const types[] = {
        "{\"type\":\"array\",\"items\":\"null\"}",
        "{\"type\":\"array\",\"items\":{\"type\":\"fixed\",\"name\":\"Z\",\"size\":0}}",
        "{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"Z\",\"fields\":[]}}",
        "{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"Z\",\"fields\":[{\"name\":"
        "\"n\",\"type\":\"null\"}]}}",
    };
    struct seuil_buf b = {0};
    char schema[1024];

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct decoding d;

        sprintf(schema, RECORD(",{\"name\":\"x\",\"type\":%s}"), types[i]);
        d = open_schema(SEUIL_KIND_PAGE_VIEW, schema);
        head(&b);
        avro_write_long(&b, 20);
        avro_write_long(&b, 0);
        cr_assert_eq(decoding_run(&d, b.ptr, b.len), 0, "%s", d.err.text);
        for (int k = 0; k < 2; k++) {
            head(&b);
            avro_write_long(&b, k ? INT64_MAX : 2000000);
            avro_write_long(&b, 0);
            cr_assert_eq(run(&d, &b), SEUIL_ERR_LIMIT, "%s: %s", types[i], d.err.text);
        }
        decoding_done(&d);
    }
    seuil_buf_done(&b);
}

Test(avro, recursion_is_bounded)
{
    struct decoding d = open_schema(
        SEUIL_KIND_PAGE_VIEW,
        RECORD(FIELD("x", "{\"type\":\"record\",\"name\":\"N\",\"fields\":[{\"name\":\"n\","
                          "\"type\":[\"null\",\"N\"]}]}")));
    struct decoding self =
        open_schema(SEUIL_KIND_PAGE_VIEW, RECORD(FIELD("x", "[\"null\",\"R\"]")));
    struct decoding endless = open_schema(
        SEUIL_KIND_PAGE_VIEW,
        RECORD(FIELD("x", "{\"type\":\"record\",\"name\":\"N\",\"fields\":[{\"name\":\"n\","
                          "\"type\":\"N\"}]}")));
    struct seuil_buf b = {0};

    for (int depth = 1; depth < 100; depth++) {
        head(&b);
        for (int i = 0; i < depth; i++)
            avro_write_long(&b, 1);
        avro_write_long(&b, 0);
        cr_assert_eq(decoding_run(&d, b.ptr, b.len), depth <= 31 ? 0 : SEUIL_ERR_LIMIT, "%d",
                     depth);
    }
    head(&b);
    for (int i = 0; i < 200000; i++)
        avro_write_long(&b, 1);
    cr_assert_eq(run(&d, &b), SEUIL_ERR_LIMIT);
    head(&b);
    avro_write_long(&b, 1);
    avro_write_string(&b, "a");
    avro_write_string(&b, "b");
    avro_write_long(&b, 7);
    avro_write_long(&b, 0);
    cr_assert_eq(decoding_run(&self, b.ptr, b.len), 0);
    is(self.event.id, "e1");
    head(&b);
    cr_assert_eq(run(&endless, &b), SEUIL_ERR_LIMIT);
    seuil_buf_done(&b);
    decoding_done(&d);
    decoding_done(&self);
    decoding_done(&endless);
}

Test(avro, arrays_and_maps_in_each_other_do_not_run_away)
{
    char schema[8192] = "", type[4096] = "\"null\"", next[4096 + 64];
    struct decoding d;
    struct seuil_buf b = {0};

    for (int i = 0; i < 20; i++) {
        snprintf(next, sizeof(next), "{\"type\":\"array\",\"items\":%s}", type);
        memcpy(type, next, sizeof(type));
    }
    sprintf(schema, RECORD(",{\"name\":\"x\",\"type\":%s}"), type);
    d = open_schema(SEUIL_KIND_PAGE_VIEW, schema);
    head(&b);
    for (int i = 0; i < 30; i++)
        avro_write_long(&b, 1 << 20);
    cr_assert_lt(run(&d, &b), 0);
    for (int i = 0; i < 100000; i++)
        avro_write_long(&b, 1);
    cr_assert_lt(run(&d, &b), 0);
    seuil_buf_done(&b);
    decoding_done(&d);
}

/* ---- framing ------------------------------------------------------------------------------ */

static int framed(enum seuil_format format, const void *bytes, size_t len, const char *says)
{
    struct decoding d = format == SEUIL_FORMAT_JSON
                            ? decoding_json(SEUIL_KIND_PAGE_VIEW)
                            : decoding_avro(format, SEUIL_KIND_PAGE_VIEW, RECORD(""), NULL, 0);
    int rc = decoding_run(&d, bytes, len);

    cr_assert(rc == 0 || strstr(d.err.text, says), "\"%s\" does not say \"%s\"", d.err.text, says);
    decoding_done(&d);
    return rc;
}

Test(framing, each_of_the_three_is_read_as_itself_only_and_the_message_says_what_it_looks_like)
{
    static const char json[] = "{\"id\":\"e\",\"lead\":\"l\",\"time\":1}";
    static const char spaced[] = "\n {\"id\":\"e\",\"lead\":\"l\",\"time\":1}";
    static const uint8_t raw[] = {2, 'e', 2, 'l', 2};
    static const uint8_t confluent[] = {0, 0, 0, 0, 1, 2, 'e', 2, 'l', 2};
    static const uint8_t single[] = {0xc3, 1, 1, 2, 3, 4, 5, 6, 7, 8, 2, 'e', 2, 'l', 2};
    static const uint8_t other[] = {0, 0, 1, 0xf6, 0xca, 2, 'e', 2, 'l', 2};

    cr_assert_eq(framed(SEUIL_FORMAT_JSON, json, sizeof(json) - 1, ""), 0);
    cr_assert_eq(framed(SEUIL_FORMAT_RAW, raw, sizeof(raw), ""), 0);
    cr_assert_eq(framed(SEUIL_FORMAT_CONFLUENT, confluent, sizeof(confluent), ""), 0);

    cr_assert_eq(framed(SEUIL_FORMAT_CONFLUENT, json, sizeof(json) - 1,
                        "byte 0 is 7b: looks like JSON; set `format: json`"),
                 SEUIL_ERR_FORMAT);
    cr_assert_eq(framed(SEUIL_FORMAT_CONFLUENT, spaced, sizeof(spaced) - 1, "looks like JSON"),
                 SEUIL_ERR_FORMAT);
    cr_assert_eq(framed(SEUIL_FORMAT_CONFLUENT, raw, sizeof(raw), "set `format: raw`"),
                 SEUIL_ERR_FORMAT);
    cr_assert_eq(framed(SEUIL_FORMAT_CONFLUENT, single, sizeof(single), "single-object"),
                 SEUIL_ERR_FORMAT);
    cr_assert_eq(framed(SEUIL_FORMAT_CONFLUENT, other, sizeof(other), "(128714)"),
                 SEUIL_ERR_UNKNOWN);
    cr_assert_eq(framed(SEUIL_FORMAT_CONFLUENT, "", 0, "empty"), SEUIL_ERR_TRUNCATED);

    cr_assert_lt(framed(SEUIL_FORMAT_RAW, json, sizeof(json) - 1, "looks like JSON"), 0);
    cr_assert_lt(framed(SEUIL_FORMAT_RAW, confluent, sizeof(confluent),
                        "schema id 1; set `format: confluent`"),
                 0);
    cr_assert_lt(framed(SEUIL_FORMAT_RAW, single, sizeof(single), "single-object"), 0);

    cr_assert_lt(framed(SEUIL_FORMAT_JSON, confluent, sizeof(confluent), "looks like Confluent"),
                 0);
    cr_assert_lt(framed(SEUIL_FORMAT_JSON, single, sizeof(single), "single-object"), 0);
    cr_assert_lt(framed(SEUIL_FORMAT_JSON, raw, sizeof(raw), "no"), 0);
    cr_assert_lt(framed(SEUIL_FORMAT_JSON, "\xef\xbb\xbf{}", 5, "byte order mark"), 0);
    cr_assert_str_eq(seuil_decode_error_name(SEUIL_ERR_UNKNOWN), "unknown_schema");
}

Test(framing, each_schema_id_has_its_own_program)
{
    struct seuil_writer_schema schemas[] = {
        {.id = 70000, .path = "b.avsc", .text = RECORD(FIELD("url", "\"string\""))},
        {.id = 7, .path = "a.avsc", .text = RECORD(FIELD("title", "\"string\""))},
        {.id = 0xffffffff, .path = "c.avsc", .text = RECORD("")}};
    struct seuil_decoder_spec spec = {.format = SEUIL_FORMAT_CONFLUENT,
                                      .kind = SEUIL_KIND_PAGE_VIEW,
                                      .schemas = schemas,
                                      .schema_count = 3};
    struct decoding d = decoding_json(0);
    struct seuil_buf b = {0};

    for (int i = 0; i < 3; i++)
        schemas[i].len = (uint32_t)strlen(schemas[i].text);
    seuil_decoder_free(d.decoder);
    d.decoder = seuil_decoder_new(&spec, &d.err);
    cr_assert_not_null(d.decoder, "%s", d.err.text);
    for (int i = 0; i < 3; i++) {
        seuil_buf_clear(&b);
        avro_write_confluent(&b, schemas[i].id);
        avro_write_string(&b, "e");
        avro_write_string(&b, "l");
        avro_write_long(&b, 1);
        if (i < 2)
            avro_write_string(&b, "x");
        cr_assert_eq(decoding_run(&d, b.ptr, b.len), 0, "%s", d.err.text);
        cr_assert_eq(d.event.field[SEUIL_FIELD_URL].type == SEUIL_TYPE_STRING, i == 0);
        cr_assert_eq(d.event.field[SEUIL_FIELD_TITLE].type == SEUIL_TYPE_STRING, i == 1);
    }
    schemas[1].id = 70000;
    cr_assert_null(seuil_decoder_new(&spec, &d.err));
    cr_assert_eq(d.err.code, SEUIL_ERR_CONFIG);
    seuil_buf_done(&b);
    decoding_done(&d);
}

Test(framing, a_record_of_more_than_a_mebibyte_is_not_looked_at)
{
    struct decoding d = decoding_json(SEUIL_KIND_EMAIL);
    char *text = seuil_heap_zalloc(1, SEUIL_RECORD_BYTES_MAX + 1);
    int n = sprintf(text, "{\"id\":\"e\",\"lead\":\"l\",\"time\":1}");

    memset(text + n, ' ', (size_t)(SEUIL_RECORD_BYTES_MAX + 1 - n));
    cr_assert_eq(decoding_run(&d, text, SEUIL_RECORD_BYTES_MAX), 0);
    cr_assert_eq(decoding_run(&d, text, SEUIL_RECORD_BYTES_MAX + 1), SEUIL_ERR_LIMIT);
    seuil_heap_free(text);
    decoding_done(&d);
}
