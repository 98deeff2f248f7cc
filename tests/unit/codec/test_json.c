#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

#include "support/decoding.h"

#define HEAD "\"id\":\"e1\",\"lead\":\"L1\",\"time\":1772438400000"

static void is(struct seuil_str s, const char *text)
{
    cr_assert(seuil_str_eq(s, seuil_str_from(text)), "%.*s instead of %s", (int)s.len, s.ptr, text);
}

static const struct seuil_value *field(const struct decoding *d, enum seuil_field f)
{
    return &d->event.field[f];
}

static const struct seuil_value *entry(const struct decoding *d, const char *key)
{
    for (uint32_t i = 0; i < d->event.map_count; i++)
        if (seuil_str_eq(d->event.map[i].key, seuil_str_from(key)))
            return &d->event.map[i].value;
    return NULL;
}

Test(json, a_page_view_is_read_with_its_derived_fields)
{
    struct decoding d = decoding_json(-1);

    cr_assert_eq(decoding_text(&d, "{\"type\":\"page_view\",\"id\":\"e1\",\"lead\":\"L1\",\"time\":"
                                   "\"2026-03-02T08:00:00Z\",\"url\":\"https://a.fr/tarifs?x=1\","
                                   "\"duration_ms\":1200,\"utm_source\":\"ad\\u00e9\"}"),
                 0);
    cr_assert_eq(d.event.kind, SEUIL_KIND_PAGE_VIEW);
    is(d.event.id, "e1");
    is(d.event.lead, "L1");
    cr_assert_eq(d.event.time, INT64_C(1772438400000));
    is(field(&d, SEUIL_FIELD_PATH)->s, "/tarifs");
    is(field(&d, SEUIL_FIELD_HOST)->s, "a.fr");
    is(field(&d, SEUIL_FIELD_UTM_SOURCE)->s, "adé");
    cr_assert_eq(field(&d, SEUIL_FIELD_DURATION_MS)->i, 1200);
    cr_assert_eq(field(&d, SEUIL_FIELD_TITLE)->type, SEUIL_TYPE_NULL);
    decoding_done(&d);
}

Test(json, every_field_of_every_kind_is_read)
{
    struct decoding d = decoding_json(-1);
    char text[2048];

    for (int kind = 0; kind < SEUIL_KINDS; kind++) {
        int n = sprintf(text, "{\"type\":\"%s\"," HEAD ",\"retracts\":\"r\",\"consent\":true",
                        seuil_kind_name(kind));

        for (int f = 0; f < SEUIL_FIELD_HOST; f++) {
            const char *name = seuil_field_name(f);
            const char *value = f == SEUIL_FIELD_DURATION_MS || f == SEUIL_FIELD_VALUE ? "17"
                                : f == SEUIL_FIELD_MACHINE                             ? "true"
                                                                                       : "\"v\"";
            /* A field of another kind is no field: its type does not matter. */
            n += sprintf(text + n, ",\"%s\":%s", name,
                         seuil_field_of_kind(f, kind) ? value : "[{}]");
        }
        strcpy(text + n, "}");
        cr_assert_eq(decoding_text(&d, text), 0, "%s", d.err.text);
        cr_assert_eq(d.event.kind, (enum seuil_kind)kind);
        is(d.event.retracts, "r");
        cr_assert(d.event.consent.type == SEUIL_TYPE_BOOL && d.event.consent.b);
        for (int f = 0; f < SEUIL_FIELD_HOST; f++)
            cr_assert_eq(d.event.field[f].type != SEUIL_TYPE_NULL, seuil_field_of_kind(f, kind),
                         "%s of %s", seuil_field_name(f), seuil_kind_name(kind));
    }
    decoding_done(&d);
}

