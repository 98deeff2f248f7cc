/* What becomes of a record (rules 3-9, clause 6 of the promise). */

#include "rig.h"

Test(apply, every_event_has_exactly_one_fate)
{
    struct rig *rig = rig_new();
    struct seuil_shard_status s;
    char again[300];

    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    snprintf(again, sizeof(again), "%s", rig->source.topics[VIEWS].records[0].value);
    fake_produce(&rig->source, VIEWS, RIG_WALL, "a", again);            /* a repetition */
    rig_event(rig, VIEWS, RIG_WALL, "a", "nothing", 0);                 /* no rule */
    fake_produce(&rig->source, VIEWS, RIG_WALL, "a", NULL);             /* a tombstone */
    rig_event(rig, VIEWS, RIG_WALL, "a", "small", 8 * SEUIL_DAY_MS);    /* late */
    fake_produce(&rig->source, VIEWS, RIG_WALL, "a", "{\"type\":\"ac"); /* cut off */
    rig_start(rig);
    rig_turns(rig, 10);
    s = rig_status(rig);
    cr_assert_eq(s.counters.received, 6);
    cr_assert_eq(s.counters.applied, 1);
    cr_assert_eq(s.counters.duplicate, 1);
    cr_assert_eq(s.counters.filtered, 2);
    cr_assert_eq(s.counters.late, 1);
    cr_assert_eq(s.counters.dead_lettered, 1);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_DEAD_LETTERS), 2);
    rig_free(rig);
}

Test(apply, a_dead_letter_is_the_record_byte_for_byte_and_says_why)
{
    struct rig *rig = rig_new();

    fake_produce(&rig->source, VIEWS, RIG_WALL, "a", "{\"type\":\"ac");
    rig_start(rig);
    rig_turns(rig, 5);
    cr_assert_eq(rig->sink.count, 1);
    cr_assert_str_eq(rig->sink.sent[0].key, "a");
    cr_assert_str_eq(rig->sink.sent[0].value, "{\"type\":\"ac");
    cr_assert_str_eq(rig->sink.sent[0].error, "truncated");
    rig_free(rig);
}

static const char *error_of(struct rig *rig, uint32_t n)
{
    cr_assert_gt(rig->sink.count, n);
    return rig->sink.sent[n].error;
}

Test(apply, a_key_that_is_not_the_lead_is_misrouted)
{
    struct rig *rig = rig_new();

    fake_produce(&rig->source, VIEWS, RIG_WALL, "b",
                 "{\"type\":\"activity\",\"id\":\"1\",\"lead\":\"a\",\"time\":1700000000000,"
                 "\"name\":\"big\"}");
    fake_produce(&rig->source, VIEWS, RIG_WALL, NULL,
                 "{\"type\":\"activity\",\"id\":\"1\",\"lead\":\"a\",\"time\":1700000000000,"
                 "\"name\":\"big\"}");
    rig_start(rig);
    rig_turns(rig, 5);
    cr_assert_str_eq(error_of(rig, 0), "misrouted");
    cr_assert_str_eq(error_of(rig, 1), "misrouted");
    cr_assert_eq(rig_status(rig).counters.misrouted, 2);
    cr_assert_eq(rig_status(rig).counters.dead_lettered, 2);
    rig_free(rig);
}

Test(apply, a_key_in_a_partition_where_the_partitioner_does_not_put_it_is_misrouted)
{
    struct rig *rig = rig_new();
    uint32_t elsewhere = 0;

    rig->config.partitions = 7;
    for (int i = 0; i < 100; i++) {
        char name[20];

        snprintf(name, sizeof(name), "l%d", i);
        elsewhere += seuil_partition_of(SEUIL_PARTITIONER_MURMUR2, seuil_str_from(name), 7) != 0;
        rig_event(rig, VIEWS, RIG_WALL + i, name, "small", 0);
    }
    rig_start(rig);
    rig_turns(rig, 5);
    cr_assert_gt(elsewhere, 50);
    cr_assert_eq(rig_status(rig).counters.misrouted, elsewhere);
    cr_assert_eq(rig_status(rig).counters.applied, 100 - elsewhere);
    rig_free(rig);
}

Test(apply, many_misrouted_records_halt_the_shard_with_an_explanation)
{
    struct rig *rig = rig_new();

    rig->config.misrouted_halt = 20;
    for (int i = 0; i < 50; i++)
        fake_produce(&rig->source, VIEWS, RIG_WALL, NULL, "{}");
    rig_start(rig);
    rig_turns(rig, 10);
    rig_is(rig, SEUIL_SHARD_HALT);
    cr_assert(strstr(rig_meta(rig)->halt, "partitioner"));
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, 0);
    rig_free(rig);
}

Test(apply, a_record_from_the_future_is_a_dead_letter_and_moves_no_clock)
{
    struct rig *rig = rig_new();

    rig_event(rig, VIEWS, RIG_WALL + SEUIL_HOUR_MS, "a", "big", 0);
    rig_event(rig, VIEWS, RIG_WALL - 5000, "b", "small", 0);
    rig_event(rig, FORMS, RIG_WALL - 4000, "b", "small", 0);
    rig_start(rig);
    rig_turns(rig, 5);
    cr_assert_str_eq(error_of(rig, 0), "future");
    cr_assert_eq(rig_status(rig).counters.applied, 2);
    cr_assert_leq(rig_status(rig).stream_time, RIG_WALL);
    rig_free(rig);
}

