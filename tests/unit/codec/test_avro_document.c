#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "codec/avro_lacking.h"
#include "support/avro_write.h"
#include "support/document.h"

#define RECORD(fields)     "{\"type\":\"record\",\"name\":\"R\",\"fields\":[" fields "]}"
#define FIELD(name, type)  "{\"name\":\"" name "\",\"type\":" type "}"
#define LOGICAL(of, what)  "{\"type\":\"" of "\",\"logicalType\":\"" what "\"}"
#define FIXED(size, extra) "{\"type\":\"fixed\",\"name\":\"F\",\"size\":" #size extra "}"

static struct seuil_buf b;

static void must(struct documenting *d, const char *expected)
{
    cr_assert_not_null(d->plan, "%s", d->err.text);
    cr_assert_eq(documenting_run(d, b.ptr, b.len), 0, "%s", d->fault.why);
    cr_assert_str_eq((const char *)d->text.ptr, expected);
    /* Cut anywhere it is refused, and with a byte more. */
    for (size_t n = 0; n < b.len; n++)
        cr_assert_neq(documenting_run(d, b.ptr, n), 0, "prefix %zu", n);
    seuil_buf_add_byte(&b, 0);
    cr_assert_eq(documenting_run(d, b.ptr, b.len), SEUIL_ERR_FORMAT);
    documenting_done(d);
    seuil_buf_clear(&b);
}

static void is(const char *schema, const char *names, const char *expected)
{
    struct documenting d = documenting_avro(names, schema);

    must(&d, expected);
}

static void refused(const char *schema, int code, const char *why)
{
    struct documenting d = documenting_avro("*", schema);

    cr_assert_not_null(d.plan, "%s", d.err.text);
    cr_assert_eq(documenting_run(&d, b.ptr, b.len), code);
    cr_assert(strstr(d.fault.why, why), "%s", d.fault.why);
    documenting_done(&d);
    seuil_buf_clear(&b);
}

#define NESTED                                                                                     \
    RECORD(FIELD("a", "\"string\"") "," FIELD(                                                     \
        "b", "{\"type\":\"record\",\"name\":\"B\",\"fields\":[" FIELD("c", "\"long\"") "," FIELD(  \
                 "d", "[\"null\",\"string\"]") "]}") "," FIELD("e", "[\"B\",\"boolean\"]"))

static void write_nested(void)
{
    avro_write_string(&b, "x");
    avro_write_long(&b, -7);
    avro_write_optional(&b, "y");
    avro_write_long(&b, 0);
    avro_write_long(&b, 8);
    avro_write_optional(&b, NULL);
}

Test(avro_document, wanted_parts_of_records_in_records_are_taken)
{
    write_nested();
    is(NESTED, "a,b{d}", "{a='x' b={d='y'}}");
    write_nested();
    is(NESTED, "b{c},e{d}", "{b={c=-7} e={d=null}}");
    write_nested();
    is(NESTED, "e", "{e={c=8 d=null}}");
    write_nested();
    is(NESTED, "nothing{c}", "{}");
    write_nested();
    is(NESTED, "*", "{a='x' b={c=-7 d='y'} e={c=8 d=null}}");
    avro_write_string(&b, "");
    avro_write_long(&b, 1);
    avro_write_optional(&b, NULL);
    avro_write_long(&b, 1);
    seuil_buf_add_byte(&b, 1);
    is(NESTED, "e{d}", "{e=true}");
}

Test(avro_document, items_of_arrays_in_blocks_of_both_kinds_are_taken)
{
    static const char schema[] = RECORD(FIELD(
        "l", "{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"I\",\"fields\":[" FIELD(
                 "k", "\"int\"") "," FIELD("v", "\"string\"") "]}}"));

    for (int way = 0; way < 2; way++) {
        avro_write_long(&b, 2);
        avro_write_long(&b, 1);
        avro_write_string(&b, "x");
        avro_write_long(&b, 2);
        avro_write_string(&b, "yy");
        avro_write_long(&b, -1); /* with its size */
        avro_write_long(&b, 3);
        avro_write_long(&b, 3);
        avro_write_string(&b, "z");
        avro_write_long(&b, 0);
        is(schema, way ? "l{v}" : "*",
           way ? "{l=[{v='x'} {v='yy'} {v='z'}]}" : "{l=[{k=1 v='x'} {k=2 v='yy'} {k=3 v='z'}]}");
    }
}