Test(json, the_type_may_stand_anywhere)
{
    struct decoding d = decoding_json(-1);

    cr_assert_eq(decoding_text(&d, "{" HEAD ",\"name\":\"n\",\"properties\":{\"a\":1},"
                                   "\"fields\":[1],\"type\":\"activity\"}"),
                 0);
    cr_assert_eq(d.event.kind, SEUIL_KIND_ACTIVITY);
    cr_assert_eq(d.event.map_count, 1);
    is(field(&d, SEUIL_FIELD_NAME)->s, "n");
    decoding_done(&d);
}

Test(json, a_large_record_whose_type_stands_last_fits_the_scratch)
{
    struct decoding d = decoding_json(-1);
    size_t len = SEUIL_RECORD_BYTES_MAX - 1000;
    char *text = seuil_heap_zalloc(1, SEUIL_RECORD_BYTES_MAX);
    int n = sprintf(text, "{" HEAD ",\"\\n");

    memset(text + n, 'x', len);
    strcpy(text + n + len, "\":1,\"type\":\"email\"}");
    cr_assert_eq(decoding_text(&d, text), 0, "%s", d.err.text);
    seuil_heap_free(text);
    decoding_done(&d);
}

Test(json, a_type_that_is_no_kind_or_missing_or_another_than_the_inputs_is_refused)
{
    struct decoding d = decoding_json(-1), email = decoding_json(SEUIL_KIND_EMAIL);

    cr_assert_eq(decoding_text(&d, "{\"type\":\"pageview\"," HEAD "}"), SEUIL_ERR_UNSUPPORTED);
    cr_assert_eq(decoding_text(&d, "{\"type\":\"tick\"," HEAD "}"), SEUIL_ERR_UNSUPPORTED);
    cr_assert_eq(decoding_text(&d, "{\"type\":1," HEAD "}"), SEUIL_ERR_UNSUPPORTED);
    cr_assert_eq(decoding_text(&d, "{" HEAD "}"), SEUIL_ERR_MISSING);
    cr_assert_eq(decoding_text(&email, "{" HEAD "}"), 0);
    cr_assert_eq(decoding_text(&email, "{" HEAD ",\"type\":\"email\"}"), 0);
    cr_assert_eq(decoding_text(&email, "{" HEAD ",\"type\":\"form\"}"), SEUIL_ERR_FORMAT);
    cr_assert_str_eq(seuil_decode_error_name(SEUIL_ERR_UNSUPPORTED), "unknown_type");
    decoding_done(&d);
    decoding_done(&email);
}

Test(json, what_every_event_must_have_is_asked_for)
{
    static const char *const texts[] = {
        "{\"lead\":\"l\",\"time\":1}",
        "{\"id\":\"e\",\"time\":1}",
        "{\"id\":\"e\",\"lead\":\"l\"}",
        "{\"id\":null,\"lead\":\"l\",\"time\":1}",
        "{\"id\":\"\",\"lead\":\"l\",\"time\":1}",
        "{\"id\":\"e\",\"lead\":\"l\",\"time\":null}",
    };
    static const char *const names[] = {"`id`", "`lead`", "`time`", "`id`", "`id`", "`time`"};
    struct decoding d = decoding_json(SEUIL_KIND_EMAIL);

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        cr_assert_eq(decoding_text(&d, texts[i]), SEUIL_ERR_MISSING, "%s", texts[i]);
        cr_assert(strstr(d.err.text, names[i]), "%s", d.err.text);
    }
    decoding_done(&d);
}

Test(json, wrong_types_are_refused_and_named)
{
    static const char *const members[] = {
        "\"url\":1",       "\"url\":true",          "\"url\":{}",
        "\"url\":[\"a\"]", "\"duration_ms\":\"5\"", "\"duration_ms\":true",
        "\"consent\":1",   "\"consent\":\"true\"",  "\"retracts\":5",
    };
    struct decoding d = decoding_json(SEUIL_KIND_PAGE_VIEW);
    char text[256];

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        sprintf(text, "{" HEAD ",%s}", members[i]);
        cr_assert_eq(decoding_text(&d, text), SEUIL_ERR_FORMAT, "%s", text);
        cr_assert(strchr(d.err.text, '`'), "%s", d.err.text);
    }
    decoding_done(&d);
}

