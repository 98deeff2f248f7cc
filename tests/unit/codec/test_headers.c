#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "codec/cloudevent.h"
#include "codec/dead_letter.h"
#include "codec/origin.h"

static const char *header(const struct seuil_entry_view *e, const char *name)
{
    static char out[8][128];
    static unsigned turn;

    for (uint32_t i = 0; i < e->header_count; i++) {
        if (!seuil_str_eq(e->headers[i].name, seuil_str_from(name)))
            continue;
        turn = (turn + 1) % 8;
        snprintf(out[turn], sizeof(out[0]), "%.*s", (int)e->headers[i].value_len,
                 (const char *)e->headers[i].value);
        return out[turn];
    }
    return NULL;
}

static struct seuil_dead_letter sample(struct seuil_header *headers, uint32_t count)
{
    return (struct seuil_dead_letter){.topic = SEUIL_STR("page_views"),
                                      .partition = 3,
                                      .offset = INT64_C(9223372036854775807),
                                      .time = -1,
                                      .key = {"k\0y", 3},
                                      .value = (const uint8_t *)"\xff\x00value",
                                      .value_len = 7,
                                      .headers = headers,
                                      .header_count = count,
                                      .app = SEUIL_STR("seuil"),
                                      .shard = 3,
                                      .stage = "VALUE_CONVERTER",
                                      .error = "truncated",
                                      .message = "the record ends too early"};
}

Test(dead_letter, keeps_key_value_and_headers_and_says_where_it_came_from_and_why)
{
    struct seuil_header headers[] = {{SEUIL_STR("traceparent"), (const uint8_t *)"00-1", 4},
                                     {SEUIL_STR("null"), NULL, 0}};
    struct seuil_dead_letter letter = sample(headers, 2);
    struct seuil_dead_letter_text text;
    struct seuil_entry_view e;

    seuil_dead_letter_build(&letter, 1, &text, &e);
    cr_assert_eq(e.destination, 1);
    cr_assert(e.key.len == 3 && memcmp(e.key.ptr, "k\0y", 3) == 0);
    cr_assert(e.value == letter.value && e.value_len == 7);
    cr_assert_eq(memcmp(e.headers, headers, sizeof(headers)), 0);
    cr_assert_eq(e.header_count, 2 + SEUIL_DEAD_LETTER_HEADERS - 1);
    cr_assert_str_eq(header(&e, "__connect.errors.topic"), "page_views");
    cr_assert_str_eq(header(&e, "__connect.errors.partition"), "3");
    cr_assert_str_eq(header(&e, "__connect.errors.offset"), "9223372036854775807");
    cr_assert_str_eq(header(&e, "__connect.errors.connector.name"), "seuil");
    cr_assert_str_eq(header(&e, "__connect.errors.task.id"), "3");
    cr_assert_str_eq(header(&e, "__connect.errors.stage"), "VALUE_CONVERTER");
    cr_assert_str_eq(header(&e, "__connect.errors.class.name"), "seuild");
    cr_assert_str_eq(header(&e, "__connect.errors.exception.class.name"), "truncated");
    cr_assert_str_eq(header(&e, "__connect.errors.exception.message"), "the record ends too early");
    cr_assert_str_eq(header(&e, "seuil.error"), "truncated");
    cr_assert_str_eq(header(&e, "seuil.timestamp"), "-1");
    cr_assert_str_eq(header(&e, "seuil.version"), SEUIL_VERSION);
    cr_assert_null(header(&e, "seuil.headers_dropped"));
}

