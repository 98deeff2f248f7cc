/* Order, silence, models (rules 1-3, 13, 14, 26). */

#include "rig.h"

/* The leads of the crossings sent so far, in order: "a b". */
static const char *sent(const struct rig *rig)
{
    static char text[500];

    text[0] = '\0';
    for (uint32_t i = 0; i < rig->sink.count; i++) {
        if (i)
            strcat(text, " ");
        strcat(text, rig->sink.sent[i].key);
    }
    return text;
}

Test(merge, topics_come_in_the_order_of_timestamps_then_topics)
{
    struct rig *rig = rig_new();

    rig_event(rig, FORMS, RIG_WALL - 900, "b", "big", 0);
    rig_event(rig, VIEWS, RIG_WALL - 800, "c", "big", 0);
    rig_event(rig, FORMS, RIG_WALL - 800, "d", "big", 0);
    rig_event(rig, VIEWS, RIG_WALL - 700, "e", "big", 0);
    rig_start(rig);
    rig_turns(rig, 5);
    cr_assert_str_eq(sent(rig), "b c d e");
    rig_free(rig);
}

Test(merge, a_topic_behind_its_end_is_waited_for_and_an_alarm_is_raised)
{
    struct rig *rig = rig_new();

    rig_event(rig, FORMS, RIG_WALL - 900, "b", "big", 0);
    rig_event(rig, VIEWS, RIG_WALL - 800, "c", "big", 0);
    rig->source.topics[FORMS].stalled = true; /* its end is not even known */
    rig_start(rig);
    rig_pass(rig, 60000);
    cr_assert_eq(rig_status(rig).counters.received, 0);
    cr_assert(strstr(rig->said, "forms"), "%s", rig->said);
    rig->source.topics[FORMS].stalled = false;
    rig_pass(rig, 100);
    cr_assert_str_eq(sent(rig), "b c");
    rig_free(rig);
}

Test(merge, a_topic_at_its_end_is_not_waited_for)
{
    struct rig *rig = rig_new();

    rig_start(rig);
    rig_turns(rig, 3);
    rig_event(rig, VIEWS, RIG_WALL, "c", "big", 0);
    rig_turns(rig, 4);
    cr_assert_str_eq(sent(rig), "c");
    rig_free(rig);
}

Test(merge, with_merge_wait_a_young_record_waits_for_siblings_at_their_end)
{
    struct rig *rig = rig_new();

    rig->config.merge_wait_ms = 500;
    rig_start(rig);
    rig_turns(rig, 3);
    rig_event(rig, VIEWS, rig->wall, "c", "big", 0);
    rig_pass(rig, 300);
    cr_assert_str_eq(sent(rig), "");
    rig_event(rig, FORMS, rig->wall - 400, "b", "big", 0);
    rig_pass(rig, 600);
    cr_assert_str_eq(sent(rig), "b c");
    rig_free(rig);
}

Test(merge, offsets_that_are_never_delivered_do_not_keep_a_topic_behind)
{
    struct rig *rig = rig_new();

    rig_event(rig, FORMS, RIG_WALL - 900, "b", "small", 0);
    fake_control(&rig->source, FORMS);
    fake_control(&rig->source, FORMS);
    rig_event(rig, VIEWS, RIG_WALL - 800, "c", "big", 0);
    rig_start(rig);
    rig_pass(rig, 12000);
    cr_assert_eq(rig_status(rig).counters.applied, 2);
    cr_assert_eq(rig_meta(rig)->topics[FORMS].base, 3);
    rig_free(rig);
}

