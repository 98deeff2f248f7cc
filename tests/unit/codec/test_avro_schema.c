#include <criterion/criterion.h>
#include <string.h>

#include "codec/avro_schema.h"
#include "support/decoding.h"

static int parse(const char *text, struct seuil_error *err)
{
    struct seuil_arena arena = {0};
    struct seuil_avro_schema schema;
    int rc = seuil_avro_schema_parse("x.avsc", text, strlen(text), &arena, &schema, err);

    seuil_arena_done(&arena);
    return rc;
}

#define R(fields) "{\"type\":\"record\",\"name\":\"R\",\"fields\":[" fields "]}"

Test(avro_schema, what_the_specification_allows_is_accepted)
{
    static const char *const texts[] = {
        "\"string\"",
        "{\"type\":\"string\"}",
        "{\"type\":{\"type\":\"long\"}}",
        "[\"null\",\"string\"]",
        R(""),
        R("{\"name\":\"a\",\"type\":\"R\"}"),
        R("{\"name\":\"a\",\"type\":[\"null\",\"R\"],\"default\":null,\"doc\":\"x\"}"),
        R("{\"name\":\"a\",\"type\":{\"type\":\"enum\",\"name\":\"n.s.E\",\"symbols\":[\"A\"]}},"
          "{\"name\":\"b\",\"type\":\"n.s.E\"}"),
        "{\"type\":\"record\",\"name\":\"R\",\"namespace\":\"a.b\",\"fields\":[{\"name\":\"x\","
        "\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":4}},{\"name\":\"y\",\"type\":\"F\"},"
        "{\"name\":\"z\",\"type\":\"a.b.F\"}]}",
        "[{\"type\":\"array\",\"items\":\"int\"},{\"type\":\"map\",\"values\":\"int\"}]",
    };
    struct seuil_error err;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        cr_assert_eq(parse(texts[i], &err), 0, "%s: %s", texts[i], err.text);
}

Test(avro_schema, what_it_does_not_is_refused_with_the_files_name)
{
    static const char *const texts[] = {
        "",
        "{",
        "string",
        "\"strin\"",
        "1",
        "null",
        "{}",
        "[]",
        "{\"type\":\"record\",\"fields\":[]}",
        "{\"type\":\"record\",\"name\":\"1R\",\"fields\":[]}",
        "{\"type\":\"record\",\"name\":\"R\"}",
        "{\"type\":\"error\",\"name\":\"R\",\"fields\":[]}",
        R("{\"name\":\"a\"}"),
        R("{\"type\":\"int\"}"),
        R("{\"name\":\"a b\",\"type\":\"int\"}"),
        R("{\"name\":\"a\",\"type\":\"Nowhere\"}"),
        R("{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"a\",\"type\":\"int\"}"),
        R("{\"name\":\"a\",\"type\":" R("") "}"),
        R("1"),
        "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[]}",
        "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"A\"]}",
        "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A-B\"]}",
        "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":\"A\"}",
        "{\"type\":\"fixed\",\"name\":\"F\"}",
        "{\"type\":\"fixed\",\"name\":\"F\",\"size\":-1}",
        "{\"type\":\"fixed\",\"name\":\"F\",\"size\":9223372036854775807}",
        "{\"type\":\"array\"}",
        "{\"type\":\"map\"}",
        "[\"null\",\"null\"]",
        "[\"null\",[\"int\"]]",
        "[{\"type\":\"map\",\"values\":\"int\"},{\"type\":\"map\",\"values\":\"long\"}]",
        "[\"long\",{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}]",
        "{\"type\":\"string\",\"type\":\"int\"}",
    };
    struct seuil_error err;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        cr_assert_eq(parse(texts[i], &err), SEUIL_ERR_FORMAT, "accepted: %s", texts[i]);
        cr_assert_str_eq(err.file, "x.avsc");
    }
}