Test(json, null_and_absent_are_one)
{
    struct decoding d = decoding_json(SEUIL_KIND_PAGE_VIEW);

    cr_assert_eq(decoding_text(&d, "{" HEAD ",\"url\":null,\"duration_ms\":null,\"consent\":null,"
                                   "\"retracts\":null,\"type\":null}"),
                 0);
    cr_assert_eq(field(&d, SEUIL_FIELD_URL)->type, SEUIL_TYPE_NULL);
    cr_assert_eq(d.event.consent.type, SEUIL_TYPE_NULL);
    cr_assert_eq(d.event.retracts.len, 0);
    decoding_done(&d);
}

Test(json, a_name_that_stands_twice_is_refused_whether_wanted_or_not)
{
    struct decoding d = decoding_json(SEUIL_KIND_FORM);

    cr_assert_eq(decoding_text(&d, "{" HEAD ",\"id\":\"e1\"}"), SEUIL_ERR_FORMAT);
    cr_assert_eq(decoding_text(&d, "{" HEAD ",\"x\":1,\"x\":1}"), SEUIL_ERR_FORMAT);
    cr_assert_eq(decoding_text(&d, "{" HEAD ",\"x\":1,\"\\u0078\":1}"), SEUIL_ERR_FORMAT);
    cr_assert_eq(decoding_text(&d, "{" HEAD ",\"fields\":{\"a\":1,\"a\":2}}"), SEUIL_ERR_FORMAT);
    cr_assert_eq(decoding_text(&d, "{" HEAD ",\"x\":1,\"fields\":{\"x\":1}}"), 0);
    decoding_done(&d);
}

Test(json, whole_numbers_are_exact_to_64_bits)
{
    static const struct {
        const char *text;
        int64_t value;
    } rows[] = {{"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN},
                {"9007199254740993", INT64_C(9007199254740993)},
                {"-0", 0},
                {"1772438400001", INT64_C(1772438400001)}};
    struct decoding d = decoding_json(SEUIL_KIND_ACTIVITY);
    char text[256];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sprintf(text, "{" HEAD ",\"value\":%s}", rows[i].text);
        cr_assert_eq(decoding_text(&d, text), 0);
        cr_assert_eq(field(&d, SEUIL_FIELD_VALUE)->type, SEUIL_TYPE_INT);
        cr_assert_eq(field(&d, SEUIL_FIELD_VALUE)->i, rows[i].value);
    }
    decoding_done(&d);
}

Test(json, other_numbers_are_rounded_as_strtod_does_in_any_locale)
{
    static const char *const numbers[] = {"0.1",
                                          "-1.5e300",
                                          "9223372036854775808",
                                          "1e0",
                                          "5e-324",
                                          "2.2250738585072011e-308",
                                          "0.30000000000000004",
                                          "123456789012345678901234567890"};
    struct decoding d = decoding_json(SEUIL_KIND_ACTIVITY);
    char text[256];

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        double value = strtod(numbers[i], NULL);

        setlocale(LC_ALL, "fr_FR.UTF-8");
        sprintf(text, "{" HEAD ",\"value\":%s}", numbers[i]);
        cr_assert_eq(decoding_text(&d, text), 0);
        cr_assert_eq(field(&d, SEUIL_FIELD_VALUE)->type, SEUIL_TYPE_DOUBLE);
        cr_assert_eq(field(&d, SEUIL_FIELD_VALUE)->d, value, "%s", numbers[i]);
        setlocale(LC_ALL, "C");
    }
    cr_assert_eq(decoding_text(&d, "{" HEAD ",\"value\":1e400}"), SEUIL_ERR_LIMIT);
    decoding_done(&d);
}