Test(avro_document, of_a_map_the_wanted_keys_or_all_are_taken)
{
    static const char schema[] =
        RECORD(FIELD("m", "{\"type\":\"map\",\"values\":[\"null\",\"long\",{\"type\":\"map\","
                          "\"values\":\"string\"}]}"));

    for (int way = 0; way < 3; way++) {
        static const char *const names[] = {"m{b,d{x}}", "*", "m{z}"};
        static const char *const expected[] = {"{m={b=5 d={x='1'}}}",
                                               "{m={a=null b=5 d={w='0' x='1'}}}", "{m={}}"};

        avro_write_long(&b, 3);
        avro_write_string(&b, "a");
        avro_write_long(&b, 0);
        avro_write_string(&b, "b");
        avro_write_long(&b, 1);
        avro_write_long(&b, 5);
        avro_write_string(&b, "d");
        avro_write_long(&b, 2);
        avro_write_long(&b, 2);
        avro_write_string(&b, "w");
        avro_write_string(&b, "0");
        avro_write_string(&b, "x");
        avro_write_string(&b, "1");
        avro_write_long(&b, 0);
        avro_write_long(&b, 0);
        is(schema, names[way], expected[way]);
    }
}

Test(avro_document, a_key_that_stands_twice_is_refused)
{
    avro_write_long(&b, 2);
    avro_write_string(&b, "k");
    avro_write_long(&b, 1);
    avro_write_string(&b, "k");
    avro_write_long(&b, 2);
    avro_write_long(&b, 0);
    refused("{\"type\":\"map\",\"values\":\"int\"}", SEUIL_ERR_FORMAT, "twice");
}

Test(avro_document, a_recursive_record_is_taken_as_deep_as_it_is_wanted)
{
    static const char schema[] = RECORD(FIELD("v", "\"int\"") "," FIELD(
        "next", "[\"null\",\"R\"]") "," FIELD("l", "{\"type\":\"array\",\"items\":\"R\"}"));
    static const char *const names[] = {"next{v}", "*", "next{next{v}}"};
    static const char *const expected[] = {
        "{next={v=2}}", "{v=1 next={v=2 next={v=3 next=null l=[]} l=[]} l=[{v=4 next=null l=[]}]}",
        "{next={next={v=3}}}"};

    for (int way = 0; way < 3; way++) {
        for (int v = 1; v <= 3; v++) {
            avro_write_long(&b, v);
            avro_write_long(&b, v < 3);
        }
        avro_write_long(&b, 0);
        avro_write_long(&b, 0);
        avro_write_long(&b, 1);
        avro_write_long(&b, 4);
        avro_write_long(&b, 0);
        avro_write_long(&b, 0);
        avro_write_long(&b, 0);
        is(schema, names[way], expected[way]);
    }
    for (int way = 0; way < 2; way++) { /* passed over or taken: deeper than it may be */
        struct documenting d = documenting_avro(way ? "*" : "x", schema);

        for (int v = 0; v < 1000; v++) {
            avro_write_long(&b, v);
            avro_write_long(&b, 1);
        }
        cr_assert_eq(documenting_run(&d, b.ptr, b.len), SEUIL_ERR_LIMIT, "%s", d.fault.why);
        cr_assert(strstr(d.fault.why, "32 deep"), "%s", d.fault.why);
        documenting_done(&d);
        seuil_buf_clear(&b);
    }
}

