/* What a record may cost: 4 steps a byte and 256, whoever chose its names. Names that fall into one
 * place of a hash are found by trying, as somebody who means harm would. */

#include <criterion/criterion.h>

#include "base/hash.h"
#include "codec/scratch.h"
#include "support/avro_write.h"
#include "support/decoding.h"
#include "support/document.h"

#define MANY 400

/* @count distinct names in one place of a table of @slots, in @names. */
static void collide(uint64_t seed, bool seeded, uint32_t slots, char names[][12], uint32_t count)
{
    uint32_t found = 0;

    for (uint32_t n = 0; found < count; n++) {
        int len = sprintf(names[found], "%x", n);
        uint64_t hash = seeded ? seuil_hash64_seed(names[found], (size_t)len, seed)
                               : seuil_hash64(names[found], (size_t)len);

        found += ((uint32_t)hash & (slots - 1)) == 7;
    }
}

/* {"id":"e","lead":"l","time":1,"properties":{NAME:1,...}}, or with the names beside them. */
static size_t write_event(char *out, char names[][12], uint32_t count, bool inside)
{
    size_t n = (size_t)sprintf(out, "{\"id\":\"e\",\"lead\":\"l\",\"time\":1%s",
                               inside ? ",\"properties\":{\"first\":0" : "");

    for (uint32_t i = 0; i < count; i++)
        n += (size_t)sprintf(out + n, ",\"%s\":1", names[i]);
    return n + (size_t)sprintf(out + n, inside ? "}}" : "}");
}

static void spread(char names[][12], uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        sprintf(names[i], "name%u", i);
}

Test(steps, of_JSON_events_are_bounded_whatever_their_names)
{
    static char names[MANY][12], text[16384];
    struct decoding d = decoding_json(SEUIL_KIND_ACTIVITY);
    size_t len;

    for (int inside = 0; inside < 2; inside++) {
        uint32_t count = inside ? 250 : MANY;

        spread(names, count);
        len = write_event(text, names, count, inside);
        cr_assert_eq(decoding_run(&d, text, len), 0, "%s", d.err.text);
        cr_assert_gt(d.scratch->steps, 2 * count, "they are not counted");
        cr_assert_lt(d.scratch->steps, 6 * count + 256);
        collide(0, false, SEUIL_KEYSET_SLOTS, names, count);
        len = write_event(text, names, count, inside);
        cr_assert_eq(decoding_run(&d, text, len), SEUIL_ERR_LIMIT, "%d: %s", inside, d.err.text);
        cr_assert(strstr(d.err.text, "chosen to collide"), "%s", d.err.text);
        cr_assert_leq(d.scratch->steps, SEUIL_STEPS_MOST(len));
    }
    decoding_done(&d);
}

/* A name that stands there a thousand times costs no more than a thousand names. */
Test(steps, of_names_that_come_again_are_few)
{
    static char names[MANY][12], text[65536];
    struct decoding d = decoding_json_last(SEUIL_KIND_ACTIVITY);
    size_t len;

    spread(names, 250);
    len = write_event(text, names, 250, true) - 2;
    for (int i = 0; i < 3000; i++)
        len += (size_t)sprintf(text + len, ",\"name249\":%d", i);
    len += (size_t)sprintf(text + len, ",\"name3\":[],\"name4\":null,\"first\":\"x\"}}");
    cr_assert_eq(decoding_run(&d, text, len), 0, "%s", d.err.text);
    cr_assert_lt(d.scratch->steps, 6 * 3300);
    cr_assert_eq(d.event.map_count, 250, "%u", d.event.map_count);
    for (uint32_t i = 0; i < d.event.map_count; i++) {
        const struct seuil_entry *e = &d.event.map[i];

        cr_assert(!seuil_str_eq(e->key, SEUIL_STR("name3")), "a list has no place in it");
        if (seuil_str_eq(e->key, SEUIL_STR("name249")))
            cr_assert_eq(e->value.i, 2999);
        else if (seuil_str_eq(e->key, SEUIL_STR("name4")))
            cr_assert_eq(e->value.type, SEUIL_TYPE_NULL);
        else if (seuil_str_eq(e->key, SEUIL_STR("first")))
            cr_assert_eq(e->value.type, SEUIL_TYPE_STRING);
        else
            cr_assert_eq(e->value.i, 1);
    }
    decoding_done(&d);
}

static size_t write_object(char *out, char names[][12], uint32_t count)
{
    size_t n = (size_t)sprintf(out, "{");

    for (uint32_t i = 0; i < count; i++)
        n += (size_t)sprintf(out + n, "%s\"%s\":1", i ? "," : "", names[i]);
    return n + (size_t)sprintf(out + n, "}");
}