Test(json, a_number_of_more_than_256_characters_is_beyond_a_limit_only_where_it_is_wanted)
{
    struct decoding d = decoding_json(SEUIL_KIND_ACTIVITY);
    char text[1024];

    for (int len = 250; len < 260; len++) {
        sprintf(text, "{" HEAD ",\"value\":0.%0*d}", len - 2, 1);
        cr_assert_eq(decoding_text(&d, text), len <= 256 ? 0 : SEUIL_ERR_LIMIT, "%d", len);
        sprintf(text, "{" HEAD ",\"other\":0.%0*d}", len - 2, 1);
        cr_assert_eq(decoding_text(&d, text), 0);
    }
    decoding_done(&d);
}

Test(json, times_are_milliseconds_or_rfc_3339_within_ten_thousand_years)
{
    static const struct {
        const char *text;
        int code;
        int64_t time;
    } rows[] = {{"0", 0, 0},
                {"-1", 0, -1},
                {"1772438400000", 0, INT64_C(1772438400000)},
                {"1.7724384e12", 0, INT64_C(1772438400000)},
                {"\"2026-03-02T09:00:00.250+01:00\"", 0, INT64_C(1772438400250)},
                {"253402300799999", 0, INT64_C(253402300799999)},
                {"253402300800000", SEUIL_ERR_LIMIT, 0},
                {"-62167219200001", SEUIL_ERR_LIMIT, 0},
                {"1772438400000000", SEUIL_ERR_LIMIT, 0},
                {"9223372036854775807", SEUIL_ERR_LIMIT, 0},
                {"1.5", SEUIL_ERR_FORMAT, 0},
                {"1e20", SEUIL_ERR_FORMAT, 0},
                {"true", SEUIL_ERR_FORMAT, 0},
                {"\"2026-03-02T08:00:00\"", SEUIL_ERR_FORMAT, 0},
                {"\"1772438400000\"", SEUIL_ERR_FORMAT, 0}};
    struct decoding d = decoding_json(SEUIL_KIND_EMAIL);
    char text[256];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sprintf(text, "{\"id\":\"e\",\"lead\":\"l\",\"time\":%s}", rows[i].text);
        cr_assert_eq(decoding_text(&d, text), rows[i].code, "%s", rows[i].text);
        cr_assert(rows[i].code || d.event.time == rows[i].time, "%s", rows[i].text);
    }
    decoding_done(&d);
}

Test(json, a_forms_fields_are_texts_as_they_are_written)
{
    struct decoding d = decoding_json(SEUIL_KIND_FORM);

    cr_assert_eq(decoding_text(&d, "{" HEAD ",\"fields\":{\"a\":\"x\\ty\",\"n\":1.50,\"i\":007}}"),
                 SEUIL_ERR_FORMAT);
    cr_assert_eq(decoding_text(&d, "{" HEAD ",\"fields\":{\"a\":\"x\\ty\",\"n\":1.50,\"t\":true,"
                                   "\"z\":null,\"l\":[1,2],\"o\":{\"p\":1}}}"),
                 0);
    cr_assert_eq(d.event.map_count, 3);
    is(entry(&d, "a")->s, "x\ty");
    is(entry(&d, "n")->s, "1.50");
    is(entry(&d, "t")->s, "true");
    decoding_done(&d);
}

Test(json, attributes_keep_their_types_and_their_nulls)
{
    struct decoding d = decoding_json(SEUIL_KIND_PROFILE);

    cr_assert_eq(decoding_text(&d, "{" HEAD ",\"attributes\":{\"s\":\"x\",\"i\":250,\"d\":0.5,"
                                   "\"b\":false,\"n\":null,\"l\":[]}}"),
                 0);
    cr_assert_eq(d.event.map_count, 5);
    is(entry(&d, "s")->s, "x");
    cr_assert_eq(entry(&d, "i")->i, 250);
    cr_assert_eq(entry(&d, "d")->d, 0.5);
    cr_assert_eq(entry(&d, "b")->type, SEUIL_TYPE_BOOL);
    cr_assert_eq(entry(&d, "n")->type, SEUIL_TYPE_NULL);
    cr_assert_eq(decoding_text(&d, "{" HEAD ",\"attributes\":null}"), 0);
    cr_assert_eq(d.event.map_count, 0);
    cr_assert_eq(decoding_text(&d, "{" HEAD ",\"attributes\":[]}"), SEUIL_ERR_FORMAT);
    decoding_done(&d);
}