Test(dead_letter, more_headers_than_fit_are_counted)
{
    struct seuil_header headers[SEUIL_HEADERS_MAX + 5];
    struct seuil_dead_letter letter;
    struct seuil_dead_letter_text text;
    struct seuil_entry_view e;

    for (unsigned i = 0; i < SEUIL_HEADERS_MAX + 5; i++)
        headers[i] = (struct seuil_header){SEUIL_STR("x"), (const uint8_t *)"y", 1};
    letter = sample(headers, SEUIL_HEADERS_MAX - SEUIL_DEAD_LETTER_HEADERS);
    seuil_dead_letter_build(&letter, 1, &text, &e);
    cr_assert_null(header(&e, "seuil.headers_dropped"));
    letter = sample(headers, SEUIL_HEADERS_MAX + 5);
    seuil_dead_letter_build(&letter, 1, &text, &e);
    cr_assert_eq(e.header_count, SEUIL_HEADERS_MAX);
    cr_assert_str_eq(header(&e, "seuil.headers_dropped"), "18");
    cr_assert_str_eq(header(&e, "__connect.errors.topic"), "page_views");
}

Test(cloudevent, has_the_attributes_of_binary_mode)
{
    struct seuil_cloudevent event = {.id = "0123",
                                     .source = "/seuil/demo",
                                     .type = SEUIL_CE_UP,
                                     .effective = INT64_C(1772438400000),
                                     .lead = SEUIL_STR("lead-1"),
                                     .format = SEUIL_OUT_JSON,
                                     .traceparent = SEUIL_STR("00-a-b-01"),
                                     .tracestate = SEUIL_STR("v=1"),
                                     .processed = INT64_C(1772438400250),
                                     .input_lag_ms = 250,
                                     .stale = true};
    struct seuil_cloudevent_text text;
    struct seuil_entry_view e = {0};

    seuil_cloudevent_add(&event, &text, &e);
    cr_assert_eq(e.header_count, 12);
    cr_assert_str_eq(header(&e, "ce_specversion"), "1.0");
    cr_assert_str_eq(header(&e, "ce_id"), "0123");
    cr_assert_str_eq(header(&e, "ce_source"), "/seuil/demo");
    cr_assert_str_eq(header(&e, "ce_type"), "fr.seuil.tier.up");
    cr_assert_str_eq(header(&e, "ce_time"), "2026-03-02T08:00:00.000Z");
    cr_assert_str_eq(header(&e, "ce_subject"), "lead-1");
    cr_assert_str_eq(header(&e, "content-type"), "application/json");
    cr_assert_str_eq(header(&e, "traceparent"), "00-a-b-01");
    cr_assert_str_eq(header(&e, "tracestate"), "v=1");
    cr_assert_str_eq(header(&e, "seuil_processed_at"), "2026-03-02T08:00:00.250Z");
    cr_assert_str_eq(header(&e, "seuil_input_lag_ms"), "250");
    cr_assert_str_eq(header(&e, "seuil_stale"), "true");
}

Test(cloudevent, leaves_out_what_is_not_known)
{
    struct seuil_cloudevent event = {.id = "0123",
                                     .source = "s",
                                     .type = SEUIL_CE_DOWN,
                                     .lead = SEUIL_STR("l"),
                                     .format = SEUIL_OUT_AVRO,
                                     .input_lag_ms = -1};
    struct seuil_cloudevent_text text;
    struct seuil_entry_view e = {0};

    seuil_cloudevent_add(&event, &text, &e);
    cr_assert_eq(e.header_count, 8);
    cr_assert_str_eq(header(&e, "ce_type"), "fr.seuil.tier.down");
    cr_assert_str_eq(header(&e, "content-type"), "application/avro");
    cr_assert_null(header(&e, "traceparent"));
    cr_assert_null(header(&e, "tracestate"));
    cr_assert_null(header(&e, "seuil_input_lag_ms"));
    cr_assert_null(header(&e, "seuil_stale"));
}

Test(cloudevent, without_data_has_no_type_of_it)
{
    struct seuil_cloudevent event = {
        .id = "0123", .source = "s", .type = SEUIL_CE_GONE, .empty = true, .input_lag_ms = -1};
    struct seuil_cloudevent_text text;
    struct seuil_entry_view e = {0};

    seuil_cloudevent_add(&event, &text, &e);
    cr_assert_str_eq(header(&e, "ce_type"), "fr.seuil.lead.gone");
    cr_assert_null(header(&e, "content-type"));
    e.header_count = 0;
    event.structured = true;
    seuil_cloudevent_add(&event, &text, &e);
    cr_assert_null(header(&e, "content-type"));
    cr_assert_eq(e.header_count, 1, "when it was made, no more");
}

