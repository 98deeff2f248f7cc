/* Transactions and checkpoints (rules 11-13, 15-17). */

#include "rig.h"

Test(write, a_crossing_and_its_state_are_in_one_transaction_and_then_it_is_published)
{
    struct rig *rig = rig_new();
    struct seuil_lead *lead = calloc(1, sizeof(*lead));
    struct seuil_tx_entry entry;

    rig->sink.full = true; /* nothing can be published yet */
    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    rig_event(rig, VIEWS, RIG_WALL, "b", "small", 0);
    rig_start(rig);
    rig_turns(rig, 5);
    cr_assert(rig_stored(rig, "a", lead));
    cr_assert_eq(lead->stamps[VIEWS].next, 1);
    cr_assert_neq(rig_due(rig, "a"), SEUIL_TIME_NEVER);
    cr_assert(seuil_store_memory_entry(rig->memory, 0, 0, &entry));
    cr_assert_not(rig_stored(rig, "b", lead), "what nobody sees waits for the checkpoint");
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, 0);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].reach, 2);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].finger_offset, 1);
    rig->sink.full = false;
    rig_pass(rig, 100);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_OUTBOUND), 1);
    cr_assert_eq(rig_status(rig).counters.published, 1);
    rig_pass(rig, 2000);
    cr_assert_eq(rig_meta(rig)->outbox_head, 1, "trimmed after a while");
    free(lead);
    rig_free(rig);
}

Test(write, nothing_is_sent_before_its_transaction_is_acknowledged)
{
    struct rig *rig = rig_new();

    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    rig_start(rig);
    rig->hold = 1; /* the commit takes effect, its reply is under way */
    rig_turns(rig, 7);
    cr_assert_eq(rig_meta(rig)->outbox_tail, 1);
    cr_assert_eq(rig->sink.count, 0);
    rig->hold = 0;
    rig_turns(rig, 2);
    cr_assert_eq(rig->sink.count, 1);
    rig_free(rig);
}

Test(write, a_checkpoint_writes_every_dirty_lead_in_chunks_and_then_moves_base)
{
    struct rig *rig = rig_new();
    struct seuil_lead *lead = calloc(1, sizeof(*lead));
    uint64_t commits;

    rig->config.batch_events = 5000;
    seuil_shard_free(rig->shard);
    rig->shard = rig_shard(rig);
    for (int i = 0; i < 3000; i++) {
        char name[20];

        snprintf(name, sizeof(name), "l%d", i);
        rig_event(rig, VIEWS, RIG_WALL + i / 100, name, "small", 0);
    }
    rig_start(rig);
    rig_turns(rig, 20);
    commits = rig_status(rig).counters.commits;
    cr_assert_eq(rig_status(rig).dirty, 3000);
    rig->mono += 10 * SEUIL_SECOND_MS;
    rig_turn(rig);
    cr_assert_eq(rig_status(rig).counters.leads_written, 512);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, 0, "not before the last chunk");
    rig->mono += 2500;
    rig_turns(rig, 8);
    cr_assert_eq(rig_status(rig).counters.leads_written, 3000);
    cr_assert_eq(rig_status(rig).counters.commits, commits + 6);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, 3000);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base_finger_offset, 2999);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base_time, RIG_WALL + 29);
    cr_assert_eq(rig_status(rig).dirty, 0);
    cr_assert(rig_stored(rig, "l2999", lead));
    free(lead);
    rig_free(rig);
}

/* Running, with @count leads that no checkpoint has seen. */
static struct rig *with_dirty_leads(int count)
{
    struct rig *rig = rig_new();

    for (int i = 0; i < count; i++) {
        char name[20];

        snprintf(name, sizeof(name), "l%d", i);
        rig_event(rig, VIEWS, RIG_WALL + i / 100, name, "small", 0);
    }
    rig_start(rig);
    rig_turns(rig, 20 + count / 500);
    cr_assert_eq(rig_status(rig).dirty, count);
    return rig;
}

