/* Framing: every setting against every framing, references to schemas, fingerprints. */

#include <criterion/criterion.h>

#include "codec/avro_fingerprint.h"
#include "codec/programs.h"
#include "support/avro_write.h"
#include "support/decoding.h"

/* What stands on topics: each of them is the same event. */
enum framed {
    AS_CONFLUENT,
    AS_CONFLUENT_GUID,
    AS_RAW,
    AS_JSON,
    AS_SINGLE_OBJECT,
    AS_CONFLUENT_JSON,
    AS_CONFLUENT_HEADER,
    AS_CONFLUENT_HEADER_GUID,
    AS_APICURIO_GLOBAL,
    AS_APICURIO_CONTENT,
    AS_APICURIO_JSON,
    AS_TSV,
    AS_FORM,
    AS_GZIP,
    AS_AVRO_FILE,
    AS_JSON_WITH_BOM,
    AS_JSON_ARRAY,
    FRAMINGS,
};

/* Writer schemas whose records begin otherwise: with a text, with three booleans as Divolte's
 * default record does, with numbers. */
#define EVENT_FIELDS                                                                               \
    "{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"lead\",\"type\":\"string\"},"               \
    "{\"name\":\"time\",\"type\":\"long\"},{\"name\":\"url\",\"type\":\"string\"}]}"
static const char *const schemas[] = {
    "{\"type\":\"record\",\"name\":\"A\",\"fields\":[" EVENT_FIELDS,
    "{\"type\":\"record\",\"name\":\"B\",\"fields\":[{\"name\":\"d\",\"type\":\"boolean\"},"
    "{\"name\":\"c\",\"type\":\"boolean\"},{\"name\":\"f\",\"type\":\"boolean\"}," EVENT_FIELDS,
    "{\"type\":\"record\",\"name\":\"C\",\"fields\":[{\"name\":\"n\",\"type\":\"long\"},"
    "{\"name\":\"m\",\"type\":\"int\"},{\"name\":\"x\",\"type\":[\"null\",\"double\"]}"
    "," EVENT_FIELDS,
};
#define VARIANTS 3

struct made {
    struct seuil_buf value;
    const char *header; /* its name; NULL: none */
    uint8_t header_value[32];
    uint32_t header_len;
    bool encoding_json;
};

static bool header_of(void *ctx, const char *name, struct seuil_str *ret_value)
{
    const struct made *made = ctx;

    if (made->encoding_json && strcmp(name, "apicurio.value.encoding") == 0) {
        *ret_value = SEUIL_STR("JSON");
        return true;
    }
    if (!made->header || strcmp(name, made->header) != 0)
        return false;
    *ret_value = (struct seuil_str){(const char *)made->header_value, made->header_len};
    return true;
}

static struct seuil_record_view view_of(struct made *made)
{
    return (struct seuil_record_view){.bytes = made->value.ptr,
                                      .len = (uint32_t)made->value.len,
                                      .header = header_of,
                                      .ctx = made};
}

static const struct seuil_schema_ref guid = {SEUIL_REF_GUID, UINT64_C(0x0d4c033710b887a1),
                                             UINT64_C(0xa7f694bf2952b2de)};

static void put_number(uint8_t *out, uint64_t value, unsigned len)
{
    for (unsigned i = 0; i < len; i++)
        out[i] = (uint8_t)(value >> 8 * (len - 1 - i));
}

static void add_avro(struct seuil_buf *out, int variant, const char *id, int64_t n)
{
    if (variant == 1)
        seuil_buf_add(out, n & 1 ? "\0\1\0" : "\0\0\0", 3);
    if (variant == 2) {
        avro_write_long(out, n);
        avro_write_long(out, n % 100);
        avro_write_long(out, 0);
    }
    avro_write_string(out, id);
    avro_write_string(out, "l");
    avro_write_long(out, 1700000000000);
    avro_write_string(out, "https://e.fr/x");
}

static void add_json(struct seuil_buf *out, const char *id)
{
    seuil_buf_printf(out,
                     "{\"id\":\"%s\",\"lead\":\"l\",\"time\":1700000000000,"
                     "\"url\":\"https://e.fr/x\"}",
                     id);
}

static uint64_t fingerprint_of(int variant)
{
    uint64_t f = 0;

    cr_assert_eq(seuil_avro_fingerprint("x", schemas[variant], strlen(schemas[variant]), &f, NULL),
                 0);
    return f;
}