Test(origin, a_number_is_all_digits_and_fits)
{
    int64_t n = 7;

    cr_assert_eq(seuil_origin_number(SEUIL_STR("9223372036854775807"), &n), 0);
    cr_assert_eq(n, INT64_MAX);
    cr_assert_eq(seuil_origin_number(SEUIL_STR("-9223372036854775808"), &n), 0);
    cr_assert_eq(n, INT64_MIN);
    cr_assert_eq(seuil_origin_number(SEUIL_STR("9223372036854775808"), &n), SEUIL_ERR_FORMAT);
    cr_assert_eq(seuil_origin_number(SEUIL_STR("-"), &n), SEUIL_ERR_FORMAT);
    cr_assert_eq(seuil_origin_number(SEUIL_STR(""), &n), SEUIL_ERR_FORMAT);
    cr_assert_eq(seuil_origin_number(SEUIL_STR("1 "), &n), SEUIL_ERR_FORMAT);
    cr_assert_eq(n, INT64_MIN, "untouched");
}

struct place {
    const char *topic, *partition, *offset, *time;
};

static bool place_header(void *ctx, const char *name, struct seuil_str *ret_value)
{
    const struct place *place = ctx;
    const char *text = strcmp(name, SEUIL_ORIGIN_TOPIC) == 0       ? place->topic
                       : strcmp(name, SEUIL_ORIGIN_PARTITION) == 0 ? place->partition
                       : strcmp(name, SEUIL_ORIGIN_OFFSET) == 0    ? place->offset
                       : strcmp(name, SEUIL_ORIGIN_TIME) == 0      ? place->time
                                                                   : NULL;

    if (text)
        *ret_value = seuil_str_from(text);
    return text != NULL;
}

Test(origin, is_taken_whole_or_not_at_all)
{
    const struct place good = {"page_views", "3", "77", "-5"};
    const struct place bad[] = {{NULL, "3", "77", "5"}, {"t", "-3", "77", "5"},
                                {"t", "3", "77x", "5"}, {"t", "3", "-1", "5"},
                                {"t", "3", "77", NULL}, {"t", "2147483648", "77", "5"},
                                {"t", "3", "77", ""},   {"t", NULL, "77", "5"}};
    struct seuil_record_view r = {.topic = SEUIL_STR("now"), .offset = 1, .header = place_header};

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        r.ctx = (void *)&bad[i];
        cr_assert_not(seuil_origin_restore(&r), "%u", i);
        cr_assert(seuil_str_eq(r.topic, SEUIL_STR("now")) && r.offset == 1 && r.time == 0);
    }
    r.ctx = (void *)&good;
    cr_assert(seuil_origin_restore(&r));
    cr_assert(seuil_str_eq(r.topic, SEUIL_STR("page_views")));
    cr_assert(r.partition == 3 && r.offset == 77 && r.time == -5);
}

/* ---- read back ---------------------------------------------------------------------------- */