Test(avro_schema, texts_parts_and_nesting_are_bounded)
{
    static char text[SEUIL_SCHEMA_BYTES_MAX + 100];
    struct seuil_error err;

    for (int count = 999; count < 1003; count++) {
        int n = sprintf(text, "{\"type\":\"record\",\"name\":\"R\",\"fields\":[");

        for (int i = 0; i < count; i++)
            n += sprintf(text + n, "%s{\"name\":\"f%d\",\"type\":\"int\"}", i ? "," : "", i);
        strcpy(text + n, "]}");
        cr_assert_eq(parse(text, &err), count <= 1000 ? 0 : SEUIL_ERR_LIMIT, "%d", count);
    }
    for (int depth = 30; depth < 36; depth++) {
        int n = 0;

        for (int i = 0; i < depth; i++)
            n += sprintf(text + n, "{\"type\":\"array\",\"items\":");
        n += sprintf(text + n, "\"int\"");
        memset(text + n, '}', (size_t)depth);
        text[n + depth] = '\0';
        cr_assert_eq(parse(text, &err), depth <= 32 ? 0 : SEUIL_ERR_LIMIT, "%d", depth);
    }
    memset(text, '[', 200000);
    text[200000] = '\0';
    cr_assert_lt(parse(text, &err), 0);
    memset(text, ' ', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    cr_assert_eq(parse(text, &err), SEUIL_ERR_LIMIT);
}

static int compile(int kind, const char *fields, char *ret_text)
{
    char schema[2048];
    struct decoding d;
    int code;

    sprintf(schema,
            "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},"
            "{\"name\":\"lead\",\"type\":\"string\"},{\"name\":\"time\",\"type\":\"long\"}%s]}",
            fields);
    d = decoding_avro(SEUIL_FORMAT_RAW, kind, schema, NULL, 0);
    code = d.decoder ? 0 : d.err.code;
    strcpy(ret_text, d.err.text);
    decoding_done(&d);
    return code;
}

Test(avro_schema, a_type_that_cannot_become_the_fields_is_refused_and_named)
{
    static const struct {
        int kind;
        const char *field;
        bool good;
    } rows[] = {
        {SEUIL_KIND_PAGE_VIEW, ",{\"name\":\"url\",\"type\":\"bytes\"}", true},
        {SEUIL_KIND_PAGE_VIEW, ",{\"name\":\"url\",\"type\":\"int\"}", false},
        {SEUIL_KIND_PAGE_VIEW, ",{\"name\":\"url\",\"type\":[\"string\",\"int\"]}", false},
        {SEUIL_KIND_PAGE_VIEW, ",{\"name\":\"url\",\"type\":\"R\"}", false},
        {SEUIL_KIND_PAGE_VIEW, ",{\"name\":\"url\",\"type\":\"null\"}", true},
        {SEUIL_KIND_PAGE_VIEW, ",{\"name\":\"duration_ms\",\"type\":\"float\"}", true},
        {SEUIL_KIND_PAGE_VIEW, ",{\"name\":\"duration_ms\",\"type\":\"string\"}", false},
        {SEUIL_KIND_PAGE_VIEW, ",{\"name\":\"consent\",\"type\":\"int\"}", false},
        {SEUIL_KIND_PAGE_VIEW, ",{\"name\":\"machine\",\"type\":\"int\"}", true}, /* email's */
        {SEUIL_KIND_EMAIL, ",{\"name\":\"machine\",\"type\":\"int\"}", false},
        {SEUIL_KIND_FORM, ",{\"name\":\"fields\",\"type\":{\"type\":\"map\",\"values\":\"int\"}}",
         false},
        {SEUIL_KIND_FORM, ",{\"name\":\"fields\",\"type\":\"string\"}", false},
        {SEUIL_KIND_FORM,
         ",{\"name\":\"fields\",\"type\":[\"null\",{\"type\":\"map\",\"values\":\"string\"}]}",
         true},
        {SEUIL_KIND_PROFILE,
         ",{\"name\":\"attributes\",\"type\":{\"type\":\"map\",\"values\":\"int\"}}", true},
    };
    char text[1024];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int code = compile(rows[i].kind, rows[i].field, text);

        cr_assert_eq(code, rows[i].good ? 0 : SEUIL_ERR_INVALID, "%s: %s", rows[i].field, text);
        cr_assert(rows[i].good || strchr(text, '`'), "%s", text);
    }
}