Test(steps, of_JSON_documents_are_bounded_whatever_their_names)
{
    static char names[MANY][12], text[65536];
    struct documenting d = documenting_make("*");
    size_t len;

    spread(names, MANY);
    len = write_object(text, names, MANY);
    cr_assert_eq(documenting_json(&d, SEUIL_DUPLICATES_REFUSED, text, len), 0, "%s", d.fault.why);
    cr_assert_lt(d.document.steps, 6 * MANY + 256);
    collide(0, true, SEUIL_MEMBER_SLOTS, names, MANY);
    len = write_object(text, names, MANY);
    cr_assert_eq(documenting_json(&d, SEUIL_DUPLICATES_REFUSED, text, len), SEUIL_ERR_LIMIT);
    cr_assert_leq(d.document.steps, SEUIL_STEPS_MOST(len));
    /* Members that are replaced are taken out at each depth: that counts too. */
    len = 0;
    for (int depth = 0; depth < 30; depth++)
        len += (size_t)sprintf(text + len, "{\"a\":0,\"a\":");
    len += (size_t)sprintf(text + len, "[");
    for (int i = 0; i < 2000; i++)
        len += (size_t)sprintf(text + len, "%s1", i ? "," : "");
    len += (size_t)sprintf(text + len, "]");
    for (int depth = 0; depth < 30; depth++)
        len += (size_t)sprintf(text + len, "}");
    cr_assert_eq(documenting_json(&d, SEUIL_DUPLICATES_LAST, text, len), SEUIL_ERR_LIMIT);
    cr_assert_leq(d.document.steps, SEUIL_STEPS_MOST(len));
    documenting_done(&d);
}

static const char activity[] =
    "{\"type\":\"record\",\"name\":\"A\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},"
    "{\"name\":\"lead\",\"type\":\"string\"},{\"name\":\"time\",\"type\":\"long\"},"
    "{\"name\":\"properties\",\"type\":{\"type\":\"map\",\"values\":\"boolean\"}}]}";

static void write_record(struct seuil_buf *b, char names[][12], uint32_t count)
{
    seuil_buf_clear(b);
    avro_write_string(b, "e");
    avro_write_string(b, "l");
    avro_write_long(b, 1);
    avro_write_long(b, count);
    for (uint32_t i = 0; i < count; i++) {
        avro_write_string(b, names[i]);
        seuil_buf_add_byte(b, 1);
    }
    avro_write_long(b, 0);
}

Test(steps, of_Avro_maps_are_bounded_whatever_their_keys)
{
    static char names[MANY][12];
    struct decoding event = decoding_avro(SEUIL_FORMAT_RAW, SEUIL_KIND_ACTIVITY, activity, NULL, 0);
    struct documenting whole = documenting_avro("*", activity);
    struct seuil_buf b = {0};

    spread(names, 250);
    write_record(&b, names, 250);
    cr_assert_eq(decoding_run(&event, b.ptr, b.len), 0, "%s", event.err.text);
    cr_assert_eq(documenting_run(&whole, b.ptr, b.len), 0, "%s", whole.fault.why);
    collide(0, false, SEUIL_KEYSET_SLOTS, names, 250);
    write_record(&b, names, 250);
    cr_assert_eq(decoding_run(&event, b.ptr, b.len), SEUIL_ERR_LIMIT);
    cr_assert_leq(event.scratch->steps, SEUIL_STEPS_MOST(b.len));
    collide(4, true, SEUIL_MEMBER_SLOTS, names, 250); /* the map is node 4 */
    write_record(&b, names, 250);
    cr_assert_eq(documenting_run(&whole, b.ptr, b.len), SEUIL_ERR_LIMIT);
    cr_assert_leq(whole.document.steps, SEUIL_STEPS_MOST(b.len));
    seuil_buf_done(&b);
    decoding_done(&event);
    documenting_done(&whole);
}

/* However many columns and parameters a map asks for, a short record costs little. */
Test(steps, of_lines_and_forms_are_bounded)
{
    struct seuil_wanted wanted[SEUIL_TSV_COLUMNS_MAX], root = {.children = wanted};
    static struct seuil_tsv_column columns[SEUIL_TSV_COLUMNS_MAX];
    static char names[SEUIL_TSV_COLUMNS_MAX][5], line[SEUIL_TSV_COLUMNS_MAX + 1];
    struct documenting d = documenting_make("*");
    uint32_t count;

    for (uint32_t i = 0; i < SEUIL_TSV_COLUMNS_MAX; i++) {
        sprintf(names[i], "%u", i + 1);
        wanted[root.child_count++] =
            (struct seuil_wanted){.name = seuil_str_from(names[i]), .whole = true};
        line[i] = '\t';
    }
    count = seuil_tsv_columns(&root, NULL, 0, columns);
    cr_assert_eq(count, SEUIL_TSV_COLUMNS_MAX);
    for (uint32_t len = 0; len <= sizeof(line); len += 41) {
        d.document.count = 0;
        d.document.steps = 0;
        cr_assert_eq(
            seuil_tsv_document(columns, count, (const uint8_t *)line, len, &d.document, &d.fault),
            0);
        cr_assert_leq(d.document.steps, SEUIL_STEPS_MOST(len));
        cr_assert_eq(d.document.count, 1 + (len < count ? len + 1 : count));
        memset(line, '&', sizeof(line));
        d.document.count = 0;
        d.document.steps = 0;
        cr_assert_eq(seuil_form_document(&root, d.scratch, (const uint8_t *)line, len, &d.document,
                                         &d.fault),
                     0);
        cr_assert_leq(d.document.steps, SEUIL_STEPS_MOST(len));
        memset(line, '\t', sizeof(line));
    }
    documenting_done(&d);
}