Test(dead_letter, is_read_back_with_the_records_own_headers_apart)
{
    /* It came out of somebody's dead letters itself, and was sent again once. */
    struct seuil_header headers[] = {
        {SEUIL_STR("__connect.errors.topic"), (const uint8_t *)"theirs", 6},
        {SEUIL_STR("seuil.error"), (const uint8_t *)"theirs", 6},
        {SEUIL_STR(SEUIL_ORIGIN_TOPIC), (const uint8_t *)"first", 5},
        {SEUIL_STR(SEUIL_ORIGIN_PARTITION), (const uint8_t *)"1", 1},
        {SEUIL_STR(SEUIL_ORIGIN_OFFSET), (const uint8_t *)"12", 2},
        {SEUIL_STR(SEUIL_ORIGIN_TIME), (const uint8_t *)"99", 2}};
    struct seuil_dead_letter letter = sample(headers, 6);
    struct seuil_dead_letter_text text;
    struct seuil_dead_letter_view view;
    struct seuil_entry_view e;

    seuil_dead_letter_build(&letter, 1, &text, &e);
    cr_assert_eq(seuil_dead_letter_read(e.headers, e.header_count, &view), 0);
    cr_assert_eq(view.own_headers, 6);
    cr_assert(seuil_str_eq(view.topic, SEUIL_STR("page_views")));
    cr_assert(view.partition == 3 && view.offset == INT64_MAX && view.time == -1);
    cr_assert(seuil_str_eq(view.error, SEUIL_STR("truncated")));
    cr_assert(view.again && seuil_str_eq(view.first.topic, SEUIL_STR("first")));
    cr_assert(view.first.partition == 1 && view.first.offset == 12 && view.first.time == 99);

    letter.header_count = 0;
    seuil_dead_letter_build(&letter, 1, &text, &e);
    cr_assert_eq(seuil_dead_letter_read(e.headers, e.header_count, &view), 0);
    cr_assert(!view.again && view.first.offset == INT64_MAX);
}

Test(dead_letter, of_others_or_damaged_is_told_apart)
{
    struct seuil_dead_letter letter = sample(NULL, 0);
    struct seuil_dead_letter_text text;
    struct seuil_dead_letter_view view;
    struct seuil_entry_view e;

    cr_assert_eq(seuil_dead_letter_read(NULL, 0, &view), SEUIL_ERR_MISSING);
    seuil_dead_letter_build(&letter, 1, &text, &e);
    cr_assert_eq(seuil_dead_letter_read(e.headers + 1, e.header_count - 1, &view),
                 SEUIL_ERR_MISSING);
    cr_assert_eq(seuil_dead_letter_read(e.headers, 5, &view), SEUIL_ERR_FORMAT);
    e.headers[2].value = (const uint8_t *)"12x";
    e.headers[2].value_len = 3;
    cr_assert_eq(seuil_dead_letter_read(e.headers, e.header_count, &view), SEUIL_ERR_FORMAT);
}

/* ---- structured mode ---------------------------------------------------------------------- */

Test(cloudevent, structured_holds_attributes_and_data_in_one_object)
{
    struct seuil_cloudevent event = {
        .id = "0a",
        .source = "urn:seuil:\"x\"",
        .type = SEUIL_CE_DOWN,
        .effective = INT64_C(1767261600000),
        .lead = SEUIL_STR("n\xc3\xa9/\n"),
        .format = SEUIL_OUT_JSON,
        .structured = true,
        .tracestate = SEUIL_STR("a=b"),
        .processed = INT64_C(1767261600000),
        .input_lag_ms = -1,
    };
    struct seuil_cloudevent_text text;
    struct seuil_entry_view e = {0};
    struct seuil_buf out = {0};

    cr_assert_eq(seuil_cloudevent_open(&event, &out), 0);
    seuil_buf_add_text(&out, "{}");
    cr_assert_eq(seuil_cloudevent_close(&out), 0);
    seuil_buf_add_byte(&out, 0);
    cr_assert_str_eq((const char *)out.ptr,
                     "{\"specversion\":\"1.0\",\"id\":\"0a\",\"source\":\"urn:seuil:\\\"x\\\"\","
                     "\"type\":\"fr.seuil.tier.down\",\"time\":\"2026-01-01T10:00:00.000Z\","
                     "\"subject\":\"n\xc3\xa9/\\n\",\"datacontenttype\":\"application/json\","
                     "\"tracestate\":\"a=b\",\"data\":{}}");
    seuil_buf_done(&out);
    seuil_cloudevent_add(&event, &text, &e);
    cr_assert_eq(e.header_count, 3);
    cr_assert_str_eq(header(&e, "content-type"), "application/cloudevents+json; charset=UTF-8");
    cr_assert_str_eq(header(&e, "tracestate"), "a=b");
    cr_assert_null(header(&e, "ce_id"));
}