Test(write, a_checkpoint_is_spread_over_a_quarter_of_its_interval)
{
    struct rig *rig = with_dirty_leads(8000);
    uint64_t written = 0, most = 0, now;

    rig->mono += 10 * SEUIL_SECOND_MS;
    for (int ms = 0; ms < 2500; ms += 10, rig->mono += 10) {
        rig_turns(rig, 3);
        now = rig_status(rig).counters.leads_written;
        most = now - written > most ? now - written : most;
        cr_assert_leq(now, 8000u * (unsigned)ms / 2500 + 512, "ahead at %d ms", ms);
        cr_assert_geq(now + 512, 8000u * (unsigned)ms / 2500, "behind at %d ms", ms);
        written = now;
    }
    cr_assert_leq(most, 512);
    rig_turns(rig, 2);
    cr_assert_eq(rig_status(rig).counters.leads_written, 8000);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, 8000);
    rig_free(rig);
}

Test(write, a_checkpoint_that_is_waited_for_is_not_spread)
{
    struct rig *rig = with_dirty_leads(8000);

    rig->mono += 10 * SEUIL_SECOND_MS;
    rig_turns(rig, 3);
    cr_assert_lt(rig_status(rig).counters.leads_written, 1000);
    seuil_shard_revoke(rig->shard);
    rig_turns(rig, 30);
    cr_assert_eq(rig_status(rig).counters.leads_written, 8000);
    rig_is(rig, SEUIL_SHARD_OFF);
    rig_free(rig);
}

/* When each shard begins its checkpoints, in ms after it was taken. */
static void begins_of(uint32_t number, int64_t ret_begins[3])
{
    struct rig *rig = rig_new();
    uint64_t count = 0;
    int64_t from = rig->mono;

    seuil_shard_free(rig->shard);
    rig->store->ops->free(rig->store);
    seuil_memory_free(rig->memory);
    rig->memory = seuil_memory_new(number + 1);
    rig->store = seuil_store_memory_new(rig->memory);
    rig->config.partitions = number + 1;
    rig->config.partitioner = SEUIL_PARTITIONER_UNCHECKED;
    rig->number = number;
    rig->shard = rig_shard(rig);
    rig_start(rig);
    for (int i = 0; count < 3 && i < 4000; i++) {
        rig_event(rig, VIEWS, RIG_WALL, "a", "nothing", 0);
        rig_pass(rig, 10);
        if (rig_status(rig).counters.checkpoints > count)
            ret_begins[count++] = rig->mono - from;
    }
    cr_assert_eq(count, 3);
    rig_free(rig);
}

Test(write, checkpoints_of_shards_taken_together_do_not_stay_together)
{
    int64_t zero[3], one[3];

    begins_of(0, zero);
    begins_of(1, one);
    cr_assert_lt(llabs(zero[0] - one[0]), 100);
    cr_assert_gt(zero[1] - one[1], 2500);
    cr_assert_gt(one[2] - zero[1], 2500);
    cr_assert_lt(llabs(one[2] - one[1] - 10000), 100);
}

Test(write, a_checkpoint_takes_small_chunks_while_records_flow)
{
    struct rig *rig = with_dirty_leads(2000);

    rig->mono += 10 * SEUIL_SECOND_MS;
    rig_event(rig, VIEWS, RIG_WALL + 30, "l7", "small", 0);
    rig_turn(rig);
    cr_assert_eq(rig_status(rig).counters.leads_written, 256, "%lu",
                 (unsigned long)rig_status(rig).counters.leads_written);
    rig->mono += 2500;
    rig_turn(rig);
    cr_assert_eq(rig_status(rig).counters.leads_written, 256 + 512, "none comes any more");
    rig_free(rig);
}

Test(write, a_lead_that_changed_while_it_was_sent_is_written_again)
{
    struct rig *rig = rig_new();
    struct seuil_lead *lead = calloc(1, sizeof(*lead));

    rig_event(rig, VIEWS, RIG_WALL, "a", "small", 0);
    rig_start(rig);
    rig_turns(rig, 5);
    rig->hold = 1;
    rig->mono += 10 * SEUIL_SECOND_MS;
    rig_turn(rig); /* frozen at 1 and sent */
    rig_event(rig, VIEWS, RIG_WALL, "a", "small", 0);
    rig_turns(rig, 3); /* another event while it is under way */
    rig->hold = 0;
    rig_turns(rig, 2);
    cr_assert_eq(rig_status(rig).position[VIEWS], 2);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, 1);
    cr_assert_eq(rig_status(rig).dirty, 1, "it changed since it was sent");
    rig_pass(rig, 11000);
    cr_assert(rig_stored(rig, "a", lead));
    cr_assert_eq(lead->stamps[VIEWS].next, 2);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, 2);
    free(lead);
    rig_free(rig);
}