Test(avro_document, enums_are_texts_whatever_their_order)
{
    static const char schema[] =
        RECORD(FIELD("e", "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"B\",\"A\"]}"));

    avro_write_long(&b, 1);
    is(schema, "e", "{e='A'}");
    avro_write_long(&b, 2);
    refused(schema, SEUIL_ERR_FORMAT, "no such symbol");
    avro_write_long(&b, -1);
    refused(schema, SEUIL_ERR_FORMAT, "no such symbol");
}

Test(avro_document, instants_keep_their_unit_and_civil_times_say_that_they_are)
{
    static const struct {
        const char *type, *text;
    } rows[] = {
        {"\"long\"", "{t=-1500}"},
        {LOGICAL("long", "timestamp-millis"), "{t=-1500ms}"},
        {LOGICAL("long", "timestamp-micros"), "{t=-1500us}"},
        {LOGICAL("long", "timestamp-nanos"), "{t=-1500ns}"},
        {LOGICAL("long", "local-timestamp-millis"), "{t=-1500ms local}"},
        {LOGICAL("long", "local-timestamp-micros"), "{t=-1500us local}"},
        {LOGICAL("long", "local-timestamp-nanos"), "{t=-1500ns local}"},
        {LOGICAL("int", "date"), "{t=-1500day local}"},
        {LOGICAL("int", "time-millis"), "{t=-1500}"},
        {LOGICAL("long", "date"), "{t=-1500}"}, /* on the wrong base: no date */
        {LOGICAL("int", "unheard-of"), "{t=-1500}"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char schema[256];

        snprintf(schema, sizeof(schema), RECORD("{\"name\":\"t\",\"type\":%s}"), rows[i].type);
        avro_write_long(&b, -1500);
        is(schema, "t", rows[i].text);
    }
}

Test(avro_document, decimals_are_numbers_rounded_once)
{
    static const struct {
        const char *bytes;
        size_t len;
        int scale;
        const char *text;
    } rows[] = {
        {"\x7b", 1, 0, "123"},
        {"\xff", 1, 0, "-1"},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x85", 10, 0, "-123"},
        {"\x7f\xff\xff\xff\xff\xff\xff\xff", 8, 0, "9223372036854775807"},
        {"\x00\x80\x00\x00\x00\x00\x00\x00\x00", 9, 0, "9.2233720368547758e+18"},
        {"\x04\xd2", 2, 2, "12.34"},
        {"\xfb\x2e", 2, 3, "-1.234"},
        {"\x00", 1, 5, "0"},
        {"\x0d\xe0\xb6\xb3\xa7\x64\x00\x01", 8, 18, "1"},
        /* -(2^96 - 1) with 10 decimals */
        {"\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01", 13, 10, "-7.9228162514264337e+18"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char schema[256], expected[64];

        snprintf(schema, sizeof(schema),
                 RECORD("{\"name\":\"n\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\","
                        "\"precision\":40,\"scale\":%d}}"),
                 rows[i].scale);
        snprintf(expected, sizeof(expected), "{n=%s}", rows[i].text);
        if (strchr(rows[i].text, '.') || rows[i].scale) /* as the C library prints it */
            snprintf(expected, sizeof(expected), "{n=%.17g}", atof(rows[i].text));
        avro_write_bytes(&b, rows[i].bytes, rows[i].len);
        is(schema, "n", expected);
        snprintf(schema, sizeof(schema),
                 RECORD("{\"name\":\"n\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":%zu,"
                        "\"logicalType\":\"decimal\",\"precision\":40,\"scale\":%d}}"),
                 rows[i].len, rows[i].scale);
        seuil_buf_add(&b, rows[i].bytes, rows[i].len);
        is(schema, "n", expected);
    }
}

Test(avro_document, bytes_are_texts_when_they_can_be_and_a_uuid_is_its_own)
{
    static const uint8_t uuid[] = {0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3,
                                   0xa4, 0x56, 0x42, 0x66, 0x14, 0x17, 0x40, 0x00};

    seuil_buf_add(&b, uuid, sizeof(uuid));
    is(RECORD(FIELD("u", FIXED(16, ",\"logicalType\":\"uuid\""))), "u",
       "{u='123e4567-e89b-12d3-a456-426614174000'}");
    seuil_buf_add(&b, uuid, sizeof(uuid));
    is(RECORD(FIELD("u", FIXED(16, ""))), "u", "{u=null}");
    seuil_buf_add(&b, "abc", 3);
    is(RECORD(FIELD("u", FIXED(3, ""))), "u", "{u='abc'}");
    avro_write_string(&b, "\xc3\xa9");
    is(RECORD(FIELD("u", "\"bytes\"")), "u", "{u='\xc3\xa9'}");
    avro_write_string(&b, "\xff");
    is(RECORD(FIELD("u", "\"bytes\"")), "u", "{u=null}");
    avro_write_string(&b, "\xff");
    refused(RECORD(FIELD("u", "\"string\"")), SEUIL_ERR_FORMAT, "UTF-8");
}

Test(avro_document, a_field_is_found_by_its_former_name_unless_another_bears_it)
{
    avro_write_string(&b, "x");
    is(RECORD("{\"name\":\"clientId\",\"aliases\":[\"client_id\",\"cid\"],\"type\":\"string\"}"),
       "cid", "{cid='x'}");
    avro_write_string(&b, "x");
    avro_write_string(&b, "y");
    is(RECORD("{\"name\":\"a\",\"aliases\":[\"b\"],\"type\":\"string\"}," FIELD("b", "\"string\"")),
       "b", "{b='y'}");
    avro_write_string(&b, "x");
    avro_write_string(&b, "y");
    is(RECORD("{\"name\":\"a\",\"aliases\":[\"c\"],\"type\":\"string\"},"
              "{\"name\":\"b\",\"aliases\":[\"c\"],\"type\":\"string\"}"),
       "c", "{c='x'}");
}

Test(avro_document, any_type_may_be_the_whole_schema)
{
    avro_write_long(&b, 5);
    is("\"long\"", "*", "5");
    avro_write_long(&b, 1);
    avro_write_string(&b, "x");
    is("[\"null\",\"string\"]", "*", "'x'");
    avro_write_long(&b, 2);
    avro_write_double(&b, 0.5);
    avro_write_double(&b, -1e300);
    avro_write_long(&b, 0);
    is("{\"type\":\"array\",\"items\":\"double\"}", "*", "[0.5 -1.0000000000000001e+300]");
    avro_write_float(&b, 1.5f);
    is("\"float\"", "*", "1.5");
    is("\"null\"", "*", "null");
}

Test(avro_document, what_costs_more_than_its_bytes_is_refused)
{
    avro_write_long(&b, 2000000);
    avro_write_long(&b, 0);
    refused("{\"type\":\"array\",\"items\":\"null\"}", SEUIL_ERR_LIMIT, "size allows");
    avro_write_long(&b, INT64_MAX);
    refused("{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"E\",\"fields\":[]}}",
            SEUIL_ERR_LIMIT, "size allows");
    avro_write_long(&b, INT64_MIN);
    avro_write_long(&b, 0);
    refused("{\"type\":\"array\",\"items\":\"null\"}", SEUIL_ERR_LIMIT, "size allows");
    avro_write_long(&b, 70000);
    for (int i = 0; i < 70001; i++)
        avro_write_long(&b, 0);
    refused("{\"type\":\"array\",\"items\":\"long\"}", SEUIL_ERR_LIMIT, "65,536");
}

/* A union of records that have it: each level would double the ways, but not the plan. */
Test(avro_document, a_plan_stays_linear_where_the_ways_are_many)
{
    struct seuil_buf schema = {0}, names = {0};
    struct documenting d;

    seuil_buf_add_text(&schema, "[");
    for (int r = 0; r < 20; r++) {
        seuil_buf_printf(&schema, "%s{\"type\":\"record\",\"name\":\"R%d\",\"fields\":[",
                         r ? "," : "", r);
        for (int f = 0; f <= r; f++)
            seuil_buf_printf(&schema, "%s{\"name\":\"f%d\",\"type\":[\"null\",\"R%d\"]}",
                             f ? "," : "", f, f);
        seuil_buf_add_text(&schema, "]}");
    }
    seuil_buf_add_text(&schema, "]");
    seuil_buf_add_byte(&schema, 0);
    for (int depth = 0; depth < 12; depth++)
        seuil_buf_printf(&names, "f0,f1,f2,f%d{", 3 + depth);
    seuil_buf_add_text(&names, "x");
    for (int depth = 0; depth < 12; depth++)
        seuil_buf_add_text(&names, "}");
    seuil_buf_add_byte(&names, 0);
    d = documenting_avro((const char *)names.ptr, (const char *)schema.ptr);
    cr_assert_not_null(d.plan, "%s", d.err.text);
    cr_assert_lt(d.arena.used_bytes, 4u * 1024 * 1024);
    documenting_done(&d);
    seuil_buf_done(&schema);
    seuil_buf_done(&names);
}

Test(avro_document, memory_that_is_out_anywhere_is_an_error)
{
    static const char schema[] = NESTED;
    bool done = false;

    for (int64_t n = 0; !done && n < 200; n++) {
        struct seuil_writer_schema writer = {
            .path = "t", .text = schema, .len = (uint32_t)strlen(schema)};
        struct documenting d = documenting_make("a,b{c},e");
        struct seuil_arena arena = {0};

        seuil_heap_fail_after(n);
        done = seuil_avro_compile_document(&writer, d.wanted, &arena, &d.err) != NULL;
        seuil_heap_fail_after(-1);
        cr_assert(done || d.err.code == SEUIL_ERR_NOMEM);
        seuil_arena_done(&arena);
        documenting_done(&d);
    }
    cr_assert(done);
}

static void lacking(const char *schema, const char *names, const char *expected)
{
    const struct seuil_writer_schema writer = {
        .path = "s.avsc", .text = schema, .len = (uint32_t)strlen(schema)};
    struct documenting d = documenting_make(names);
    struct seuil_buf out = {0};

    cr_assert_eq(seuil_avro_lacking(&writer, d.wanted, &out, &d.err), 0, "%s", d.err.text);
    seuil_buf_add_byte(&out, 0);
    cr_expect_str_eq((char *)out.ptr, expected);
    seuil_buf_done(&out);
    documenting_done(&d);
}

Test(avro_document, names_that_a_schema_has_no_place_for_are_told)
{
    struct documenting d = documenting_make("a");
    struct seuil_buf out = {0};

    lacking(NESTED, "a,b{c,d},e{c}", "");
    lacking(NESTED, "aa,b{c,x},e{y},f{g}", "aa, b.x, e.y, f");
    lacking(NESTED, "*", "");
    lacking("\"string\"", "a", "");
    /* Anything may be a key of a map; a former name is one; of several records none is told. */
    lacking(RECORD(FIELD("m", "{\"type\":\"map\",\"values\":\"string\"}") "," FIELD(
                "l", "{\"type\":\"array\",\"items\":\"R\"}") ",{\"name\":\"n\",\"type\":\"null\","
                                                             "\"aliases\":[\"old\"]}"),
            "m{x},l{l{z},m},old", "l.l.z");
    lacking(
        "[" RECORD(FIELD("a", "\"int\"")) ",{\"type\":\"record\",\"name\":\"S\",\"fields\":[]}]",
        "b", "");
    cr_expect_lt(
        seuil_avro_lacking(&(struct seuil_writer_schema){.path = "s.avsc", .text = "{", .len = 1},
                           d.wanted, &out, &d.err),
        0);
    documenting_done(&d);
}
