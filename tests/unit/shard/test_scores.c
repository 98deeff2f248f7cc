/* The scores topic. */

#include "rig.h"

static struct rig *rig_with_scores(void)
{
    struct rig *rig = rig_new();

    rig->config.scores = true;
    return rig;
}

/* The last record of @lead, NULL when there is none. */
static const struct fake_sent *last_of(const struct rig *rig, const char *lead)
{
    for (uint32_t i = rig->sink.count; i-- > 0;)
        if (rig->sink.sent[i].destination == SEUIL_DEST_SCORES &&
            strcmp(rig->sink.sent[i].key, lead) == 0)
            return &rig->sink.sent[i];
    return NULL;
}

static void forget(struct rig *rig, seuil_time_ms time, const char *lead)
{
    char value[200];

    snprintf(
        value, sizeof(value),
        "{\"type\":\"command\",\"id\":\"f\",\"lead\":\"%s\",\"time\":%lld,\"name\":\"forget\"}",
        lead, (long long)time);
    fake_produce(&rig->source, FORMS, time, lead, value);
}

Test(scores, are_told_once_a_checkpoint_and_at_once_when_a_tier_changes)
{
    struct rig *rig = rig_with_scores();

    for (int i = 0; i < 3; i++)
        rig_event(rig, VIEWS, RIG_WALL - 2000, "quiet", "small", 0);
    rig_event(rig, VIEWS, RIG_WALL - 1000, "loud", "big", 0);
    rig_start(rig);
    rig_pass(rig, 100);
    cr_assert_not_null(last_of(rig, "loud"));
    cr_assert_null(last_of(rig, "quiet"), "no checkpoint was due yet");
    rig_pass(rig, 11 * SEUIL_SECOND_MS);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_SCORES), 2, "one for each");
    cr_assert(strstr(last_of(rig, "quiet")->value, "\"tier\":\"cold\",\"score\":6"), "%s",
              last_of(rig, "quiet")->value);
    cr_assert_eq(rig_status(rig).counters.scores, rig_sent(rig, SEUIL_DEST_SCORES));
    cr_assert_eq(rig_status(rig).counters.published, rig_sent(rig, SEUIL_DEST_OUTBOUND));
    rig_free(rig);
}

Test(scores, of_a_lead_that_is_forgotten_end_with_null)
{
    struct rig *rig = rig_with_scores();

    rig_event(rig, VIEWS, RIG_WALL - 2000, "a", "big", 0);
    rig_start(rig);
    rig_pass(rig, 100);
    cr_assert_not_null(last_of(rig, "a")->value);
    forget(rig, rig->wall, "a");
    rig_pass(rig, 100);
    cr_assert_null(last_of(rig, "a")->value);
    cr_assert_neq(last_of(rig, "a")->id[0], '\0');
    rig_free(rig);
}

static uint32_t told(const struct rig *rig, const char *lead)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < rig->sink.count; i++)
        count += rig->sink.sent[i].destination == SEUIL_DEST_SCORES &&
                 strcmp(rig->sink.sent[i].key, lead) == 0;
    return count;
}

/* Events of one moment in two topics: the forget may be the first. */
Test(scores, null_is_not_told_again_when_a_forgotten_lead_drops_what_comes_late)
{
    struct rig *rig = rig_with_scores();

    rig_start(rig);
    forget(rig, rig->wall, "a");
    rig_pass(rig, 100);
    cr_assert(told(rig, "a") == 1 && last_of(rig, "a")->value == NULL);
    rig_event(rig, VIEWS, rig->wall - 1000, "a", "big", 0);
    rig_pass(rig, 11 * SEUIL_SECOND_MS); /* a checkpoint */
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, 1);
    cr_assert_eq(rig_status(rig).counters.filtered, 1);
    cr_assert_eq(told(rig, "a"), 1);
    rig_event(rig, VIEWS, rig->wall, "a", "big", 0);
    rig_pass(rig, 100);
    cr_assert_not_null(last_of(rig, "a")->value, "another life");
    forget(rig, rig->wall, "a");
    rig_pass(rig, 100);
    cr_assert(told(rig, "a") == 3 && last_of(rig, "a")->value == NULL);
    rig_free(rig);
}