Test(write, base_is_the_frozen_position_though_work_went_on)
{
    struct rig *rig = rig_new();

    rig->sink.silent = true;
    fake_produce(&rig->source, VIEWS, RIG_WALL, "a", "no");
    rig_start(rig);
    rig_pass(rig, 11000); /* frozen at 1; base waits for the dead letter */
    rig_event(rig, VIEWS, RIG_WALL, "a", "small", 0);
    rig_turns(rig, 4);
    cr_assert_eq(rig_status(rig).position[VIEWS], 2);
    rig->sink.silent = false;
    rig_turns(rig, 4);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, 1);
    cr_assert_eq(rig_status(rig).dirty, 1, "not in Redis: base may not pass it");
    rig_free(rig);
}

Test(write, with_interval_zero_every_batch_is_a_checkpoint)
{
    struct rig *rig = rig_new();

    rig->config.checkpoint_ms = 0;
    rig_start(rig);
    for (int i = 0; i < 5; i++) {
        rig_event(rig, VIEWS, RIG_WALL, "a", "small", 0);
        rig_turns(rig, 4);
        cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, i + 1);
    }
    rig_free(rig);
}

Test(write, base_moves_although_no_lead_changed)
{
    struct rig *rig = rig_new();

    rig_event(rig, VIEWS, RIG_WALL, "a", "nothing", 0);
    rig_start(rig);
    rig_pass(rig, 11000);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, 1);
    rig_free(rig);
}

Test(write, an_idle_shard_writes_nothing)
{
    struct rig *rig = rig_new();
    uint64_t seq;

    rig_event(rig, VIEWS, RIG_WALL, "a", "nothing", 0);
    rig_start(rig);
    rig_pass(rig, 12000);
    seq = rig_meta(rig)->seq;
    rig_pass(rig, 30000);
    cr_assert_eq(rig_meta(rig)->seq, seq);
    rig_free(rig);
}

Test(write, dirty_leads_that_fill_the_cache_bring_the_checkpoint_forward)
{
    struct rig *rig = rig_new();
    uint64_t most = 0;

    rig->config.cache_bytes = 400000;
    rig->config.batch_events = 100;
    seuil_shard_free(rig->shard);
    rig->shard = rig_shard(rig);
    for (int i = 0; i < 5000; i++) {
        char name[20];

        snprintf(name, sizeof(name), "l%d", i);
        rig_event(rig, VIEWS, RIG_WALL + i / 100, name, "small", 0);
    }
    rig_start(rig);
    for (int i = 0; i < 600; i++) {
        rig_turn(rig);
        if (rig_status(rig).cache_bytes > most)
            most = rig_status(rig).cache_bytes;
    }
    cr_assert_eq(rig_status(rig).counters.applied, 5000);
    cr_assert_gt(rig_status(rig).counters.checkpoints, 2);
    cr_assert_lt(most, 400000 + 100 * 1000, "one batch beyond at most: %lu", most);
    rig_free(rig);
}

Test(write, a_slow_redis_stops_the_flow_and_not_the_bounds)
{
    struct rig *rig = rig_new();
    uint64_t bytes;

    rig->config.cache_bytes = 400000;
    rig->config.batch_events = 100;
    seuil_shard_free(rig->shard);
    rig->shard = rig_shard(rig);
    for (int i = 0; i < 5000; i++)
        rig_event(rig, VIEWS, RIG_WALL, "a", "small", 0);
    for (int i = 0; i < 5000; i++) {
        char name[20];

        snprintf(name, sizeof(name), "l%d", i);
        rig_event(rig, FORMS, RIG_WALL + 1, name, "big", 0);
    }
    rig_start(rig);
    rig_turns(rig, 3);
    rig->hold = 1;
    rig_turns(rig, 300);
    bytes = rig_status(rig).cache_bytes;
    rig_turns(rig, 300);
    cr_assert_eq(rig_status(rig).cache_bytes, bytes);
    cr_assert_lt(rig_status(rig).counters.received, 6000);
    rig->hold = 0;
    rig_turns(rig, 1000);
    cr_assert_eq(rig_status(rig).counters.received, 10000);
    cr_assert_eq(rig_status(rig).counters.crossings, 5001);
    rig_free(rig);
}

