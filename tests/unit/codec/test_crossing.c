#include <avro.h>
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "codec/encode.h"
#include "support/decoding.h"

static const struct seuil_tier tiers[] = {{.name = "froid"}, {.name = "tiède", .entry = 20}};
static struct seuil_model model = {.name = "demo",
                                   .version = "3",
                                   .tier_count = 2,
                                   .tiers = tiers,
                                   .excluded_name = "exclu",
                                   .exclusion_mark = -INFINITY};
static struct seuil_models models = {.model_count = 1, .models = &model};
static struct seuil_lead lead;
static struct seuil_crossing crossing;
static struct seuil_cause cause;

static void setup(void)
{
    seuil_lead_init(&lead, SEUIL_STR("lead-1"));
    lead.birth = (struct seuil_birth){.known = true, .topic = 2, .generation = 1, .offset = 77};
    crossing = (struct seuil_crossing){.tier_before = 0,
                                       .tier = 1,
                                       .up = true,
                                       .reason = SEUIL_REASON_EVENT,
                                       .ordinal = 1,
                                       .effective = INT64_C(1772438400000),
                                       .qualified_until = INT64_C(1772438400000) + SEUIL_DAY_MS,
                                       .since = SEUIL_TIME_NONE};
    crossing.explanation.score = 27.35;
    crossing.explanation.fit = 5;
    crossing.explanation.line_count = 2;
    crossing.explanation.lines[0] = (struct seuil_line){.rule = "tarifs",
                                                        .label = "Page \"tarifs\"",
                                                        .count = 3,
                                                        .points = 30,
                                                        .now = 22.35,
                                                        .limited_by = "day"};
    crossing.explanation.lines[1] = (struct seuil_line){
        .rule = "secteur", .label = "Secteur", .points = 5, .now = 5, .limited_by = ""};
    cause = (struct seuil_cause){SEUIL_STR("e1"), SEUIL_STR("page_views"), 4, 1234};
}

TestSuite(crossing, .init = setup);

static void write_value(enum seuil_out_format format, struct seuil_buf *b)
{
    seuil_buf_clear(b);
    cr_assert_eq(
        seuil_crossing_write(format, SEUIL_STR("seuil"), &models, &lead, &crossing, &cause, b), 0);
}

static void id_of(uint32_t ordinal, char *id)
{
    seuil_crossing_id(SEUIL_STR("seuil"), &model, &lead, ordinal, id);
}

Test(crossing, the_id_is_a_function_of_app_model_lead_birth_and_ordinal_and_of_each_of_them)
{
    char first[SEUIL_CROSSING_ID_MAX], other[SEUIL_CROSSING_ID_MAX];

    id_of(1, first);
    cr_assert_eq(strlen(first), 32);
    cr_assert_eq(strspn(first, "0123456789abcdef"), 32);
    /* It is stored by others: it must never change. */
    cr_assert_str_eq(first, "81acafd7c90048eca98feafba7763f30");
    id_of(1, other);
    cr_assert_str_eq(first, other);
    id_of(2, other);
    cr_assert_str_neq(first, other);
    lead.birth.offset++;
    id_of(1, other);
    cr_assert_str_neq(first, other);
    setup();
    lead.birth.generation++;
    id_of(1, other);
    cr_assert_str_neq(first, other);
    setup();
    lead.birth.topic++;
    id_of(1, other);
    cr_assert_str_neq(first, other);
    setup();
    lead.id[0] = 'm';
    id_of(1, other);
    cr_assert_str_neq(first, other);
    setup();
    model.name = "dem";
    id_of(1, other);
    cr_assert_str_neq(first, other);
    model.name = "demo";
    seuil_crossing_id(SEUIL_STR("seuil2"), &model, &lead, 1, other);
    cr_assert_str_neq(first, other);
}