static void add_prefix(struct seuil_buf *out, enum framed framed, int variant, uint32_t schema_id)
{
    uint8_t prefix[17] = {1};

    if (framed == AS_CONFLUENT || framed == AS_CONFLUENT_JSON) {
        avro_write_confluent(out, schema_id);
    } else if (framed == AS_CONFLUENT_GUID) {
        put_number(prefix + 1, guid.high, 8);
        put_number(prefix + 9, guid.low, 8);
        seuil_buf_add(out, prefix, 17);
    } else if (framed == AS_SINGLE_OBJECT) {
        uint64_t f = fingerprint_of(variant);

        seuil_buf_add(out, "\xc3\x01", 2);
        for (int i = 0; i < 8; i++)
            seuil_buf_add_byte(out, (uint8_t)(f >> 8 * i));
    }
}

static void add_header(struct made *made, enum framed framed, uint32_t schema_id)
{
    made->encoding_json = framed == AS_APICURIO_JSON;
    if (framed == AS_CONFLUENT_HEADER || framed == AS_CONFLUENT_HEADER_GUID) {
        made->header = "__value_schema_id";
        made->header_len = framed == AS_CONFLUENT_HEADER ? 5 : 17;
        made->header_value[0] = framed != AS_CONFLUENT_HEADER;
        put_number(made->header_value + 1, framed == AS_CONFLUENT_HEADER ? schema_id : guid.high,
                   framed == AS_CONFLUENT_HEADER ? 4 : 8);
        put_number(made->header_value + 9, guid.low, 8);
    } else if (framed >= AS_APICURIO_GLOBAL && framed <= AS_APICURIO_JSON) {
        made->header =
            framed == AS_APICURIO_CONTENT ? "apicurio.value.contentId" : "apicurio.value.globalId";
        made->header_len = 8;
        put_number(made->header_value, schema_id, 8);
    }
}

static void make(struct made *made, enum framed framed, int variant, uint32_t schema_id,
                 const char *id, int64_t n)
{
    struct seuil_buf *out = &made->value;

    seuil_buf_clear(out);
    made->header = NULL;
    add_header(made, framed, schema_id);
    add_prefix(out, framed, variant, schema_id);
    switch (framed) {
    case AS_TSV:
        seuil_buf_printf(out, "%s\tl\t2023-11-14 22:13:20\thttps://e.fr/x\n", id);
        break;
    case AS_FORM:
        seuil_buf_printf(out, "id=%s&lead=l&time=1700000000000&url=https%%3A%%2F%%2Fe.fr%%2Fx", id);
        break;
    case AS_GZIP:
        seuil_buf_add(out, "\x1f\x8b\x08\0\0\0\0\0\0\3\x2b\xc9\x48\x55\x28\x2c", 16);
        break;
    case AS_AVRO_FILE:
        seuil_buf_add(out,
                      "Obj\1\4\x14"
                      "avro.codec",
                      16);
        break;
    case AS_JSON_WITH_BOM:
        seuil_buf_add_text(out, "\xef\xbb\xbf");
        add_json(out, id);
        break;
    case AS_JSON_ARRAY:
        seuil_buf_add_byte(out, '[');
        add_json(out, id);
        seuil_buf_add_byte(out, ']');
        break;
    case AS_JSON:
    case AS_CONFLUENT_JSON:
    case AS_APICURIO_JSON:
        add_json(out, id);
        break;
    default:
        add_avro(out, variant, id, n);
    }
}

static struct decoding decoder_for(enum seuil_format format, int variant)
{
    struct decoding d =
        format == SEUIL_FORMAT_JSON || format == SEUIL_FORMAT_CONFLUENT_JSON
            ? decoding_avro(format, SEUIL_KIND_PAGE_VIEW, "", NULL, 0)
            : decoding_avro(format, SEUIL_KIND_PAGE_VIEW, schemas[variant], NULL, 0);

    cr_assert_not_null(d.decoder, "%s: %s", seuil_format_name(format), d.err.text);
    if (format == SEUIL_FORMAT_CONFLUENT || format == SEUIL_FORMAT_CONFLUENT_HEADERS)
        cr_assert_eq(seuil_decoder_learn(d.decoder, &guid, "guid", schemas[variant],
                                         (uint32_t)strlen(schemas[variant]), &d.err),
                     0);
    return d;
}