Test(silence, a_lead_falls_at_the_computed_instant_without_any_event)
{
    struct rig *rig = rig_new();
    struct seuil_lead *lead = calloc(1, sizeof(*lead));
    seuil_time_ms due;

    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0); /* cold again after two half-lives */
    rig_start(rig);
    rig_turns(rig, 5);
    due = rig_due(rig, "a");
    cr_assert_eq(due, RIG_WALL + 20001, "%ld", (long)(due - RIG_WALL));
    rig_pass(rig, 20000);
    cr_assert_eq(rig->sink.count, 1);
    rig_pass(rig, 1500);
    cr_assert_eq(rig->sink.count, 2);
    cr_assert(strstr(rig->sink.sent[1].value, "\"reason\":\"decay\""));
    cr_assert(rig_stored(rig, "a", lead));
    cr_assert_eq(lead->clock, due);
    cr_assert_gt(rig_due(rig, "a"), due, "armed for what comes next");
    free(lead);
    rig_free(rig);
}

Test(silence, no_timer_fires_while_a_broker_holds_records_back)
{
    struct rig *rig = rig_new();

    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    rig_start(rig);
    rig_turns(rig, 5);
    rig->source.topics[FORMS].stalled = true;
    rig_pass(rig, 40000);
    cr_assert_eq(rig->sink.count, 1);
    /* What it held: an event that keeps the lead warm. */
    rig_event(rig, FORMS, RIG_WALL + 15000, "a", "big", 0);
    rig->source.topics[FORMS].stalled = false;
    rig_pass(rig, 1000);
    cr_assert_eq(rig->sink.count, 2);
    cr_assert(strstr(rig->sink.sent[1].value, "\"effective_time\":\"2023-11-14T22:13:"));
    cr_assert_gt(rig_status(rig).counters.ticks, 0);
    rig_free(rig);
}

Test(silence, an_unknown_end_is_not_caught_up)
{
    struct rig *rig = rig_new();

    rig->source.no_eof = true; /* only asking tells the end, and nobody answers */
    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    rig->source.topics[VIEWS].stalled = rig->source.topics[FORMS].stalled = true;
    rig_start(rig);
    rig_pass(rig, 2000);
    cr_assert_eq(rig_status(rig).watermark, SEUIL_TIME_NONE);
    rig_free(rig);
}

Test(silence, a_stopped_daemon_publishes_on_return_with_the_right_instant)
{
    struct rig *rig = rig_new();

    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    rig_start(rig);
    rig_turns(rig, 5);
    rig_crash(rig);
    rig->wall += SEUIL_HOUR_MS;
    rig->mono += SEUIL_HOUR_MS;
    rig_start(rig);
    rig_pass(rig, 3000);
    cr_assert(
        strstr(rig->sink.sent[rig->sink.count - 1].value, "effective_time\":\"2023-11-14T22:13:40"),
        "%s", rig->sink.sent[rig->sink.count - 1].value);
    rig_free(rig);
}

/* A crossing of two hours ago whose end was slept through, and two hours later the next record. */
static struct rig *two_hours_behind(void)
{
    struct rig *rig = rig_new();

    rig_event(rig, VIEWS, RIG_WALL - 2 * SEUIL_HOUR_MS, "a", "big", 0);
    rig_event(rig, FORMS, RIG_WALL - 2 * SEUIL_HOUR_MS, "b", "big", 0);
    rig->sink.full = true; /* the outbox stays */
    rig_start(rig);
    rig_turn(rig);
    cr_assert(seuil_shard_far(rig->shard));
    return rig;
}

static uint64_t ticks_after(struct rig *rig, int64_t ms)
{
    rig_pass(rig, ms);
    return rig_status(rig).counters.ticks;
}

Test(silence, that_was_slept_through_waits_a_little_for_records_of_others)
{
    struct rig *rig = two_hours_behind();

    seuil_shard_others_far(rig->shard, true);
    cr_assert_eq(ticks_after(rig, 4900), 0);
    cr_assert_not(seuil_shard_far(rig->shard));
    cr_assert_eq(ticks_after(rig, 1000), 2, "not for ever");
    rig_event(rig, VIEWS, rig->wall, "c", "big", 0);
    cr_assert_eq(ticks_after(rig, 25000), 3, "nor again");
    rig_free(rig);

    rig = two_hours_behind();
    seuil_shard_others_far(rig->shard, true);
    cr_assert_eq(ticks_after(rig, 1000), 0);
    seuil_shard_others_far(rig->shard, false);
    cr_assert_eq(ticks_after(rig, 400), 2, "nobody is behind any more");
    rig_free(rig);
}