Test(write, base_waits_for_dead_letters_below_it)
{
    struct rig *rig = rig_new();

    rig->sink.silent = true;
    fake_produce(&rig->source, VIEWS, RIG_WALL, "a", "no");
    rig_start(rig);
    rig_pass(rig, 12000);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_DEAD_LETTERS), 1);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, 0);
    rig->sink.silent = false;
    rig_pass(rig, 100);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, 1);
    rig_free(rig);
}

Test(write, late_events_below_the_stamp_are_dead_letters_on_every_replay)
{
    struct rig *rig = rig_new();

    rig->sink.silent = true;
    rig_event(rig, VIEWS, RIG_WALL, "a", "small", 0);
    rig_event(rig, VIEWS, RIG_WALL, "a", "small", 8 * SEUIL_DAY_MS);
    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0); /* writes the lead, stamped 3 */
    rig_start(rig);
    rig_turns(rig, 5);
    rig_crash(rig);
    rig_start(rig);
    rig_turns(rig, 5);
    cr_assert_eq(rig_status(rig).counters.replayed, 2);
    cr_assert_eq(rig_status(rig).counters.late, 1);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_DEAD_LETTERS), 2);
    rig_free(rig);
}

Test(write, a_restart_replays_from_base_and_leaves_the_state_as_it_is)
{
    struct rig *rig = rig_new();
    struct seuil_memory_lead found;
    uint8_t before[SEUIL_LEAD_BYTES_MAX];
    uint32_t len;

    for (int i = 0; i < 20; i++)
        rig_event(rig, i % 2 ? FORMS : VIEWS, RIG_WALL + i, "a", i == 19 ? "big" : "nothing", 0);
    rig_event(rig, VIEWS, RIG_WALL + 20, "b", "small", 0);
    rig_start(rig);
    rig_turns(rig, 5);
    cr_assert(seuil_store_memory_lead(rig->memory, 0, SEUIL_STR("a"), &found));
    len = found.len;
    memcpy(before, found.bytes, len);
    rig_crash(rig);
    rig_start(rig);
    rig_turns(rig, 5);
    cr_assert_eq(rig_status(rig).counters.received, 21);
    cr_assert_eq(rig_status(rig).counters.replayed, 10);
    cr_assert_eq(rig_status(rig).counters.applied, 1);
    cr_assert_eq(rig_status(rig).counters.crossings, 0);
    seuil_shard_revoke(rig->shard);
    rig_turns(rig, 20);
    rig_is(rig, SEUIL_SHARD_OFF);
    cr_assert(seuil_store_memory_lead(rig->memory, 0, SEUIL_STR("a"), &found));
    cr_assert_eq(found.len, len);
    cr_assert_arr_eq(found.bytes, before, len);
    for (uint32_t i = 1; i < rig->sink.count; i++)
        cr_assert_str_eq(rig->sink.sent[i].id, rig->sink.sent[0].id);
    rig_free(rig);
}