Test(json, a_map_has_at_most_256_entries_and_an_object_at_most_512_unknown_members)
{
    struct decoding d = decoding_json(SEUIL_KIND_PROFILE);
    char text[16384];

    for (int count = 255; count < 259; count++) {
        int n = sprintf(text, "{" HEAD ",\"attributes\":{\"k\":1");

        for (int i = 1; i < count; i++)
            n += sprintf(text + n, ",\"k%d\":%d", i, i);
        strcpy(text + n, "}}");
        cr_assert_eq(decoding_text(&d, text), count <= 256 ? 0 : SEUIL_ERR_LIMIT, "%d", count);
    }
    for (int count = 510; count < 515; count++) {
        int n = sprintf(text, "{" HEAD);

        for (int i = 0; i < count; i++)
            n += sprintf(text + n, ",\"k%d\":%d", i, i);
        strcpy(text + n, "}");
        cr_assert_eq(decoding_text(&d, text), count <= 512 ? 0 : SEUIL_ERR_LIMIT, "%d", count);
    }
    decoding_done(&d);
}

Test(json, identifiers_have_at_most_256_bytes)
{
    struct decoding d = decoding_json(SEUIL_KIND_EMAIL);
    char text[512], id[300];

    for (int len = 255; len < 259; len++) {
        memset(id, 'x', sizeof(id));
        id[len] = '\0';
        sprintf(text, "{\"id\":\"e\",\"lead\":\"%s\",\"time\":1}", id);
        cr_assert_eq(decoding_text(&d, text), len <= 256 ? 0 : SEUIL_ERR_LIMIT);
    }
    decoding_done(&d);
}

Test(json, fields_are_read_under_the_names_of_the_source)
{
    struct seuil_rename renames[] = {{"id", "event_id"},
                                     {"lead", "who"},
                                     {"time", "ts"},
                                     {"url", "id"},
                                     {"attributes", "traits"}};
    struct seuil_decoder_spec spec = {.format = SEUIL_FORMAT_JSON,
                                      .kind = SEUIL_KIND_PAGE_VIEW,
                                      .renames = renames,
                                      .rename_count = 4};
    struct decoding d = decoding_json(-1);

    seuil_decoder_free(d.decoder);
    d.decoder = seuil_decoder_new(&spec, &d.err);
    cr_assert_not_null(d.decoder, "%s", d.err.text);
    cr_assert_eq(decoding_text(&d, "{\"event_id\":\"e\",\"who\":\"l\",\"ts\":5,\"id\":\"/p\","
                                   "\"lead\":7}"),
                 0);
    is(d.event.id, "e");
    is(field(&d, SEUIL_FIELD_URL)->s, "/p");
    seuil_decoder_free(d.decoder);

    spec.kind = -1;
    spec.rename_count = 5;
    d.decoder = seuil_decoder_new(&spec, &d.err);
    cr_assert_not_null(d.decoder, "%s", d.err.text);
    cr_assert_eq(decoding_text(&d,
                               "{\"event_id\":\"e\",\"who\":\"l\",\"ts\":5,\"type\":\"profile\","
                               "\"traits\":{\"a\":1}}"),
                 0);
    cr_assert_eq(d.event.map_count, 1);
    decoding_done(&d);
}

Test(json, renames_that_cannot_be_meant_are_refused)
{
    static const struct seuil_rename rows[][2] = {
        {{"urll", "x"}, {"id", "y"}},    {{"url", ""}, {"id", "y"}},
        {{"url", "id"}, {"title", "y"}}, {{"url", "x"}, {"title", "x"}},
        {{"url", "x"}, {"url", "y"}},    {{"form_id", "x"}, {"id", "y"}},
        {{"host", "x"}, {"id", "y"}}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct seuil_decoder_spec spec = {.format = SEUIL_FORMAT_JSON,
                                          .kind = SEUIL_KIND_PAGE_VIEW,
                                          .renames = rows[i],
                                          .rename_count = 2};
        struct seuil_error err;

        cr_assert_null(seuil_decoder_new(&spec, &err), "row %zu", i);
        cr_assert_eq(err.code, SEUIL_ERR_INVALID);
    }
}

