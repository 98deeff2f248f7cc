/* A record that gives several events: all of them in order under one stamp, each with its own fate.
 */

#include "rig.h"
#include "support/fold.h"

#define MAP                                                                                        \
    "each: '@record'\n"                                                                            \
    "events:\n"                                                                                    \
    "- when: {name: {not: none}}\n"                                                                \
    "  kind: activity\n"                                                                           \
    "  id: {derive: [name]}\n"                                                                     \
    "  lead: ['lead', '@key']\n"                                                                   \
    "  time: [t | time(ms), '@time']\n"                                                            \
    "  name: name\n"

/* The rig's FORMS are lists of events. */
struct many {
    struct rig *rig;
    struct seuil_map *map;
    struct seuil_decoder *decoder;
};

static struct many many_new(void)
{
    struct many m = {.rig = rig_new()};
    struct seuil_errs errs = {0};
    struct seuil_error err = {0};
    struct seuil_yaml *doc = seuil_yaml_parse("many.yaml", MAP, sizeof(MAP) - 1, &errs);
    struct seuil_map_spec map = {.name = "forms", .preset = doc};
    struct seuil_decoder_spec spec = {.format = SEUIL_FORMAT_JSON, .kind = -1};

    m.map = seuil_map_new(&map, &errs);
    cr_assert_not_null(m.map, "%s", errs.list[0].text);
    seuil_yaml_free(doc);
    spec.wanted = seuil_map_wanted(m.map);
    m.decoder = seuil_decoder_new(&spec, &err);
    cr_assert_not_null(m.decoder, "%s", err.text);
    m.rig->map = seuil_map_scratch_new();
    m.rig->config.inputs[FORMS].decoder = m.decoder;
    m.rig->config.inputs[FORMS].map = m.map;
    rig_crash(m.rig);
    return m;
}

static void many_free(struct many *m)
{
    struct seuil_map_scratch *scratch = m->rig->map;

    rig_free(m->rig);
    seuil_map_scratch_free(scratch);
    seuil_decoder_free(m->decoder);
    seuil_map_free(m->map);
}

static void put(struct many *m, const char *value)
{
    fake_produce(&m->rig->source, FORMS, m->rig->wall, "a", value);
}

/* The points of rule @rule that the store has for lead a. */
static void stored_is_fold(struct many *m, const char *value)
{
    struct seuil_fold_spec spec = {.models = m->rig->models, .app = SEUIL_STR("rig")};
    struct seuil_fold_record record = {.position = {.topic = FORMS, .generation = 0, .offset = 0},
                                       .time = m->rig->wall,
                                       .stream = SEUIL_TIME_NONE,
                                       .value = (const uint8_t *)value,
                                       .value_len = (uint32_t)strlen(value)};
    struct seuil_lead *lead = calloc(1, sizeof(*lead));
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX], stored[SEUIL_LEAD_BYTES_MAX];
    struct seuil_fold *fold;
    size_t len, stored_len;

    spec.topics[FORMS] =
        (struct seuil_fold_topic){.name = "forms", .decoder = m->decoder, .map = m->map};
    record.position.generation = rig_meta(m->rig)->topics[FORMS].generation;
    fold = seuil_fold_new(&spec);
    len = seuil_fold_all(fold, SEUIL_STR("a"), &record, 1, SEUIL_TIME_NONE, bytes);
    cr_assert(rig_stored(m->rig, "a", lead), "the lead is not stored");
    stored_len = seuil_lead_write(lead, stored);
    cr_assert_eq(stored_len, len);
    cr_assert_eq(memcmp(stored, bytes, len), 0, "another state than the fold's");
    seuil_fold_free(fold);
    free(lead);
}

Test(many, each_event_has_a_fate_of_its_own)
{
    struct many m = many_new();
    struct seuil_shard_status s;
    unsigned letters = 0;

    put(&m, "[{\"name\":\"big\"},{\"name\":\"small\"},{\"name\":\"none\"},{\"name\":\"nothing\"},"
            "{\"name\":\"small\",\"lead\":\"b\"},{\"name\":\"small\",\"t\":\"x\"}]");
    put(&m, "[{\"name\":\"none\"}]");
    put(&m, "[]");
    put(&m, "{no JSON");
    rig_start(m.rig);
    rig_turns(m.rig, 10);
    s = rig_status(m.rig);
    cr_assert_eq(s.counters.received, 5 + 1 + 1 + 1);
    cr_assert_eq(s.counters.applied, 2);       /* big, small */
    cr_assert_eq(s.counters.filtered, 3);      /* nothing: no rule; two records without events */
    cr_assert_eq(s.counters.dead_lettered, 3); /* another lead; no time; no JSON */
    cr_assert_eq(rig_sent(m.rig, SEUIL_DEST_DEAD_LETTERS), 2, "one copy of each record");
    for (uint32_t i = 0; i < m.rig->sink.count; i++)
        if (m.rig->sink.sent[i].destination == SEUIL_DEST_DEAD_LETTERS)
            cr_assert_str_eq(m.rig->sink.sent[i].error, letters++ ? "malformed" : "misrouted");
    cr_assert_eq(letters, 2);
    many_free(&m);
}

Test(many, all_events_are_in_what_is_written_with_the_first)
{
    static const char value[] =
        "[{\"name\":\"big\"},{\"name\":\"small\"},{\"name\":\"nothing\"},{\"name\":\"small\"}]";
    struct many m = many_new();
    struct seuil_shard_status s;

    put(&m, value);
    rig_start(m.rig);
    rig_turns(m.rig, 6); /* the crossing by `big` is written at once, long before a checkpoint */
    cr_assert_gt(rig_sent(m.rig, SEUIL_DEST_OUTBOUND), 0);
    cr_assert_eq(rig_meta(m.rig)->topics[FORMS].base, 0, "a checkpoint came before");
    stored_is_fold(&m, value);

    /* The process dies; base stands before the record, the stamp behind it: nothing counts twice.
     */
    rig_crash(m.rig);
    rig_start(m.rig);
    rig_turns(m.rig, 6);
    s = rig_status(m.rig);
    cr_assert_eq(s.counters.received, 4);
    cr_assert_eq(s.counters.replayed, 4, "%llu", (unsigned long long)s.counters.replayed);
    cr_assert_eq(s.counters.applied, 0);
    stored_is_fold(&m, value);
    many_free(&m);
}

Test(many, nothing_is_lost_of_a_record_that_was_not_written)
{
    static const char value[] = "[{\"name\":\"small\"},{\"name\":\"small\"},{\"name\":\"small\"}]";
    struct many m = many_new();
    struct seuil_shard_status s;

    put(&m, value);
    rig_start(m.rig);
    rig_turns(m.rig, 4);
    s = rig_status(m.rig);
    cr_assert_eq(s.counters.applied, 3);
    rig_crash(m.rig); /* before a checkpoint */
    rig_start(m.rig);
    rig_turns(m.rig, 4);
    s = rig_status(m.rig);
    cr_assert_eq(s.counters.applied, 3);
    cr_assert_eq(s.counters.replayed, 0);
    rig_pass(m.rig, 11000);
    cr_assert_eq(rig_meta(m.rig)->topics[FORMS].base, 1);
    many_free(&m);
}