Test(silence, a_due_time_that_only_the_cache_knows_fires_before_the_checkpoint)
{
    struct rig *rig = rig_new();
    seuil_time_ms armed;

    rig->config.checkpoint_ms = SEUIL_HOUR_MS;
    for (int i = 0; i < 4; i++)
        rig_event(rig, VIEWS, RIG_WALL - 4000 + i, "a", "big", 0);
    rig_start(rig);
    rig_turns(rig, 5);
    armed = rig_due(rig, "a");
    cr_assert_neq(armed, SEUIL_TIME_NEVER);
    rig_pass(rig, 60000); /* raised by the later three: met early, set anew, fired */
    cr_assert_eq(rig->sink.count, 2);
    cr_assert_gt(rig_due(rig, "a"), armed);
    rig_free(rig);
}

Test(silence, timers_go_on_after_a_doubt_that_met_a_due_entry_under_way)
{
    struct rig *rig = rig_new();
    struct seuil_store_reply lost,
        reply = {.verb = SEUIL_STORE_COMMIT, .status = SEUIL_STORE_DOUBT, .text = "reset"};

    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    rig_event(rig, VIEWS, RIG_WALL + 3000, "b", "big", 0);
    rig->sink.silent = true;                   /* nothing to trim either */
    rig->config.checkpoint_ms = SEUIL_HOUR_MS; /* no other transaction comes to the rescue */
    rig_start(rig);
    rig_turns(rig, 5);
    while (rig_status(rig).counters.ticks == 0) {
        rig->wall += 10;
        rig->mono += 10;
        rig_turn(rig);
    }
    rig->hold = 1;
    rig_turn(rig); /* sends the tick, and the due entry that takes the place of the one met */
    cr_assert_eq(rig->store->ops->poll(rig->store, 0, 0, &lost), 1);
    cr_assert_eq(lost.verb, SEUIL_STORE_COMMIT);
    reply.cookie = lost.cookie;
    rig->hold = 0;
    seuil_shard_reply(rig->shard, &reply, rig->wall, rig->mono);
    cr_assert_eq(rig_status(rig).counters.doubts, 1);
    rig_pass(rig, 10000);
    rig_is(rig, SEUIL_SHARD_RUN);
    cr_assert_gt(rig_due(rig, "a"), rig->wall);
    cr_assert_gt(rig_due(rig, "b"), rig->wall);
    cr_assert_eq(rig_status(rig).counters.ticks, 2);
    rig_free(rig);
}

Test(silence, due_in_redis_is_never_later_than_the_due_time_of_the_state_beside_it)
{
    struct rig *rig = rig_new();
    struct seuil_lead *lead = calloc(1, sizeof(*lead));

    rig->config.checkpoint_ms = 500;
    rig_start(rig);
    for (int i = 0; i < 200; i++) {
        rig_event(rig, i % 3 ? VIEWS : FORMS, rig->wall, i % 2 ? "a" : "b", i % 7 ? "small" : "big",
                  0);
        rig_pass(rig, i % 11 * 200);
        for (int k = 0; k < 2; k++)
            if (rig_stored(rig, k ? "a" : "b", lead))
                cr_assert_leq(rig_due(rig, k ? "a" : "b"), lead->due);
    }
    free(lead);
    rig_free(rig);
}