Test(avro_schema, a_record_without_id_lead_or_time_is_refused_with_the_fields_it_has)
{
    struct decoding d = decoding_avro(
        SEUIL_FORMAT_RAW, SEUIL_KIND_EMAIL,
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"event_id\",\"type\":"
        "\"string\"},{\"name\":\"lead\",\"type\":\"string\"}]}",
        NULL, 0);

    cr_assert_null(d.decoder);
    cr_assert_eq(d.err.code, SEUIL_ERR_MISSING);
    cr_assert_str_eq(d.err.file, "test.avsc");
    cr_assert(strstr(d.err.text, "`id`") && strstr(d.err.text, "event_id, lead"), "%s", d.err.text);
    decoding_done(&d);

    d = decoding_avro(SEUIL_FORMAT_RAW, SEUIL_KIND_EMAIL, "[\"null\"]", NULL, 0);
    cr_assert_null(d.decoder);
    decoding_done(&d);
    d = decoding_avro(SEUIL_FORMAT_RAW, -1, "\"int\"", NULL, 0);
    cr_assert_eq(d.err.code, SEUIL_ERR_CONFIG);
    decoding_done(&d);
}

Test(avro_schema, the_published_contract_compiles_for_its_kinds_and_has_every_field)
{
    for (int kind = 0; kind < SEUIL_KINDS; kind++) {
        char path[64], quoted[64];
        struct decoding d;
        char *text;

        sprintf(path, "schemas/%s.avsc", seuil_kind_name(kind));
        text = decoding_file(path);
        d = decoding_avro(SEUIL_FORMAT_RAW, kind, text, NULL, 0);
        cr_assert_not_null(d.decoder, "%s: %s", path, d.err.text);
        for (int f = 0; f < SEUIL_FIELD_HOST; f++) {
            sprintf(quoted, "{\"name\": \"%s\"", seuil_field_name(f));
            cr_assert_eq(strstr(text, quoted) != NULL, seuil_field_of_kind(f, kind), "%s in %s",
                         seuil_field_name(f), path);
        }
        if (seuil_kind_map_name(kind)) {
            sprintf(quoted, "{\"name\": \"%s\"", seuil_kind_map_name(kind));
            cr_assert(strstr(text, quoted), "%s in %s", quoted, path);
        }
        seuil_heap_free(text);
        decoding_done(&d);
    }
}

Test(avro_schema, making_a_decoder_fails_cleanly_when_memory_is_out)
{
    char *text = decoding_file("schemas/activity.avsc");
    struct seuil_writer_schema writer = {1, "activity.avsc", text, (uint32_t)strlen(text)};
    struct seuil_decoder_spec spec = {.format = SEUIL_FORMAT_RAW,
                                      .kind = SEUIL_KIND_ACTIVITY,
                                      .schemas = &writer,
                                      .schema_count = 1};
    struct seuil_decoder *decoder = NULL;
    struct seuil_error err;
    int64_t n;

    for (n = 0; !decoder && n < 2000; n++) {
        seuil_heap_fail_after(n);
        decoder = seuil_decoder_new(&spec, &err);
        seuil_heap_fail_after(-1);
        cr_assert(decoder || err.code == SEUIL_ERR_NOMEM, "after %d: %d %s", (int)n, err.code,
                  err.text);
    }
    cr_assert(n > 5);
    seuil_decoder_free(decoder);
    seuil_heap_free(text);
}