/* Which setting reads which framing: anything else that comes out as an event is a misread. */
static bool belongs(enum seuil_format format, enum framed framed)
{
    switch (format) {
    case SEUIL_FORMAT_CONFLUENT:
        return framed == AS_CONFLUENT || framed == AS_CONFLUENT_GUID;
    case SEUIL_FORMAT_RAW:
        return framed == AS_RAW;
    case SEUIL_FORMAT_JSON: /* a header beside plain JSON takes nothing from it */
        return framed == AS_JSON || framed == AS_APICURIO_JSON;
    case SEUIL_FORMAT_SINGLE_OBJECT:
        return framed == AS_SINGLE_OBJECT;
    case SEUIL_FORMAT_CONFLUENT_JSON:
        return framed == AS_CONFLUENT_JSON;
    case SEUIL_FORMAT_CONFLUENT_HEADERS:
        return framed == AS_CONFLUENT_HEADER || framed == AS_CONFLUENT_HEADER_GUID;
    case SEUIL_FORMAT_APICURIO_HEADERS:
        return framed == AS_APICURIO_GLOBAL || framed == AS_APICURIO_CONTENT;
    case SEUIL_FORMAT_TSV:
        return framed == AS_TSV;
    case SEUIL_FORMAT_FORM:
        return framed == AS_FORM;
    case SEUIL_FORMATS:
        break;
    }
    return false;
}

static bool is_the_event(const struct seuil_event *event, const char *id)
{
    return seuil_str_eq(event->id, seuil_str_from(id)) &&
           seuil_str_eq(event->lead, SEUIL_STR("l")) && event->time == 1700000000000 &&
           seuil_str_eq(event->field[SEUIL_FIELD_URL].s, SEUIL_STR("https://e.fr/x"));
}

Test(framing, every_setting_reads_its_own_framing_and_refuses_all_others)
{
    struct made made = {0};

    for (int format = 0; format < SEUIL_FORMAT_TSV; format++)
        for (int variant = 0; variant < VARIANTS; variant++) {
            struct decoding d = decoder_for((enum seuil_format)format, variant);

            for (int framed = 0; framed < FRAMINGS; framed++) {
                struct seuil_record_view view;
                int rc;

                make(&made, (enum framed)framed, variant, 1, "e1", 1);
                view = view_of(&made);
                rc = seuil_decode_record(d.decoder, d.scratch, &view, &d.event, &d.err);
                cr_expect_eq(rc == 0, belongs((enum seuil_format)format, (enum framed)framed),
                             "%s, framing %d, variant %d: %d %s",
                             seuil_format_name((enum seuil_format)format), framed, variant, rc,
                             rc ? d.err.text : "was read");
                if (rc == 0)
                    cr_expect(is_the_event(&d.event, "e1"), "another event");
            }
            decoding_done(&d);
        }
    seuil_buf_done(&made.value);
}

/* No value at all is a tombstone, which no decoder sees; one of no bytes is none of any framing. */
Test(framing, a_value_of_no_bytes_is_refused_by_every_setting)
{
    for (int format = 0; format < SEUIL_FORMAT_TSV; format++) {
        struct decoding d = decoder_for((enum seuil_format)format, 0);
        struct seuil_record_view view = {.bytes = (const uint8_t *)""};
        struct made made = {0};

        cr_expect_lt(seuil_decode_record(d.decoder, d.scratch, &view, &d.event, &d.err), 0);
        cr_expect(strstr(d.err.text, "the value is empty"), "%d: %s", format, d.err.text);
        /* With the headers that name a schema too. */
        make(&made,
             format == SEUIL_FORMAT_APICURIO_HEADERS ? AS_APICURIO_GLOBAL : AS_CONFLUENT_HEADER, 0,
             1, "e1", 1);
        view = view_of(&made);
        view.len = 0;
        cr_expect_lt(seuil_decode_record(d.decoder, d.scratch, &view, &d.event, &d.err), 0);
        seuil_buf_done(&made.value);
        decoding_done(&d);
    }
    for (int format = SEUIL_FORMAT_TSV; format <= SEUIL_FORMAT_FORM; format++) {
        struct seuil_record_view view = {.bytes = (const uint8_t *)""};
        struct seuil_fault fault = {0};
        struct seuil_frame frame;

        cr_expect_lt(seuil_framing_open((enum seuil_format)format, &view, &frame, &fault), 0);
    }
}