Test(model, a_changed_model_judges_every_lead_anew_and_takes_its_hash_at_the_end)
{
    struct rig *rig = rig_new();

    for (int i = 0; i < 700; i++) {
        char name[20];

        snprintf(name, sizeof(name), "l%d", i);
        rig_event(rig, VIEWS, RIG_WALL - 1000, name, "big", 0);
    }
    rig_start(rig);
    rig_turns(rig, 10);
    cr_assert_eq(rig->sink.count, 700);
    seuil_shard_remodel(rig->shard, rig->others, rig->other_scratch); /* warm from 30 only */
    rig_pass(rig, 2000);
    cr_assert_eq(rig_meta(rig)->model_hash, rig->others->hash);
    cr_assert_eq(rig_meta(rig)->walk_model_hash, 0);
    cr_assert_geq(rig_status(rig).counters.remodeled, 700);
    rig_free(rig);
}

Test(model, one_that_changed_while_the_daemon_was_down_is_walked_and_taken_up_after_a_crash)
{
    struct rig *rig = rig_new();
    struct seuil_models *models = rig->models;
    uint64_t seen = 0;

    for (int i = 0; i < 700; i++) {
        char name[20];

        snprintf(name, sizeof(name), "l%d", i);
        rig_event(rig, VIEWS, RIG_WALL - 1000, name, "big", 0);
    }
    rig_start(rig);
    rig_turns(rig, 10);
    seuil_shard_free(rig->shard);
    rig->models = rig->others;
    rig->others = models;
    {
        struct seuil_scratch *scratch = rig->scratch;

        rig->scratch = rig->other_scratch;
        rig->other_scratch = scratch;
    }
    for (int i = 0; i < 30 && rig_meta(rig)->model_hash != rig->models->hash; i++) {
        rig->shard = rig_shard(rig);
        rig_start(rig);
        rig_turns(rig, i < 12 ? i : 40);
        seen |= rig_meta(rig)->walk_cursor;
        if (rig_meta(rig)->model_hash != rig->models->hash)
            seuil_shard_free(rig->shard);
    }
    cr_assert_eq(rig_meta(rig)->model_hash, rig->models->hash);
    cr_assert_neq(seen, 0, "the cursor was kept on the way");
    rig_free(rig);
}

Test(model, a_lead_that_moves_is_told_once_with_both_versions)
{
    struct rig *rig = rig_new();
    const char *value;

    seuil_models_free(rig->others);
    rig->others = rig_models("seuil_model: 1\nname: rig\nversion: \"2 b\"\n"
                             "decay: {half_life: 10s}\ngroups:\n  all: {}\n"
                             "tiers:\n  - {name: cold}\n  - {name: warm, entry: 30}\n"
                             "rules:\n  - {name: big, event: activity, when: {name: big}, "
                             "points: 20, group: all}\n");
    free(rig->other_scratch);
    rig->other_scratch = rig_scratch(rig->others);
    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    rig_start(rig);
    rig_turns(rig, 5);
    cr_assert_eq(rig->sink.count, 1);
    cr_assert(strstr(rig_meta(rig)->versions, "rig: 1"));
    seuil_shard_remodel(rig->shard, rig->others, rig->other_scratch);
    rig_pass(rig, 2000);
    cr_assert_eq(rig->sink.count, 2);
    value = rig->sink.sent[1].value;
    cr_assert(strstr(value, "\"reason\":\"model_changed\""), "%s", value);
    cr_assert(strstr(value, "\"model_version\":\"2 b\""));
    cr_assert(strstr(value, "\"model_version_before\":\"1\""), "%s", value);
    cr_assert(strstr(rig_meta(rig)->versions, "rig: 2 b"));
    rig_free(rig);
}

/* The models that are to come, of @tiers, with 20 points for each big. */
static void change_to(struct rig *rig, const char *tiers)
{
    char text[400];

    snprintf(text, sizeof(text),
             "seuil_model: 1\nname: rig\nversion: \"2\"\ndecay: {half_life: 10s}\n"
             "groups:\n  all: {}\ntiers: [{name: cold}, %s]\nrules:\n"
             "  - {name: big, event: activity, when: {name: big}, points: 20, group: all}\n",
             tiers);
    seuil_models_free(rig->others);
    rig->others = rig_models(text);
    free(rig->other_scratch);
    rig->other_scratch = rig_scratch(rig->others);
}

