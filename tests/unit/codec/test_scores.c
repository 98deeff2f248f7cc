#include <avro.h>
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "codec/scores.h"
#include "conf/model_load.h"
#include "support/decoding.h"

#define MODEL(name, points)                                                                        \
    "seuil_model: 1\nname: " name "\nversion: \"7\"\ndecay: {half_life: 10d}\n"                    \
    "groups:\n  all: {floor: -50, ceiling: 100}\n"                                                 \
    "tiers:\n  - {name: froid}\n  - {name: tiède, entry: 10, exit: 5}\n"                          \
    "rules:\n"                                                                                     \
    "  - {name: big, event: activity, when: {name: big}, points: " points ", group: all}\n"

#define NOW INT64_C(1772438400000)

static struct seuil_models *models;
static struct seuil_scratch *scratch;
static struct seuil_lead lead;

/* An event of @id at @time; what it made of the lead is left in `lead`. */
static void step(const char *name, enum seuil_kind kind, seuil_time_ms time)
{
    static struct seuil_outcome outcome;
    static struct seuil_event event;

    seuil_event_clear(&event, kind);
    event.id = seuil_str_from(name);
    event.lead = SEUIL_STR("léa");
    event.time = event.arrival = time;
    event.position.offset = 5;
    event.field[SEUIL_FIELD_NAME] =
        (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = seuil_str_from(name)};
    seuil_engine_step(models, scratch, &event, &lead, &outcome);
}

static void setup(void)
{
    const char *const texts[] = {MODEL("premier", "20"), MODEL("second", "4")};
    struct seuil_model_text files[2];
    struct seuil_errs errs = {0};

    for (int i = 0; i < 2; i++)
        files[i] = (struct seuil_model_text){i ? "b" : "a", texts[i], strlen(texts[i])};
    models = seuil_models_parse(files, 2, &errs);
    cr_assert(models, "%s", errs.count ? errs.list[0].text : "?");
    scratch = seuil_scratch_init(malloc(seuil_scratch_size(models)), models, NULL);
    seuil_lead_init(&lead, SEUIL_STR("léa"));
    step("big", SEUIL_KIND_ACTIVITY, NOW);
}

static void teardown(void)
{
    free(scratch);
    seuil_models_free(models);
}

TestSuite(scores, .init = setup, .fini = teardown);

