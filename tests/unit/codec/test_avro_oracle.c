/* Random schemas and data: avro-c writes, we extract, and what avro-c was told is what we must
 * find. */

#include <avro.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "support/decoding.h"

static uint64_t state = 1;

static uint32_t draw(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

/* ---- schemas ------------------------------------------------------------------------------ */

static unsigned named; /* types so far: names are unique in a schema */

static void any_type(struct seuil_buf *out, unsigned depth, bool in_union);

static void any_union(struct seuil_buf *out, unsigned depth)
{
    static const char *const singles[] = {"null",  "boolean", "int",   "long",
                                          "float", "double",  "bytes", "string"};
    unsigned first = draw(8), count = 1 + draw(5);

    seuil_buf_add_text(out, "[");
    for (unsigned i = 0; i < count; i++)
        seuil_buf_printf(out, "%s\"%s\"", i ? "," : "", singles[(first + i) % 8]);
    if (draw(3) == 0) {
        seuil_buf_add_text(out, ",");
        any_type(out, depth + 1, true);
    }
    seuil_buf_add_text(out, "]");
}

static void any_record(struct seuil_buf *out, unsigned depth)
{
    unsigned count = draw(4);

    seuil_buf_printf(out, "{\"type\":\"record\",\"name\":\"N%u\",\"fields\":[", named++);
    for (unsigned i = 0; i < count; i++) {
        seuil_buf_printf(out, "%s{\"name\":\"f%u\",\"type\":", i ? "," : "", i);
        any_type(out, depth + 1, false);
        seuil_buf_add_text(out, "}");
    }
    seuil_buf_add_text(out, "]}");
}

/* @in_union: only what no other branch can be. */
static void any_type(struct seuil_buf *out, unsigned depth, bool in_union)
{
    static const char *const singles[] = {"null",  "boolean", "int",   "long",
                                          "float", "double",  "bytes", "string"};
    unsigned what = in_union ? 9 + draw(5) : draw(depth > 3 ? 9 : 15);

    if (what < 8)
        seuil_buf_printf(out, "\"%s\"", singles[what]);
    else if (what <= 9)
        seuil_buf_printf(
            out, "{\"type\":\"enum\",\"name\":\"N%u\",\"symbols\":[\"A\",\"B\",\"C\"]}", named++);
    else if (what == 10)
        seuil_buf_printf(out, "{\"type\":\"fixed\",\"name\":\"N%u\",\"size\":%u}", named++,
                         1 + draw(20));
    else if (what == 11 || what == 12) {
        seuil_buf_add_text(out, what == 11 ? "{\"type\":\"array\",\"items\":"
                                           : "{\"type\":\"map\",\"values\":");
        any_type(out, depth + 1, false);
        seuil_buf_add_text(out, "}");
    } else if (what == 13)
        any_record(out, depth);
    else
        any_union(out, depth);
}

/* A type that can become a field of @class. */
static void type_for(struct seuil_buf *out, int field, bool optional)
{
    static const char *const strings[] = {"\"string\"", "\"bytes\""};
    static const char *const numbers[] = {"\"int\"", "\"long\"", "\"float\"", "\"double\""};
    bool after = draw(2);

    if (optional)
        seuil_buf_add_text(out, after ? "[" : "[\"null\",");
    if (field == SEUIL_FIELD_VALUE) {
        seuil_buf_add_text(out, numbers[draw(4)]);
    } else if (draw(3) == 0) {
        seuil_buf_printf(out, "{\"type\":\"enum\",\"name\":\"N%u\",\"symbols\":[\"x\",\"y\"]}",
                         named++);
    } else {
        seuil_buf_add_text(out, strings[draw(2)]);
    }
    if (optional)
        seuil_buf_add_text(out, after ? ",\"null\"]" : "]");
}

static const char *const wanted[] = {"id",   "lead",   "time",  "retracts", "consent",
                                     "name", "object", "value", "product",  "properties"};

static void any_field(struct seuil_buf *out, unsigned which)
{
    seuil_buf_printf(out, "{\"name\":\"%s\",\"type\":", wanted[which]);
    if (which < 2)
        seuil_buf_add_text(out, "\"string\"");
    else if (which == 2)
        seuil_buf_add_text(out, "\"long\"");
    else if (which == 3)
        seuil_buf_add_text(out, "[\"null\",\"string\"]");
    else if (which == 4)
        seuil_buf_add_text(out, draw(2) ? "\"boolean\"" : "[\"boolean\",\"null\"]");
    else if (which == 9)
        seuil_buf_add_text(out, "{\"type\":\"map\",\"values\":[\"long\",\"null\",\"string\","
                                "\"boolean\",\"double\",\"int\",\"float\"]}");
    else
        type_for(out, seuil_field_find(seuil_str_from(wanted[which])), draw(2));
    seuil_buf_add_text(out, "}");
}

/* An activity's record: the fields in any order, unwanted ones between. */
static void any_schema(struct seuil_buf *out)
{
    unsigned order[10], extra = 0;

    named = 0;
    for (unsigned i = 0; i < 10; i++)
        order[i] = i;
    for (unsigned i = 9; i > 0; i--) {
        unsigned k = draw(i + 1), t = order[i];

        order[i] = order[k];
        order[k] = t;
    }
    seuil_buf_clear(out);
    seuil_buf_add_text(out, "{\"type\":\"record\",\"name\":\"Top\",\"namespace\":\"t\","
                            "\"fields\":[");
    for (unsigned i = 0; i < 10; i++) {
        while (draw(3) == 0) {
            seuil_buf_printf(out, "{\"name\":\"extra%u\",\"type\":", extra++);
            any_type(out, 1, false);
            seuil_buf_add_text(out, "},");
        }
        any_field(out, order[i]);
        seuil_buf_add_text(out, i < 9 ? "," : "]}");
    }
}

/* ---- data --------------------------------------------------------------------------------- */

static size_t any_text(char *out)
{
    static const char *const pieces[] = {"a", "é", "€", "😀", "lead", "/tarifs", "0123456789"};
    size_t n = 0;

    for (unsigned count = 1 + draw(6); count > 0; count--)
        n += (size_t)sprintf(out + n, "%s", pieces[draw(7)]);
    return n;
}

static int64_t any_number(void)
{
    int64_t value = (int64_t)((uint64_t)draw(1u << 31) << 33 ^ (uint64_t)draw(1u << 31));

    return value >> draw(64);
}

static void fill(avro_value_t *value);

static void fill_many(avro_value_t *value, bool map)
{
    avro_value_t child;
    char key[16];
    size_t index;
    int is_new;

    for (unsigned count = draw(4), i = 0; i < count; i++) {
        sprintf(key, "k%u", i);
        if (map)
            avro_value_add(value, key, &child, &index, &is_new);
        else
            avro_value_append(value, &child, NULL);
        fill(&child);
    }
}

static void fill_record(avro_value_t *value)
{
    avro_value_t child;
    size_t count;

    avro_value_get_size(value, &count);
    for (size_t i = 0; i < count; i++) {
        const char *name;

        avro_value_get_by_index(value, i, &child, &name);
        fill(&child);
        if (strcmp(name, "time") == 0)
            avro_value_set_long(&child, (int64_t)draw(1u << 31) * 500);
    }
}

static void fill(avro_value_t *value)
{
    avro_schema_t schema = avro_value_get_schema(value);
    avro_value_t child;
    char text[128];
    size_t n;

    switch (avro_value_get_type(value)) {
    case AVRO_NULL:
        avro_value_set_null(value);
        break;
    case AVRO_BOOLEAN:
        avro_value_set_boolean(value, (int)draw(2));
        break;
    case AVRO_INT32:
        avro_value_set_int(value, (int32_t)any_number());
        break;
    case AVRO_INT64:
        avro_value_set_long(value, any_number());
        break;
    case AVRO_FLOAT:
        avro_value_set_float(value, (float)draw(1000) / 7);
        break;
    case AVRO_DOUBLE:
        avro_value_set_double(value, (double)any_number() / 3);
        break;
    case AVRO_STRING:
        n = any_text(text);
        avro_value_set_string_len(value, text, n + 1);
        break;
    case AVRO_BYTES:
        n = any_text(text);
        avro_value_set_bytes(value, text, n);
        break;
    case AVRO_FIXED:
        memset(text, 0xee, sizeof(text));
        avro_value_set_fixed(value, text, (size_t)avro_schema_fixed_size(schema));
        break;
    case AVRO_ENUM:
        avro_value_set_enum(value, (int)draw((uint32_t)avro_schema_enum_number_of_symbols(schema)));
        break;
    case AVRO_UNION:
        avro_value_set_branch(value, (int)draw((uint32_t)avro_schema_union_size(schema)), &child);
        fill(&child);
        break;
    case AVRO_ARRAY:
    case AVRO_MAP:
        fill_many(value, avro_value_get_type(value) == AVRO_MAP);
        break;
    case AVRO_RECORD:
        fill_record(value);
        break;
    default:
        cr_assert_fail("no such type");
    }
}

/* ---- comparison --------------------------------------------------------------------------- */

static void same_text(const void *expected, size_t len, struct seuil_str got, const char *what)
{
    cr_assert(got.len == len && memcmp(expected, got.ptr, len) == 0, "%s: %.*s", what, (int)got.len,
              got.ptr);
}

static void same(avro_value_t value, const struct seuil_value *got, const char *what)
{
    const void *bytes;
    const char *text;
    size_t n;
    int64_t l;
    int32_t i;
    double d;
    float f;
    int b;

    if (avro_value_get_type(&value) == AVRO_UNION) {
        avro_value_t branch;

        avro_value_get_current_branch(&value, &branch);
        value = branch;
    }
    switch (avro_value_get_type(&value)) {
    case AVRO_NULL:
        cr_assert_eq(got->type, SEUIL_TYPE_NULL, "%s", what);
        break;
    case AVRO_BOOLEAN:
        avro_value_get_boolean(&value, &b);
        cr_assert(got->type == SEUIL_TYPE_BOOL && got->b == b, "%s", what);
        break;
    case AVRO_INT32:
        avro_value_get_int(&value, &i);
        cr_assert(got->type == SEUIL_TYPE_INT && got->i == i, "%s", what);
        break;
    case AVRO_INT64:
        avro_value_get_long(&value, &l);
        cr_assert(got->type == SEUIL_TYPE_INT && got->i == l, "%s", what);
        break;
    case AVRO_FLOAT:
        avro_value_get_float(&value, &f);
        cr_assert(got->type == SEUIL_TYPE_DOUBLE && got->d == (double)f, "%s", what);
        break;
    case AVRO_DOUBLE:
        avro_value_get_double(&value, &d);
        cr_assert(got->type == SEUIL_TYPE_DOUBLE && got->d == d, "%s", what);
        break;
    case AVRO_STRING:
        avro_value_get_string(&value, &text, &n);
        cr_assert_eq(got->type, SEUIL_TYPE_STRING, "%s", what);
        same_text(text, n - 1, got->s, what);
        break;
    case AVRO_BYTES:
        avro_value_get_bytes(&value, &bytes, &n);
        cr_assert_eq(got->type, SEUIL_TYPE_STRING, "%s", what);
        same_text(bytes, n, got->s, what);
        break;
    case AVRO_ENUM:
        avro_value_get_enum(&value, &b);
        text = avro_schema_enum_get(avro_value_get_schema(&value), b);
        cr_assert_eq(got->type, SEUIL_TYPE_STRING, "%s", what);
        same_text(text, strlen(text), got->s, what);
        break;
    default:
        cr_assert_fail("%s has no such type", what);
    }
}

static struct seuil_value as_value(struct seuil_str s)
{
    return s.len ? (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = s}
                 : (struct seuil_value){.type = SEUIL_TYPE_NULL};
}

static void compare(avro_value_t *record, const struct seuil_event *event)
{
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        int field = seuil_field_find(seuil_str_from(wanted[i]));
        struct seuil_value got = {0};
        avro_value_t value, entry;
        const char *key;
        size_t count;

        avro_value_get_by_name(record, wanted[i], &value, NULL);
        if (i == 9) {
            avro_value_get_size(&value, &count);
            cr_assert_eq(event->map_count, count);
            for (size_t k = 0; k < count; k++) {
                avro_value_get_by_index(&value, k, &entry, &key);
                same_text(key, strlen(key), event->map[k].key, "key");
                same(entry, &event->map[k].value, key);
            }
            continue;
        }
        if (field >= 0)
            got = event->field[field];
        else if (i == 2)
            got = (struct seuil_value){.type = SEUIL_TYPE_INT, .i = event->time};
        else
            got = i == 0   ? as_value(event->id)
                  : i == 1 ? as_value(event->lead)
                  : i == 3 ? as_value(event->retracts)
                           : event->consent;
        same(value, &got, wanted[i]);
    }
}

