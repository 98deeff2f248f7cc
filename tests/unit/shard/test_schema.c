/* Records whose writer schema is not known yet: their shard waits, in order, without loss. */

#include "rig.h"
#include "support/avro_write.h"

static const char schema[] =
    "{\"type\":\"record\",\"name\":\"A\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},"
    "{\"name\":\"lead\",\"type\":\"string\"},{\"name\":\"time\",\"type\":\"long\"},"
    "{\"name\":\"name\",\"type\":\"string\"}]}";

struct registry { /* what it answers, and how often it was asked */
    struct seuil_decoder *decoder;
    int answer;
    uint32_t asked;
    uint64_t id; /* the last one */
};

static int ask(void *ctx, uint32_t topic, const struct seuil_schema_ref *ref,
               struct seuil_error *err)
{
    struct registry *registry = ctx;

    cr_assert_eq(topic, FORMS);
    cr_assert_eq(ref->kind, SEUIL_REF_ID);
    registry->asked++;
    registry->id = ref->low;
    if (registry->answer)
        return seuil_error_set(err, registry->answer, "the registry says so");
    return seuil_decoder_learn(registry->decoder, ref, "s", schema, sizeof(schema) - 1, err);
}

static void event(struct rig *rig, seuil_time_ms time, uint32_t id, const char *lead)
{
    static int ids;
    struct seuil_buf b = {0};
    char name[16];

    snprintf(name, sizeof(name), "s%d", ++ids);
    avro_write_confluent(&b, id);
    avro_write_string(&b, name);
    avro_write_string(&b, lead);
    avro_write_long(&b, time);
    avro_write_string(&b, "big");
    fake_produce_bytes(&rig->source, FORMS, time, lead, b.ptr, (uint32_t)b.len);
    seuil_buf_done(&b);
}

static struct rig *rig_of(struct registry *registry)
{
    struct seuil_decoder_spec spec = {
        .format = SEUIL_FORMAT_CONFLUENT, .kind = SEUIL_KIND_ACTIVITY, .learns = true};
    struct rig *rig = rig_new();
    struct seuil_error err;

    registry->decoder = seuil_decoder_new(&spec, &err);
    cr_assert_not_null(registry->decoder, "%s", err.text);
    rig->config.inputs[FORMS].decoder = registry->decoder;
    rig->schema = ask;
    rig->schema_ctx = registry;
    seuil_shard_free(rig->shard);
    rig->shard = rig_shard(rig);
    return rig;
}

static void finish(struct rig *rig, struct registry *registry)
{
    rig_free(rig);
    seuil_decoder_free(registry->decoder);
}

Test(schema, what_cannot_be_learned_now_is_waited_for_and_all_behind_it_in_order)
{
    struct registry registry = {.answer = SEUIL_ERR_BACKOFF};
    struct rig *rig = rig_of(&registry);
    struct seuil_shard_status s;

    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    event(rig, RIG_WALL + 1, 7, "b");
    rig_event(rig, VIEWS, RIG_WALL + 2, "c", "big", 0);
    rig_start(rig);
    rig_pass(rig, 60 * SEUIL_SECOND_MS);
    s = rig_status(rig);
    cr_assert_eq(s.counters.applied, 1, "what stood before it");
    cr_assert_eq(s.counters.dead_lettered, 0);
    cr_assert_eq(s.counters.schema_waits, 1);
    cr_assert(strstr(s.waits, "forms, offset 0: the registry says so"), "%s", s.waits);
    cr_assert(strstr(rig->said, "waits, nothing is lost"), "%s", rig->said);
    cr_assert_eq(s.state, SEUIL_SHARD_RUN);
    cr_assert_geq(s.in_flight, 1, "and what was taken with it");
    cr_assert_eq(registry.id, 7);
    cr_assert_leq(registry.asked, 60 * 1000 / 10 * 2 + 10);
    cr_assert_eq(s.position[FORMS], 0);
    cr_assert_geq(rig_meta(rig)->topics[VIEWS].base, 1, "checkpoints go on");
    registry.answer = 0;
    rig_pass(rig, 100);
    s = rig_status(rig);
    cr_assert_eq(s.counters.applied, 3);
    cr_assert_eq(s.counters.dead_lettered, 0);
    cr_assert_str_empty(s.waits);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_OUTBOUND), 3);
    event(rig, rig->wall, 7, "d");
    rig_turns(rig, 5);
    cr_assert_eq(rig_status(rig).counters.applied, 4);
    cr_assert_eq(rig_status(rig).counters.schema_waits, 1);
    finish(rig, &registry);
}

Test(schema, a_crash_or_a_revoke_while_it_waits_loses_nothing)
{
    struct registry registry = {.answer = SEUIL_ERR_BACKOFF};
    struct rig *rig = rig_of(&registry);

    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    event(rig, RIG_WALL + 1, 7, "b");
    rig_start(rig);
    rig_pass(rig, 3000);
    cr_assert_str_not_empty(rig_status(rig).waits);
    rig_crash(rig);
    rig_start(rig);
    rig_pass(rig, 3000);
    cr_assert_str_not_empty(rig_status(rig).waits);
    seuil_shard_revoke(rig->shard);
    rig_pass(rig, 2000);
    rig_is(rig, SEUIL_SHARD_OFF);
    cr_assert_str_empty(rig_status(rig).waits);
    registry.answer = 0;
    rig_start(rig);
    rig_pass(rig, 1000);
    cr_assert_eq(rig_status(rig).counters.dead_lettered, 0);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_OUTBOUND), 2);
    finish(rig, &registry);
}

Test(schema, what_is_missing_or_of_no_use_is_a_dead_letter_that_says_which)
{
    static const struct {
        int answer;
        const char *name;
    } rows[] = {{SEUIL_ERR_MISSING, "unknown_schema"}, {SEUIL_ERR_INVALID, "unusable_schema"}};

    for (int i = 0; i < 2; i++) {
        struct registry registry = {.answer = rows[i].answer};
        struct rig *rig = rig_of(&registry);

        event(rig, RIG_WALL + 1, 4711, "b");
        rig_event(rig, VIEWS, RIG_WALL + 2, "c", "big", 0);
        rig_start(rig);
        rig_turns(rig, 10);
        cr_assert_eq(rig_status(rig).counters.dead_lettered, 1);
        cr_assert_eq(rig_status(rig).counters.applied, 1);
        cr_assert_eq(rig_status(rig).counters.schema_waits, 0);
        cr_assert_str_eq(rig->sink.sent[0].error, rows[i].name);
        finish(rig, &registry);
    }
}

Test(schema, without_anybody_to_ask_an_unknown_schema_is_a_dead_letter)
{
    struct registry registry = {0};
    struct rig *rig = rig_of(&registry);

    rig->schema = NULL;
    rig_crash(rig);
    event(rig, RIG_WALL + 1, 7, "b");
    rig_start(rig);
    rig_turns(rig, 10);
    cr_assert_eq(rig_status(rig).counters.dead_lettered, 1);
    cr_assert_str_eq(rig->sink.sent[0].error, "unknown_schema");
    finish(rig, &registry);
}