Test(framing, text_formats_let_nothing_through_but_their_like)
{
    struct made made = {0};

    for (int format = SEUIL_FORMAT_TSV; format <= SEUIL_FORMAT_FORM; format++)
        for (int variant = 0; variant < VARIANTS; variant++)
            for (int framed = 0; framed < FRAMINGS; framed++) {
                struct seuil_record_view view;
                struct seuil_fault fault = {0};
                struct seuil_frame frame;
                int rc;

                make(&made, (enum framed)framed, variant, 1, "e1", 1);
                view = view_of(&made);
                rc = seuil_framing_open((enum seuil_format)format, &view, &frame, &fault);
                cr_expect_eq(rc == 0, belongs((enum seuil_format)format, (enum framed)framed),
                             "%s, framing %d: %s", seuil_format_name((enum seuil_format)format),
                             framed, rc ? fault.why : "was taken");
            }
    seuil_buf_done(&made.value);
}

/* Ids and contents by chance: where bytes of one framing are allowed in another, they must not come
 * out as another event. (Numbers that nobody wants may take up a prefix: then the event is right.)
 */
Test(framing, no_id_and_no_content_makes_one_framing_another)
{
    struct made made = {0};
    uint64_t random = 88172645463325252u;
    int refused = 0;

    for (int format = 0; format < SEUIL_FORMAT_TSV; format++)
        for (int variant = 0; variant < VARIANTS; variant++) {
            struct decoding d = decoder_for((enum seuil_format)format, variant);

            for (int k = 0; k < 20000; k++) {
                enum framed framed = (enum framed)(k % FRAMINGS);
                struct seuil_record_view view;
                char id[24];

                random ^= random << 13, random ^= random >> 7, random ^= random << 17;
                if (belongs((enum seuil_format)format, framed))
                    continue;
                snprintf(id, sizeof(id), "%.*s", 1 + (int)(random >> 8 & 15), "0123456789abcdef");
                make(&made, framed, variant, (uint32_t)(random >> 32) >> (random & 31), id,
                     (int64_t)(random >> 40));
                view = view_of(&made);
                if (seuil_decode_record(d.decoder, d.scratch, &view, &d.event, NULL))
                    refused++;
                else
                    cr_expect(is_the_event(&d.event, id), "%s read framing %d, variant %d, id %s",
                              seuil_format_name((enum seuil_format)format), framed, variant, id);
            }
            decoding_done(&d);
        }
    cr_assert_gt(refused, 380000, "%d", refused);
    seuil_buf_done(&made.value);
}

static void expect_hint(enum seuil_format format, enum framed framed, const char *says)
{
    struct made made = {0};
    struct seuil_record_view view;
    char out[200];

    make(&made, framed, 0, 7, "e1", 1);
    view = view_of(&made);
    seuil_framing_describe(format, &view, out, sizeof(out));
    cr_expect(strstr(out, says), "%s, framing %d says \"%s\", not \"%s\"",
              seuil_format_name(format), framed, out, says);
    seuil_buf_done(&made.value);
}

Test(framing, a_mismatch_says_what_the_bytes_look_like_and_what_to_set)
{
    static const enum seuil_format avro[] = {
        SEUIL_FORMAT_CONFLUENT, SEUIL_FORMAT_RAW, SEUIL_FORMAT_SINGLE_OBJECT,
        SEUIL_FORMAT_CONFLUENT_HEADERS, SEUIL_FORMAT_APICURIO_HEADERS};

    for (size_t i = 0; i < sizeof(avro) / sizeof(avro[0]); i++) {
        enum seuil_format f = avro[i];

        expect_hint(f, AS_JSON, "byte 0 is 7b: looks like JSON; set `format: json`");
        expect_hint(f, AS_CONFLUENT_JSON, "schema id 7; set `format: confluent_json`");
        expect_hint(f, AS_TSV, "columns parted by tabs; set `format: tsv`");
        expect_hint(f, AS_FORM, "query string; set `format: form`");
        expect_hint(f, AS_GZIP, "compressed by gzip");
        expect_hint(f, AS_AVRO_FILE, "an Avro file");
        if (f != SEUIL_FORMAT_CONFLUENT)
            expect_hint(f, AS_CONFLUENT, "schema id 7; set `format: confluent`");
        if (f != SEUIL_FORMAT_SINGLE_OBJECT)
            expect_hint(f, AS_SINGLE_OBJECT, "set `format: single_object`");
        if (f != SEUIL_FORMAT_CONFLUENT_HEADERS)
            expect_hint(f, AS_CONFLUENT_HEADER, "set `format: confluent_headers`");
        if (f != SEUIL_FORMAT_APICURIO_HEADERS)
            expect_hint(f, AS_APICURIO_CONTENT, "set `format: apicurio_headers`");
    }
    expect_hint(SEUIL_FORMAT_JSON, AS_JSON_WITH_BOM, "byte order mark");
    expect_hint(SEUIL_FORMAT_JSON, AS_CONFLUENT_JSON, "set `format: confluent_json`");
    expect_hint(SEUIL_FORMAT_TSV, AS_JSON, "set `format: json`");
    expect_hint(SEUIL_FORMAT_FORM, AS_TSV, "set `format: tsv`");
    expect_hint(SEUIL_FORMAT_CONFLUENT_JSON, AS_CONFLUENT, "set `format: confluent`");
}