Test(model, sales_hear_of_a_change_alone_only_if_they_ask_for_it)
{
    struct seuil_lead lead;

    for (int asked = 0; asked < 2; asked++) {
        struct rig *rig = rig_new();

        /* a: from cold to the tier of sales; b: down, which is no alert. */
        change_to(rig, "{name: warm, entry: 1}, {name: sales, entry: 2, sales: true}");
        rig->config.model_alerts = asked;
        rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
        rig_start(rig);
        rig_turns(rig, 5);
        cr_assert_eq(rig_sent(rig, SEUIL_DEST_OUTBOUND), 1);
        seuil_shard_remodel(rig->shard, rig->others, rig->other_scratch);
        rig_pass(rig, 2000);
        cr_assert_eq(rig_sent(rig, SEUIL_DEST_OUTBOUND), 1u + asked);
        cr_assert_eq(rig_status(rig).counters.crossings, 2, "the lead moved");
        cr_assert_eq(rig_status(rig).counters.muted, 1u - asked);
        cr_assert(rig_stored(rig, "a", &lead));
        cr_assert_eq(lead.automata[0].under, 2);
        cr_assert_eq(lead.automata[0].ordinal, 2, "what is muted takes an ordinal");
        rig_free(rig);
    }
}

Test(model, a_tier_that_a_change_takes_or_gives_before_sales_is_told)
{
    struct rig *rig = rig_new();

    change_to(rig, "{name: warm, entry: 30}");
    rig->config.model_alerts = false;
    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    rig_start(rig);
    rig_turns(rig, 5);
    seuil_shard_remodel(rig->shard, rig->others, rig->other_scratch);
    rig_pass(rig, 500);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_OUTBOUND), 2, "downward is no alert");
    change_to(rig, "{name: tepid, entry: 1}, {name: warm, entry: 30}");
    seuil_shard_remodel(rig->shard, rig->others, rig->other_scratch);
    rig_pass(rig, 500);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_OUTBOUND), 3, "nor is what does not concern sales");
    cr_assert(strstr(rig->sink.sent[2].value, "\"reason\":\"model_changed\""), "%s",
              rig->sink.sent[2].value);
    rig_free(rig);
}

/* Each lead of many moves, is told once, and never more of them in a time than the rate allows;
 * what happens meanwhile does not wait. */
Test(model, a_change_moves_leads_at_a_bounded_rate_in_the_background)
{
    struct rig *rig = rig_new();
    uint64_t before;
    seuil_time_ms begun;

    change_to(rig, "{name: warm, entry: 30}");
    rig->config.remodel_rate = 200;
    for (int i = 0; i < 700; i++) {
        char name[20];

        snprintf(name, sizeof(name), "l%d", i);
        rig_event(rig, VIEWS, RIG_WALL - 1000, name, "big", 0);
    }
    rig_start(rig);
    rig_turns(rig, 10);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_OUTBOUND), 700);
    seuil_shard_remodel(rig->shard, rig->others, rig->other_scratch);
    begun = rig->mono;
    while (rig_meta(rig)->model_hash != rig->others->hash && rig->mono < begun + 10000) {
        rig_pass(rig, 50);
        before = rig_status(rig).counters.remodeled;
        cr_assert_leq(before, (uint64_t)(rig->mono - begun) * 200 / 1000 + 20);
        if (rig->mono - begun == 1500) {
            uint64_t applied = rig_status(rig).counters.applied;

            rig_event(rig, VIEWS, rig->wall, "new", "big", 0);
            rig_turns(rig, 5);
            cr_assert_eq(rig_status(rig).counters.applied, applied + 1, "events do not wait");
        }
    }
    cr_assert_geq(rig->mono - begun, 3300, "700 by 200 a second");
    cr_assert_leq(rig->mono - begun, 4500, "%lld ms", (long long)(rig->mono - begun));
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_OUTBOUND), 1400, "each is told once");
    rig_free(rig);
}