Test(apply, a_record_from_the_future_waits_for_no_other_topic)
{
    struct rig *rig = rig_new();

    rig_event(rig, VIEWS, RIG_WALL + SEUIL_HOUR_MS, "a", "big", 0);
    rig_start(rig);
    rig_turns(rig, 5);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_DEAD_LETTERS), 1);
    cr_assert_str_eq(error_of(rig, 0), "future");
    rig_free(rig);
}

Test(apply, a_lead_is_advanced_to_its_record_before_the_record_counts)
{
    struct rig *rig = rig_new();
    struct seuil_lead *lead = calloc(1, sizeof(*lead));

    /* Warm at once, cold 20 s later; the next event comes after a minute. */
    rig_event(rig, VIEWS, RIG_WALL - 70000, "a", "big", 0);
    rig_event(rig, VIEWS, RIG_WALL - 10000, "a", "small", 0);
    rig_start(rig);
    rig_turns(rig, 10);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_OUTBOUND), 2);
    cr_assert(strstr(rig->sink.sent[1].value, "\"direction\":\"down\""));
    cr_assert(strstr(rig->sink.sent[1].value, "\"reason\":\"decay\""));
    cr_assert(rig_stored(rig, "a", lead));
    cr_assert_eq(lead->automata[0].ordinal, 2);
    free(lead);
    rig_free(rig);
}

Test(apply, stream_time_advances_a_lead_beyond_a_record_that_lies_behind)
{
    struct rig *rig = rig_new();

    rig_event(rig, VIEWS, RIG_WALL - 90000, "a", "big", 0);
    rig_event(rig, VIEWS, RIG_WALL - 10000, "b", "small", 0);
    /* Written with an old timestamp behind one of now: the silence between has passed. */
    rig_event(rig, VIEWS, RIG_WALL - 80000, "a", "nothing", 0);
    rig_start(rig);
    rig_turns(rig, 10);
    cr_assert_eq(rig_status(rig).counters.ticks, 1);
    cr_assert(strstr(rig->sink.sent[1].value, "\"direction\":\"down\""));
    rig_free(rig);
}

Test(apply, crossings_before_publish_from_change_the_state_and_are_counted_only)
{
    struct rig *rig = rig_new();
    struct seuil_lead *lead = calloc(1, sizeof(*lead));

    rig->config.publish_from = RIG_WALL - 1000;
    rig_event(rig, VIEWS, RIG_WALL - 5000, "a", "big", 0);
    rig_event(rig, VIEWS, RIG_WALL - 500, "b", "big", 0);
    rig_start(rig);
    rig_turns(rig, 10);
    cr_assert_eq(rig_status(rig).counters.crossings, 2);
    cr_assert_eq(rig_status(rig).counters.muted, 1);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_OUTBOUND), 1);
    cr_assert_str_eq(rig->sink.sent[0].key, "b");
    cr_assert(rig_stored(rig, "a", lead), "written at once all the same");
    free(lead);
    rig_free(rig);
}

Test(apply, an_old_crossing_is_marked_stale_and_a_trace_goes_on)
{
    struct rig *rig = rig_new();

    rig->source.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    rig_event(rig, VIEWS, RIG_WALL - 2 * SEUIL_HOUR_MS, "a", "big", 0);
    rig_event(rig, VIEWS, RIG_WALL - 500, "b", "big", 0);
    rig_start(rig);
    rig_turns(rig, 10);
    cr_assert(rig->sink.sent[0].stale);
    cr_assert(rig->sink.sent[0].traced);
    cr_assert_eq(rig_status(rig).counters.stale, 2, "up, and down by silence long ago");
    for (uint32_t i = 0; i < rig->sink.count; i++)
        cr_assert(!rig->sink.sent[i].stale || strcmp(rig->sink.sent[i].key, "a") == 0);
    rig_free(rig);
}

Test(apply, what_is_forgotten_is_erased_at_once)
{
    struct rig *rig = rig_new();
    struct seuil_lead *lead = calloc(1, sizeof(*lead));

    rig_event(rig, VIEWS, RIG_WALL - 2000, "a", "small", 0);
    fake_produce(&rig->source, FORMS, RIG_WALL - 1000, "a",
                 "{\"type\":\"command\",\"id\":\"f\",\"lead\":\"a\",\"time\":1699999999000,"
                 "\"name\":\"forget\"}");
    rig_start(rig);
    rig_turns(rig, 10);
    cr_assert(rig_stored(rig, "a", lead), "no checkpoint was due yet");
    cr_assert(lead->tombstone);
    cr_assert_eq(rig_meta(rig)->topics[FORMS].base, 0);
    free(lead);
    rig_free(rig);
}

Test(apply, damaged_bytes_of_a_lead_halt_and_name_it)
{
    struct rig *rig = rig_new();
    struct seuil_store *store = seuil_store_memory_new(rig->memory);
    struct seuil_tx_lead bad = {
        .id = SEUIL_STR("a"), .bytes = (const uint8_t *)"\xff\xff", .len = 2};
    struct seuil_meta meta;
    struct seuil_tx tx = {.leads = &bad, .lead_count = 1, .meta = &meta};

    rig_start(rig);
    meta = *rig_meta(rig);
    tx.token = meta.token;
    tx.seq = meta.seq++;
    store->ops->commit(store, 0, &tx, 1);
    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    seuil_shard_lose(rig->shard);
    rig_start(rig);
    rig_turns(rig, 10);
    rig_is(rig, SEUIL_SHARD_HALT);
    cr_assert(strstr(rig_meta(rig)->halt, "lead a "));
    cr_assert_eq(rig_status(rig).counters.received, 0, "it waits");
    store->ops->free(store);
    rig_free(rig);
}