Test(crossing, its_json_is_these_bytes)
{
    struct seuil_buf b = {0};
    char id[SEUIL_CROSSING_ID_MAX], expected[1024];

    id_of(1, id);
    sprintf(expected,
            "{\"id\":\"%s\",\"lead\":\"lead-1\",\"model\":\"demo\",\"model_version\":\"3\","
            "\"direction\":\"up\",\"tier_before\":\"froid\",\"tier\":\"tiède\",\"score\":27.35,"
            "\"fit\":5,\"reason\":\"event\",\"effective_time\":\"2026-03-02T08:00:00.000Z\","
            "\"qualified_until\":\"2026-03-03T08:00:00.000Z\",\"cause\":{\"id\":\"e1\",\"topic\":"
            "\"page_views\",\"partition\":4,\"offset\":1234},\"explanation\":[{\"rule\":\"tarifs\","
            "\"label\":\"Page \\\"tarifs\\\"\",\"count\":3,\"points\":30,\"now\":22.35,"
            "\"limited_by\":\"day\"},{\"rule\":\"secteur\",\"label\":\"Secteur\",\"count\":0,"
            "\"points\":5,\"now\":5,\"limited_by\":null}],\"grade\":null,\"tier_since\":null,"
            "\"model_version_before\":null}",
            id);
    write_value(SEUIL_OUT_JSON, &b);
    seuil_buf_add_byte(&b, 0);
    cr_assert_str_eq((char *)b.ptr, expected);
    seuil_buf_done(&b);
}