Test(framing, frames_that_are_cut_off_are_truncated_and_wrong_headers_are_told)
{
    struct made made = {0};
    struct seuil_record_view view;
    struct seuil_frame frame;

    for (int framed = AS_CONFLUENT; framed <= AS_SINGLE_OBJECT; framed++) {
        enum seuil_format format =
            framed == AS_SINGLE_OBJECT ? SEUIL_FORMAT_SINGLE_OBJECT : SEUIL_FORMAT_CONFLUENT;
        uint32_t whole = framed == AS_CONFLUENT ? 5 : framed == AS_CONFLUENT_GUID ? 17 : 10;

        if (framed == AS_RAW || framed == AS_JSON)
            continue;
        make(&made, (enum framed)framed, 0, 1, "e", 1);
        view = view_of(&made);
        for (view.len = 0; view.len <= whole; view.len++) {
            struct seuil_fault fault = {0};
            int rc = seuil_framing_open(format, &view, &frame, &fault);

            cr_expect_eq(rc, view.len < whole ? SEUIL_ERR_TRUNCATED : 0, "%d, %u", framed,
                         view.len);
        }
        cr_expect_eq(frame.at, whole);
    }
    make(&made, AS_CONFLUENT_HEADER, 0, 1, "e", 1);
    view = view_of(&made);
    for (made.header_len = 0; made.header_len < 20; made.header_len++)
        for (uint8_t first = 0; first < 3; first++) {
            struct seuil_fault fault = {0};

            made.header_value[0] = first;
            cr_expect_eq(
                seuil_framing_open(SEUIL_FORMAT_CONFLUENT_HEADERS, &view, &frame, &fault) == 0,
                (first == 0 && made.header_len == 5) || (first == 1 && made.header_len == 17));
        }
    make(&made, AS_APICURIO_GLOBAL, 0, 1, "e", 1);
    for (made.header_len = 0; made.header_len < 12; made.header_len++) {
        struct seuil_fault fault = {0};

        cr_expect_eq(seuil_framing_open(SEUIL_FORMAT_APICURIO_HEADERS, &view, &frame, &fault) == 0,
                     made.header_len == 8);
    }
    seuil_buf_done(&made.value);
}