Test(model, read_again_and_the_same_leaves_a_fall_to_silence)
{
    struct rig *rig = rig_new();

    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0); /* falls after 20 s */
    rig_start(rig);
    rig_pass(rig, 19000);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_OUTBOUND), 1);
    seuil_shard_remodel(rig->shard, rig->models, rig->scratch);
    rig->wall += 3000;
    rig->mono += 3000;
    rig_pass(rig, 500);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_OUTBOUND), 2);
    cr_assert(strstr(rig->sink.sent[1].value, "\"reason\":\"decay\""), "%s",
              rig->sink.sent[1].value);
    rig_free(rig);
}

Test(model, a_lead_that_was_only_in_the_cache_is_judged_too)
{
    struct rig *rig = rig_new();

    rig_event(rig, VIEWS, RIG_WALL, "a", "small", 0); /* no crossing, no checkpoint yet */
    rig_start(rig);
    rig_turns(rig, 5);
    cr_assert_eq(rig_status(rig).dirty, 1);
    seuil_shard_remodel(rig->shard, rig->others, rig->other_scratch);
    rig_pass(rig, 500);
    cr_assert_eq(rig_meta(rig)->model_hash, rig->others->hash);
    cr_assert_geq(rig_status(rig).counters.remodeled, 1);
    rig_free(rig);
}

Test(model, one_that_comes_back_in_the_middle_of_a_walk_is_walked_from_the_start)
{
    struct rig *rig = rig_new();

    for (int i = 0; i < 700; i++) {
        char name[20];

        snprintf(name, sizeof(name), "l%d", i);
        rig_event(rig, VIEWS, RIG_WALL - 1000, name, "big", 0);
    }
    rig_start(rig);
    rig_turns(rig, 10);
    seuil_shard_remodel(rig->shard, rig->others, rig->other_scratch);
    for (int i = 0; i < 100 && !rig_meta(rig)->walk_cursor; i++)
        rig_turn(rig);
    cr_assert_neq(rig_meta(rig)->walk_cursor, 0);
    cr_assert_eq(rig_meta(rig)->model_hash, rig->models->hash, "not the others' yet");
    rig_crash(rig); /* and starts with the models of before: some leads were judged by the others */
    rig_start(rig);
    rig_pass(rig, 500);
    cr_assert_geq(rig_status(rig).counters.remodeled, 700);
    cr_assert_eq(rig_meta(rig)->walk_model_hash, 0);
    rig_free(rig);
}

Test(time, silence_waits_while_the_outbox_is_full)
{
    enum { LEADS = 9000, FULL = 16384 };
    struct rig *rig = rig_new();
    uint64_t most = 0;
    char id[16];

    rig->sink.full = true;
    for (int i = 0; i < LEADS; i++) {
        snprintf(id, sizeof(id), "%d", i);
        rig_event(rig, VIEWS, RIG_WALL, id, "big", 0);
    }
    rig_start(rig);
    for (int s = 0; s < 60; s++) {
        rig->wall += 900;
        rig->mono += 900;
        rig_pass(rig, 100);
        most = rig_status(rig).outbox > most ? rig_status(rig).outbox : most;
    }
    cr_assert_gt(most, FULL);
    cr_assert_leq(most, FULL + SEUIL_CHUNK_MAX, "%llu", (unsigned long long)most);
    rig->sink.full = false;
    rig_pass(rig, 3000);
    cr_assert_eq(rig_status(rig).outbox, 0);
    cr_assert_eq(rig_status(rig).counters.crossings, 2 * LEADS, "every lead went up and down");
    rig_free(rig);
}