Test(json, no_event_allocates)
{
    struct decoding d = decoding_json(-1);

    seuil_heap_fail_after(-1);
    for (int i = 0; i < 10; i++)
        cr_assert_eq(decoding_text(&d, "{\"type\":\"form\",\"id\":\"\\u00e9\",\"lead\":\"l\","
                                       "\"time\":1,\"x\":1,\"fields\":{\"a\":\"\\n\"}}"),
                     0);
    cr_assert_eq(seuil_heap_fail_after(-1), 0);
    decoding_done(&d);
}

Test(json, making_a_decoder_fails_cleanly_when_memory_is_out)
{
    struct seuil_rename renames[] = {{"id", "event_id"}};
    struct seuil_decoder_spec spec = {
        .format = SEUIL_FORMAT_JSON, .kind = -1, .renames = renames, .rename_count = 1};
    struct seuil_decoder *decoder = NULL;
    struct seuil_error err;
    int64_t n;

    for (n = 0; !decoder && n < 1000; n++) {
        seuil_heap_fail_after(n);
        decoder = seuil_decoder_new(&spec, &err);
        seuil_heap_fail_after(-1);
        cr_assert(decoder || err.code == SEUIL_ERR_NOMEM);
    }
    cr_assert(n > 1);
    seuil_decoder_free(decoder);
    for (n = 0; n < 2; n++) {
        seuil_heap_fail_after(n);
        cr_assert_null(seuil_decode_scratch_new());
        seuil_heap_fail_after(-1);
    }
}

Test(json, of_members_of_one_name_the_last_wins_where_that_is_set)
{
    struct decoding d = decoding_json_last(-1);

    cr_assert_eq(decoding_text(&d, "{\"type\":\"email\",\"id\":\"a\",\"lead\":\"l\",\"time\":1,"
                                   "\"x\":1,\"x\":2,\"type\":\"form\",\"time\":null,\"time\":5,"
                                   "\"action\":\"open\",\"id\":\"b\",\"form_id\":\"f\","
                                   "\"form_id\":null,\"fields\":{\"gone\":\"1\"},"
                                   "\"fields\":{\"a\":\"1\",\"b\":2,\"a\":\"3\",\"c\":\"4\","
                                   "\"c\":null,\"b\":[]}}"),
                 SEUIL_ERR_FORMAT, "the first type is another than the last");
    cr_assert_eq(decoding_text(&d, "{\"id\":\"a\",\"lead\":\"l\",\"time\":1,\"x\":1,\"x\":2,"
                                   "\"type\":\"form\",\"time\":null,\"time\":5,"
                                   "\"action\":\"open\",\"id\":\"b\",\"form_id\":\"f\","
                                   "\"form_id\":null,\"fields\":{\"gone\":\"1\"},"
                                   "\"fields\":{\"a\":\"1\",\"b\":2,\"a\":\"3\",\"c\":\"4\","
                                   "\"c\":null,\"b\":[]}}"),
                 0, "%s", d.err.text);
    cr_assert_eq(d.event.kind, SEUIL_KIND_FORM);
    cr_assert(seuil_str_eq(d.event.id, SEUIL_STR("b")));
    cr_assert_eq(d.event.time, 5);
    cr_assert_eq(d.event.field[SEUIL_FIELD_FORM_ID].type, SEUIL_TYPE_NULL);
    cr_assert_eq(d.event.map_count, 1);
    cr_assert(seuil_str_eq(d.event.map[0].key, SEUIL_STR("a")));
    cr_assert(seuil_str_eq(d.event.map[0].value.s, SEUIL_STR("3")));
    decoding_done(&d);
}