/* share/test/data/schema-tests.txt of Apache Avro: canonical forms and fingerprints. */
Test(fingerprint, canonical_forms_and_fingerprints_are_those_of_the_specification_s_own_tests)
{
    static const struct {
        const char *schema, *canonical;
        int64_t fingerprint;
    } rows[] = {
        {"\"null\"", "\"null\"", 7195948357588979594},
        {"{\"type\":\"null\"}", "\"null\"", 7195948357588979594},
        {"\"boolean\"", "\"boolean\"", -6970731678124411036},
        {"\"int\"", "\"int\"", 8247732601305521295},
        {"\"long\"", "\"long\"", -3434872931120570953},
        {"\"float\"", "\"float\"", 5583340709985441680},
        {"\"double\"", "\"double\"", -8181574048448539266},
        {"\"bytes\"", "\"bytes\"", 5746618253357095269},
        {"\"string\"", "\"string\"", -8142146995180207161},
        {"[  ]", "[]", -1241056759729112623},
        {"[ \"int\"  ]", "[\"int\"]", -5232228896498058493},
        {"[ \"int\" , {\"type\":\"boolean\"} ]", "[\"int\",\"boolean\"]", 5392556393470105090},
        {"{\"fields\":[], \"type\":\"record\", \"name\":\"foo\", \"namespace\":\"x.y\"}",
         "{\"name\":\"x.y.foo\",\"type\":\"record\",\"fields\":[]}", 5916914534497305771},
        {"{\"fields\":[], \"type\":\"record\", \"name\":\"a.b.foo\", \"namespace\":\"x.y\"}",
         "{\"name\":\"a.b.foo\",\"type\":\"record\",\"fields\":[]}", -4616218487480524110},
        {"{\"fields\":[], \"type\":\"record\", \"name\":\"foo\", \"doc\":\"foo\", "
         "\"aliases\":[\"foo\",\"bar\"]}",
         "{\"name\":\"foo\",\"type\":\"record\",\"fields\":[]}", -4824392279771201922},
        {"{\"fields\":[{\"type\":{\"type\":\"boolean\"}, \"name\":\"f1\"}], \"type\":\"record\", "
         "\"name\":\"foo\"}",
         "{\"name\":\"foo\",\"type\":\"record\",\"fields\":[{\"name\":\"f1\",\"type\":"
         "\"boolean\"}]}",
         7843277075252814651},
        {"{ \"fields\":[{\"type\":\"boolean\", \"aliases\":[], \"name\":\"f1\", "
         "\"default\":\"true\"},\n {\"order\":\"descending\",\"name\":\"f2\",\"doc\":\"Hello\","
         "\"type\":\"int\"}],\n \"type\":\"record\", \"name\":\"foo\"\n}",
         "{\"name\":\"foo\",\"type\":\"record\",\"fields\":[{\"name\":\"f1\",\"type\":\"boolean\"},"
         "{\"name\":\"f2\",\"type\":\"int\"}]}",
         -4860222112080293046},
        {"{\"namespace\":\"x.y.z\", \"type\":\"enum\", \"name\":\"foo\", \"doc\":\"foo bar\", "
         "\"symbols\":[\"A1\", \"A2\"]}",
         "{\"name\":\"x.y.z.foo\",\"type\":\"enum\",\"symbols\":[\"A1\",\"A2\"]}",
         -4448647247586288245},
        {"{\"namespace\":\"x.y.z\", \"type\":\"fixed\", \"name\":\"foo\", \"doc\":\"foo bar\", "
         "\"size\":32}",
         "{\"name\":\"x.y.z.foo\",\"type\":\"fixed\",\"size\":32}", -3064184465700546786},
        {"{ \"items\":{\"type\":\"null\"}, \"type\":\"array\"}",
         "{\"type\":\"array\",\"items\":\"null\"}", -589620603366471059},
        {"{ \"values\":\"string\", \"type\":\"map\"}", "{\"type\":\"map\",\"values\":\"string\"}",
         -8732877298790414990},
        {"{\"name\":\"PigValue\",\"type\":\"record\",\n\"fields\":[{\"name\":\"value\", "
         "\"type\":[\"null\", \"int\", \"long\", \"PigValue\"]}]}",
         "{\"name\":\"PigValue\",\"type\":\"record\",\"fields\":[{\"name\":\"value\",\"type\":["
         "\"null\",\"int\",\"long\",\"PigValue\"]}]}",
         -1759257747318642341},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct seuil_buf out = {0};
        struct seuil_error err;
        uint64_t f = 0;

        cr_assert_eq(seuil_avro_canonical("x", rows[i].schema, strlen(rows[i].schema), &out, &err),
                     0);
        seuil_buf_add_byte(&out, 0);
        cr_expect_str_eq((const char *)out.ptr, rows[i].canonical);
        cr_assert_eq(seuil_avro_fingerprint("x", rows[i].schema, strlen(rows[i].schema), &f, &err),
                     0);
        cr_expect_eq((int64_t)f, rows[i].fingerprint, "%s: %lld", rows[i].schema, (long long)f);
        seuil_buf_done(&out);
    }
}

Test(fingerprint, what_is_no_json_or_nested_without_end_is_an_error)
{
    char deep[4096] = "";
    struct seuil_error err;
    uint64_t f;

    for (int i = 0; i < 500; i++)
        strcat(deep, "[");
    for (int i = 0; i < 500; i++)
        strcat(deep, "]");
    cr_assert_eq(seuil_avro_fingerprint("x", deep, strlen(deep), &f, &err), SEUIL_ERR_LIMIT);
    cr_assert_eq(seuil_avro_fingerprint("x", "{", 1, &f, &err), SEUIL_ERR_FORMAT);
}