static void one_schema(const char *schema, unsigned records)
{
    struct decoding d = decoding_avro(SEUIL_FORMAT_RAW, SEUIL_KIND_ACTIVITY, schema, NULL, 0);
    static char bytes[65536];
    avro_schema_t parsed;
    avro_value_iface_t *iface;
    avro_value_t value;

    cr_assert_not_null(d.decoder, "%s\n%s", d.err.text, schema);
    cr_assert_eq(avro_schema_from_json_length(schema, strlen(schema), &parsed), 0, "%s",
                 avro_strerror());
    iface = avro_generic_class_from_schema(parsed);
    avro_generic_value_new(iface, &value);
    for (unsigned i = 0; i < records; i++) {
        avro_writer_t writer = avro_writer_memory(bytes, sizeof(bytes));
        size_t len;
        int rc;

        avro_value_reset(&value);
        fill(&value);
        cr_assert_eq(avro_value_write(writer, &value), 0, "%s", avro_strerror());
        len = (size_t)avro_writer_tell(writer);
        avro_writer_free(writer);
        rc = decoding_run(&d, bytes, len);
        cr_assert_eq(rc, 0, "%s\n%s", d.err.text, schema);
        compare(&value, &d.event);
        if (i == 0) /* a cut record is none */
            for (size_t n = 0; n < len; n++)
                cr_assert_neq(decoding_run(&d, bytes, n), 0, "prefix %zu of %zu\n%s", n, len,
                              schema);
    }
    avro_value_decref(&value);
    avro_value_iface_decref(iface);
    avro_schema_decref(parsed);
    decoding_done(&d);
}

Test(avro_oracle, what_avro_c_wrote_of_any_schema_is_what_we_read)
{
    struct seuil_buf schema = {0};

    for (unsigned i = 0; i < 1500; i++) {
        any_schema(&schema);
        seuil_buf_add_byte(&schema, 0);
        one_schema((const char *)schema.ptr, 12);
    }
    seuil_buf_done(&schema);
}

Test(avro_oracle, the_published_activity_is_read_as_avro_c_writes_it)
{
    char *text = decoding_file("schemas/activity.avsc");

    one_schema(text, 200);
    seuil_heap_free(text);
}