static json_t *as_json(void)
{
    struct seuil_buf b = {0};
    json_t *json;

    cr_assert_eq(seuil_scores_write(SEUIL_OUT_JSON, models, scratch, &lead, &b), 0);
    json = json_loadb((char *)b.ptr, b.len, JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(json, "%.*s", (int)b.len, (char *)b.ptr);
    seuil_buf_done(&b);
    return json;
}

Test(scores, say_where_the_lead_stands_in_each_model_at_its_clock)
{
    json_t *json = as_json();
    json_t *wanted =
        json_loads("{\"lead\":\"léa\",\"as_of\":\"2026-03-02T08:00:00.000Z\",\"models\":["
                   "{\"model\":\"premier\",\"model_version\":\"7\",\"tier\":\"tiède\","
                   "\"score\":20,\"fit\":0,\"grade\":null},"
                   "{\"model\":\"second\",\"model_version\":\"7\",\"tier\":\"froid\","
                   "\"score\":4,\"fit\":0,\"grade\":null}]}",
                   0, NULL);

    cr_assert(json_equal(json, wanted), "%s", json_dumps(json, 0));
    json_decref(json);
    json_decref(wanted);
}

Test(scores, are_those_of_the_last_judgement_not_of_the_last_event)
{
    json_t *json, *first;

    /* Two half-lives, down to the mark where the tier is left, and a little more. */
    step("tick", SEUIL_KIND_TICK, lead.due);
    json = as_json();
    first = json_array_get(json_object_get(json, "models"), 0);
    cr_assert(lead.clock > NOW + 19 * SEUIL_DAY_MS);
    cr_assert_str_eq(json_string_value(json_object_get(json, "as_of")), "2026-03-22T08:00:00.001Z");
    cr_assert_str_eq(json_string_value(json_object_get(first, "tier")), "froid");
    cr_assert_eq(json_number_value(json_object_get(first, "score")), 5);
    json_decref(json);
}

Test(scores, of_a_lead_that_was_forgotten_there_are_none)
{
    cr_assert_not(seuil_scores_gone(&lead));
    step("forget", SEUIL_KIND_COMMAND, NOW + 1000);
    cr_assert(seuil_scores_gone(&lead));
    step("big", SEUIL_KIND_ACTIVITY, NOW + 2000);
    cr_assert_not(seuil_scores_gone(&lead), "it came back");
    lead.expired = true;
    cr_assert(seuil_scores_gone(&lead));
    seuil_lead_init(&lead, SEUIL_STR("nobody"));
    cr_assert(seuil_scores_gone(&lead));
}

Test(scores, have_one_id_for_one_content)
{
    char first[SEUIL_CROSSING_ID_MAX], other[SEUIL_CROSSING_ID_MAX];

    seuil_scores_id(&lead, (const uint8_t *)"abc", 3, first);
    cr_assert_eq(strlen(first), 32);
    seuil_scores_id(&lead, (const uint8_t *)"abc", 3, other);
    cr_assert_str_eq(first, other);
    seuil_scores_id(&lead, (const uint8_t *)"abd", 3, other);
    cr_assert_str_neq(first, other);
    seuil_scores_id(&lead, NULL, 0, first);
    lead.cut = NOW;
    seuil_scores_id(&lead, NULL, 0, other);
    cr_assert_str_neq(first, other);
}

/* ---- Avro, read back by avro-c with the published text ------------------------------------- */

static json_t *read_avro(const struct seuil_buf *b)
{
    avro_reader_t reader = avro_reader_memory((char *)b->ptr, (int64_t)b->len);
    avro_value_iface_t *iface;
    avro_schema_t schema;
    avro_value_t value;
    char *text;
    json_t *got;

    cr_assert_eq(
        avro_schema_from_json_length(seuil_scores_schema(), strlen(seuil_scores_schema()), &schema),
        0, "%s", avro_strerror());
    iface = avro_generic_class_from_schema(schema);
    avro_generic_value_new(iface, &value);
    cr_assert_eq(avro_value_read(reader, &value), 0, "%s", avro_strerror());
    cr_assert_eq(avro_value_to_json(&value, 1, &text), 0);
    got = json_loads(text, 0, NULL);
    cr_assert_not_null(got, "%s", text);
    {
        static char again[4096]; /* all bytes are of the record: written again they are the same */
        avro_writer_t writer = avro_writer_memory(again, sizeof(again));

        avro_value_write(writer, &value);
        cr_assert_eq((size_t)avro_writer_tell(writer), b->len);
        cr_assert_eq(memcmp(again, b->ptr, b->len), 0);
        avro_writer_free(writer);
    }
    free(text);
    avro_value_decref(&value);
    avro_value_iface_decref(iface);
    avro_schema_decref(schema);
    avro_reader_free(reader);
    return got;
}

Test(scores, their_avro_is_the_published_schemas_and_says_what_the_json_says)
{
    json_t *json = as_json(), *avro;
    struct seuil_buf b = {0};
    seuil_time_ms time;

    cr_assert_eq(seuil_scores_write(SEUIL_OUT_AVRO, models, scratch, &lead, &b), 0);
    avro = read_avro(&b);
    cr_assert(json_equal(json_object_get(json, "lead"), json_object_get(avro, "lead")));
    cr_assert_eq(
        seuil_time_parse(seuil_str_from(json_string_value(json_object_get(json, "as_of"))), &time),
        0);
    cr_assert_eq(time, json_integer_value(json_object_get(avro, "as_of")));
    cr_assert_eq(json_array_size(json_object_get(avro, "models")), 2);
    for (size_t i = 0; i < 2; i++) {
        json_t *a = json_array_get(json_object_get(avro, "models"), i);
        json_t *j = json_array_get(json_object_get(json, "models"), i);
        const char *name;
        json_t *value;

        cr_assert_eq(json_object_size(a), json_object_size(j));
        json_object_foreach(j, name, value)
        {
            json_t *other = json_object_get(a, name);

            cr_assert(json_is_number(value) ? json_number_value(value) == json_number_value(other)
                                            : json_equal(value, other),
                      "%s", name);
        }
    }
    json_decref(json);
    json_decref(avro);
    seuil_buf_done(&b);
}

Test(scores, the_text_that_a_registry_is_told_is_the_file)
{
    char *text = decoding_file("schemas/scores.avsc");

    cr_assert_str_eq(seuil_scores_schema(), text);
    seuil_heap_free(text);
}