Test(programs, thousands_are_found_again_and_those_beyond_the_limit_refused)
{
    static char things[SEUIL_PROGRAMS_MAX + 1];
    struct seuil_programs programs = {0};
    struct seuil_schema_ref ref = {SEUIL_REF_ID, 0, 0};

    cr_assert_null(seuil_programs_find(&programs, &ref));
    for (uint32_t i = 0; i < SEUIL_PROGRAMS_MAX; i++) {
        ref = (struct seuil_schema_ref){(uint8_t)(1 + i % 5), i % 3, i / 5};
        cr_assert_eq(seuil_programs_add(&programs, &ref, &things[i]), 0);
    }
    ref.low = 1 << 20;
    cr_assert_eq(seuil_programs_add(&programs, &ref, things), SEUIL_ERR_LIMIT);
    for (uint32_t i = 0; i < SEUIL_PROGRAMS_MAX; i++) {
        ref = (struct seuil_schema_ref){(uint8_t)(1 + i % 5), i % 3, i / 5};
        cr_assert_eq(seuil_programs_find(&programs, &ref), &things[i]);
        ref.high += 3;
        cr_assert_null(seuil_programs_find(&programs, &ref));
    }
    seuil_programs_done(&programs);
}

Test(learning, a_decoder_without_schemas_learns_them_while_it_reads)
{
    struct seuil_decoder_spec spec = {
        .format = SEUIL_FORMAT_CONFLUENT, .kind = SEUIL_KIND_PAGE_VIEW, .learns = true};
    struct decoding d = decoding_make(&spec);
    struct seuil_schema_ref ref, other = {SEUIL_REF_ID, 0, 8};
    struct made made = {0};
    struct seuil_record_view view;

    cr_assert_not_null(d.decoder, "%s", d.err.text);
    make(&made, AS_CONFLUENT, 1, 7, "e7", 1);
    view = view_of(&made);
    cr_assert_eq(seuil_decode_record(d.decoder, d.scratch, &view, &d.event, &d.err),
                 SEUIL_ERR_UNKNOWN);
    cr_assert(strstr(d.err.text, "(7)"), "%s", d.err.text);
    cr_assert_eq(seuil_decode_schema(d.decoder, &view, &ref), 0);
    cr_assert_eq(seuil_decoder_learn(d.decoder, &other, "8", "{\"type\":\"record\"", 16, &d.err),
                 SEUIL_ERR_INVALID);
    cr_assert_eq(
        seuil_decoder_learn(d.decoder, &ref, "7", schemas[1], (uint32_t)strlen(schemas[1]), &d.err),
        0);
    cr_assert_eq(seuil_decoder_learn(d.decoder, &ref, "7", "again", 5, &d.err), 0);
    cr_assert_eq(seuil_decode_record(d.decoder, d.scratch, &view, &d.event, &d.err), 0);
    cr_assert(is_the_event(&d.event, "e7"));
    spec.learns = false;
    cr_assert_null(seuil_decoder_new(&spec, &d.err));
    cr_assert(strstr(d.err.text, "registry"), "%s", d.err.text);
    seuil_buf_done(&made.value);
    decoding_done(&d);
}

/* Memory that is out says nothing of the schema: it may be learned later. */
Test(learning, what_fails_for_want_of_memory_is_not_refused)
{
    struct seuil_decoder_spec spec = {
        .format = SEUIL_FORMAT_CONFLUENT, .kind = SEUIL_KIND_PAGE_VIEW, .learns = true};
    struct decoding d = decoding_make(&spec);
    struct seuil_schema_ref ref = {SEUIL_REF_ID, 0, 7};
    int rc = SEUIL_ERR_NOMEM, n;

    cr_assert_not_null(d.decoder, "%s", d.err.text);
    for (n = 0; rc == SEUIL_ERR_NOMEM && n < 1000; n++) {
        seuil_heap_fail_after(n);
        rc = seuil_decoder_learn(d.decoder, &ref, "7", schemas[1], (uint32_t)strlen(schemas[1]),
                                 n % 2 ? &d.err : NULL);
        seuil_heap_fail_after(-1);
    }
    cr_assert(rc == 0 && n > 2, "%d after %d", rc, n);
    decoding_done(&d);
}