Test(write, a_failed_delivery_sends_again_from_the_first_not_acknowledged)
{
    struct rig *rig = rig_new();
    struct seuil_delivery report;
    uint64_t tenure;

    rig->sink.silent = true;
    for (int i = 0; i < 3; i++) {
        char name[20];

        snprintf(name, sizeof(name), "l%d", i);
        rig_event(rig, VIEWS, RIG_WALL + i, name, "big", 0);
    }
    rig_start(rig);
    rig_turns(rig, 5);
    cr_assert_eq(rig->sink.count, 3);
    tenure = rig->sink.sent[0].tenure;
    report =
        (struct seuil_delivery){.tenure = tenure, .cookie = rig->sink.sent[0].cookie, .ok = true};
    seuil_shard_delivery(rig->shard, &report);
    report = (struct seuil_delivery){.tenure = tenure, .cookie = rig->sink.sent[1].cookie};
    seuil_shard_delivery(rig->shard, &report);
    cr_assert_eq(rig_status(rig).counters.producer_resets, 1);
    rig_turn(rig);
    cr_assert_eq(rig->sink.count, 5);
    cr_assert_str_eq(rig->sink.sent[3].key, "l1");
    cr_assert_str_eq(rig->sink.sent[4].key, "l2");
    cr_assert_str_eq(rig->sink.sent[3].id, rig->sink.sent[1].id);
    cr_assert_str_eq(rig->sink.sent[3].value, rig->sink.sent[1].value);
    cr_assert_neq(rig->sink.sent[3].tenure, tenure);
    report =
        (struct seuil_delivery){.tenure = tenure, .cookie = rig->sink.sent[1].cookie, .ok = true};
    seuil_shard_delivery(rig->shard, &report); /* of the producer before: says nothing */
    cr_assert_eq(rig_status(rig).outbox, 2);
    rig_free(rig);
}

Test(write, the_next_owner_publishes_what_the_one_before_did_not)
{
    struct rig *rig = rig_new();

    rig->sink.full = true;
    for (int i = 0; i < 600; i++) {
        char name[20];

        snprintf(name, sizeof(name), "l%d", i);
        rig_event(rig, VIEWS, RIG_WALL + i, name, "big", 0);
    }
    rig_start(rig);
    rig_turns(rig, 20);
    cr_assert_eq(rig_meta(rig)->outbox_tail, 600);
    rig_crash(rig);
    rig->sink.full = false;
    rig_start(rig);
    rig_turns(rig, 20);
    cr_assert_eq(rig->sink.count, 600);
    for (uint32_t i = 0; i < 600; i++) {
        char name[20];

        snprintf(name, sizeof(name), "l%u", i);
        cr_assert_str_eq(rig->sink.sent[i].key, name, "in index order");
    }
    cr_assert_eq(rig_status(rig).counters.crossings, 0);
    rig_free(rig);
}

Test(write, a_broker_that_takes_nothing_stops_the_flow)
{
    struct rig *rig = rig_new();

    rig->sink.full = true;
    for (int i = 0; i < 19000; i++)
        fake_produce(&rig->source, VIEWS, RIG_WALL, "a", "no");
    rig_start(rig);
    rig_turns(rig, 100);
    cr_assert_lt(rig_status(rig).dead_letters_pending, 8192 + 1000);
    rig->sink.full = false;
    rig_pass(rig, 2000);
    cr_assert_eq(rig_status(rig).counters.dead_lettered, 19000);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_DEAD_LETTERS), 19000);
    rig_free(rig);
}

Test(write, dead_letters_are_bounded_by_their_bytes_within_a_batch_too)
{
    struct rig *rig = rig_new();
    char *large = malloc(200000);

    memset(large, 'x', 200000);
    large[199999] = '\0';
    rig->sink.full = true;
    for (int i = 0; i < 300; i++)
        fake_produce(&rig->source, VIEWS, RIG_WALL, "a", large);
    rig_start(rig);
    rig_turns(rig, 100);
    cr_assert_lt(rig_status(rig).dead_letters_pending, 100, "16 MiB");
    rig->sink.full = false;
    rig_pass(rig, 2000);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_DEAD_LETTERS), 300);
    free(large);
    rig_free(rig);
}

Test(write, in_steady_state_no_event_costs_an_allocation)
{
    struct rig *rig = rig_new();
    uint64_t made;

    for (int i = 0; i < 15000; i++) {
        char name[20];

        snprintf(name, sizeof(name), "l%d", i % 500);
        rig_event(rig, VIEWS, RIG_WALL + i / 100, name, "nothing", 0);
    }
    rig_start(rig);
    rig_turns(rig, 5);
    cr_assert_lt(rig_status(rig).counters.received, 10000);
    seuil_heap_fail_after(-1);
    rig_turns(rig, 40);
    made = seuil_heap_fail_after(-1);
    cr_assert_eq(rig_status(rig).counters.received, 15000);
    cr_assert_eq(made, 0);
    rig_free(rig);
}