/* Who takes the shard over does not know what was told, or whether a loss has taken it back. */
Test(scores, null_is_told_again_by_an_heir_who_writes_the_lead)
{
    struct rig *rig = rig_with_scores();

    forget(rig, rig->wall, "a");
    rig_start(rig);
    rig_pass(rig, 3000);
    rig_crash(rig);
    rig_start(rig);
    rig_event(rig, VIEWS, rig->wall - 5000, "a", "big", 0);
    rig_pass(rig, 11 * SEUIL_SECOND_MS);
    cr_assert(told(rig, "a") == 2 && last_of(rig, "a")->value == NULL);
    rig_free(rig);
}

Test(scores, nothing_is_told_while_the_topic_is_off_and_what_was_left_of_it_is_passed_over)
{
    struct rig *rig = rig_with_scores();

    rig_event(rig, VIEWS, RIG_WALL - 2000, "a", "big", 0);
    rig->sink.full = true; /* the entries stay in the outbox */
    rig_start(rig);
    rig_pass(rig, 100);
    cr_assert_eq(rig_meta(rig)->outbox_tail - rig_meta(rig)->outbox_head, 2);
    rig->sink.full = false;
    rig->config.scores = false;
    rig_crash(rig);
    rig_event(rig, VIEWS, RIG_WALL, "b", "big", 0);
    rig_start(rig);
    rig_pass(rig, 3000);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_SCORES), 0);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_OUTBOUND), 2);
    cr_assert_eq(rig_status(rig).counters.published, 2);
    cr_assert_eq(rig_meta(rig)->outbox_tail, rig_meta(rig)->outbox_head, "trimmed like the rest");
    rig_free(rig);
}

/* A broker that answers nothing stops the checkpoint here, not memory or Redis. */
Test(scores, that_nobody_acknowledges_hold_the_checkpoint_not_crossings)
{
    struct rig *rig = rig_with_scores();
    const uint32_t leads = 6000;
    char name[32];

    for (uint32_t i = 0; i < leads; i++) {
        snprintf(name, sizeof(name), "lead-%u", i);
        rig_event(rig, VIEWS, RIG_WALL - 2000, name, "small", 0);
    }
    rig->sink.silent = true;
    rig_start(rig);
    rig_pass(rig, 13 * SEUIL_SECOND_MS);
    cr_assert_geq(rig_status(rig).outbox, 4096);
    cr_assert_leq(rig_status(rig).outbox, 4096 + SEUIL_CHUNK_MAX);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, 0);
    rig_event(rig, FORMS, RIG_WALL, "urgent", "big", 0);
    rig_pass(rig, 200);
    cr_assert_not_null(last_of(rig, "urgent"));
    rig->sink.silent = false;
    rig_pass(rig, 3000);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, leads);
    cr_assert_geq(rig_sent(rig, SEUIL_DEST_SCORES), leads + 1);
    rig_free(rig);
}

Test(scores, a_changed_model_tells_every_lead_anew)
{
    struct rig *rig = rig_with_scores();
    uint32_t before;

    rig_event(rig, VIEWS, RIG_WALL - 2000, "a", "small", 0);
    rig_start(rig);
    rig_pass(rig, 11 * SEUIL_SECOND_MS);
    before = rig_sent(rig, SEUIL_DEST_SCORES);
    cr_assert_eq(before, 1);
    seuil_shard_remodel(rig->shard, rig->others, rig->other_scratch);
    rig_pass(rig, 500);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_SCORES), before + 1);
    rig_free(rig);
}

Test(scores, behind_a_registrys_framing_have_the_id_of_their_own_schema)
{
    struct rig *rig = rig_with_scores();

    rig->config.out_framed = true;
    rig->config.out_format = SEUIL_OUT_AVRO;
    rig->config.out_schema_id = 0x01010101;
    rig->config.scores_schema_id = 0x02030405;
    rig_event(rig, VIEWS, RIG_WALL - 2000, "a", "big", 0);
    rig_start(rig);
    rig_pass(rig, 100);
    cr_assert_eq(memcmp(last_of(rig, "a")->value, "\0\2\3\4\5\2a", 7), 0);
    rig_free(rig);
}