Test(crossing, of_time_alone_has_no_cause_and_one_without_an_end_no_until)
{
    struct seuil_buf b = {0};
    json_t *json;

    cause.id.len = 0;
    crossing.qualified_until = SEUIL_TIME_NEVER;
    crossing.up = false;
    crossing.reason = SEUIL_REASON_DECAY;
    crossing.tier_before = SEUIL_TIER_EXCLUDED;
    crossing.explanation.line_count = 0;
    write_value(SEUIL_OUT_JSON, &b);
    json = json_loadb((char *)b.ptr, b.len, JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(json);
    cr_assert(json_is_null(json_object_get(json, "cause")));
    cr_assert(json_is_null(json_object_get(json, "qualified_until")));
    cr_assert_str_eq(json_string_value(json_object_get(json, "direction")), "down");
    cr_assert_str_eq(json_string_value(json_object_get(json, "reason")), "decay");
    cr_assert_str_eq(json_string_value(json_object_get(json, "tier_before")), "exclu");
    cr_assert_eq(json_array_size(json_object_get(json, "explanation")), 0);
    json_decref(json);
    seuil_buf_done(&b);
}

/* ---- Avro, read back by avro-c with the published text ------------------------------------- */

static json_t *read_avro(const struct seuil_buf *b)
{
    char *text = decoding_file("schemas/qualification.avsc"), *json;
    avro_reader_t reader = avro_reader_memory((char *)b->ptr, (int64_t)b->len);
    avro_value_iface_t *iface;
    avro_schema_t schema;
    avro_value_t value;
    json_t *got;

    cr_assert_eq(avro_schema_from_json_length(text, strlen(text), &schema), 0, "%s",
                 avro_strerror());
    iface = avro_generic_class_from_schema(schema);
    avro_generic_value_new(iface, &value);
    cr_assert_eq(avro_value_read(reader, &value), 0, "%s", avro_strerror());
    cr_assert_eq(avro_value_to_json(&value, 1, &json), 0);
    got = json_loads(json, 0, NULL);
    cr_assert_not_null(got, "%s", json);

    /* All bytes are of the record: written again they are the same. */
    {
        static char again[65536];
        avro_writer_t writer = avro_writer_memory(again, sizeof(again));

        avro_value_write(writer, &value);
        cr_assert_eq((size_t)avro_writer_tell(writer), b->len);
        cr_assert_eq(memcmp(again, b->ptr, b->len), 0);
        avro_writer_free(writer);
    }
    free(json);
    avro_value_decref(&value);
    avro_value_iface_decref(iface);
    avro_schema_decref(schema);
    avro_reader_free(reader);
    seuil_heap_free(text);
    return got;
}

/* The value of a union in avro-c's JSON: {"branch": value}. */
static json_t *branch(json_t *value)
{
    return json_is_object(value) ? json_object_iter_value(json_object_iter(value)) : value;
}

static double number(json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static void same_texts(json_t *json, json_t *avro)
{
    static const char *const names[] = {"id",        "lead", "model",  "model_version",
                                        "direction", "tier", "reason", "tier_before"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        cr_assert(json_equal(json_object_get(json, names[i]), json_object_get(avro, names[i])),
                  "%s", names[i]);
}

static void same_instant(json_t *json, json_t *avro)
{
    seuil_time_ms time;

    if (json_is_null(json)) {
        cr_assert(json_is_null(avro));
        return;
    }
    cr_assert_eq(seuil_time_parse(seuil_str_from(json_string_value(json)), &time), 0);
    cr_assert_eq(time, json_integer_value(branch(avro)));
}

static void both_say_the_same(void)
{
    struct seuil_buf text = {0}, binary = {0};
    json_t *json, *avro, *lines, *line, *other;

    write_value(SEUIL_OUT_JSON, &text);
    write_value(SEUIL_OUT_AVRO, &binary);
    json = json_loadb((char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    avro = read_avro(&binary);
    cr_assert_not_null(json);
    cr_assert_eq(json_object_size(json), json_object_size(avro));
    same_texts(json, avro);
    cr_assert_eq(number(json, "score"), number(avro, "score"));
    cr_assert_eq(number(json, "fit"), number(avro, "fit"));
    same_instant(json_object_get(json, "effective_time"), json_object_get(avro, "effective_time"));
    same_instant(json_object_get(json, "qualified_until"),
                 json_object_get(avro, "qualified_until"));
    same_instant(json_object_get(json, "tier_since"), json_object_get(avro, "tier_since"));
    cr_assert(json_equal(json_object_get(json, "grade"), branch(json_object_get(avro, "grade"))));
    cr_assert(json_equal(json_object_get(json, "model_version_before"),
                         branch(json_object_get(avro, "model_version_before"))));
    cr_assert(json_equal(json_object_get(json, "cause"), branch(json_object_get(avro, "cause"))));
    lines = json_object_get(json, "explanation");
    cr_assert_eq(json_array_size(lines), json_array_size(json_object_get(avro, "explanation")));
    for (size_t i = 0; i < json_array_size(lines); i++) {
        line = json_array_get(lines, i);
        other = json_array_get(json_object_get(avro, "explanation"), i);
        cr_assert_eq(json_object_size(line), json_object_size(other));
        cr_assert(json_equal(json_object_get(line, "rule"), json_object_get(other, "rule")));
        cr_assert(json_equal(json_object_get(line, "label"), json_object_get(other, "label")));
        cr_assert(json_equal(json_object_get(line, "count"), json_object_get(other, "count")));
        cr_assert_eq(number(line, "points"), number(other, "points"));
        cr_assert_eq(number(line, "now"), number(other, "now"));
        cr_assert(json_equal(json_object_get(line, "limited_by"),
                             branch(json_object_get(other, "limited_by"))));
    }
    json_decref(json);
    json_decref(avro);
    seuil_buf_done(&text);
    seuil_buf_done(&binary);
}

Test(crossing, its_avro_is_the_published_schemas_and_says_what_the_json_says)
{
    both_say_the_same();
    cause.id.len = 0;
    crossing.since = crossing.effective - 1000;
    crossing.version_before = "2";
    memcpy(crossing.explanation.grade, "A1", 3);
    both_say_the_same();
    crossing.qualified_until = SEUIL_TIME_NEVER;
    both_say_the_same();
    crossing.explanation.line_count = 0;
    both_say_the_same();
    setup();
    crossing.explanation.score = -0.001;
    crossing.explanation.fit = -1234.567;
    crossing.explanation.lines[0].points = 1.0 / 3;
    crossing.effective = -1;
    cause.offset = INT64_MAX;
    cause.partition = 1023;
    crossing.explanation.line_count = SEUIL_LINES_MAX + 1;
    for (uint32_t i = 2; i <= SEUIL_LINES_MAX; i++)
        crossing.explanation.lines[i] = crossing.explanation.lines[i % 2];
    both_say_the_same();
}

Test(crossing, written_again_it_is_the_same_bytes)
{
    struct seuil_buf a = {0}, b = {0};

    for (int format = SEUIL_OUT_JSON; format <= SEUIL_OUT_AVRO; format++) {
        write_value(format, &a);
        write_value(format, &b);
        cr_assert_eq(a.len, b.len);
        cr_assert_eq(memcmp(a.ptr, b.ptr, a.len), 0);
    }
    seuil_buf_done(&a);
    seuil_buf_done(&b);
}

Test(crossing, out_of_memory_is_told)
{
    struct seuil_buf b = {0};

    for (int format = SEUIL_OUT_JSON; format <= SEUIL_OUT_AVRO; format++) {
        seuil_heap_fail_after(1);
        cr_assert_eq(
            seuil_crossing_write(format, SEUIL_STR("seuil"), &models, &lead, &crossing, &cause, &b),
            SEUIL_ERR_NOMEM);
        seuil_heap_fail_after(-1);
        seuil_buf_done(&b);
    }
}
