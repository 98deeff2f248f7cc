/* The counts that meta carries: of one tenure, as of the transaction, and they add up. */

#include "rig.h"

static uint64_t fates(const struct seuil_meta_counts *counts)
{
    return counts->applied + counts->replayed + counts->duplicate + counts->filtered +
           counts->late + counts->dead_lettered + counts->in_flight;
}

Test(counts, meta_tells_what_became_of_the_events_as_of_each_transaction)
{
    struct rig *rig = rig_new();
    const struct seuil_meta_counts *counts;
    seuil_time_ms taken = rig->wall;

    rig_start(rig);
    cr_assert_eq(rig_meta(rig)->counts.as_of, SEUIL_TIME_NONE, "nothing was counted yet");
    rig_event(rig, VIEWS, RIG_WALL, "a", "small", 0);
    rig_event(rig, VIEWS, RIG_WALL, "a", "nothing", 0);
    fake_produce(&rig->source, VIEWS, RIG_WALL, "a", "no event");
    rig_event(rig, FORMS, RIG_WALL + 1, "a", "big", 0);
    rig_pass(rig, 50);
    counts = &rig_meta(rig)->counts;
    cr_assert_eq(counts->received, 4);
    cr_assert_eq(counts->applied, 2);
    cr_assert_eq(counts->filtered, 1);
    cr_assert_eq(counts->dead_lettered, 1);
    cr_assert_eq(fates(counts), counts->received);
    cr_assert_eq(counts->seq, rig_meta(rig)->seq);
    cr_assert(counts->since == taken && counts->as_of > taken && counts->as_of <= rig->wall);
    rig_free(rig);
}

Test(counts, what_waits_for_its_lead_is_in_flight)
{
    struct rig *rig = rig_new();
    const struct seuil_meta_counts *counts;
    struct seuil_store_reply reply;

    rig_start(rig);
    rig_event(rig, VIEWS, RIG_WALL, "a", "small", 0);
    rig_turns(rig, 3);
    seuil_shard_lose(rig->shard);
    rig_start(rig); /* an owner that did not make the shard reads its leads */
    rig_event(rig, VIEWS, RIG_WALL, "a", "small", 0);
    rig_turns(rig, 3);
    rig->hold = 1;
    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    rig_event(rig, VIEWS, RIG_WALL, "b", "big", 0);
    rig_event(rig, VIEWS, RIG_WALL, "a", "small", 0);
    rig_turns(rig, 3);
    /* The state of b was asked for and does not come: a's crossing is written meanwhile. */
    while (rig->store->ops->poll(rig->store, rig->mono, 0, &reply) == 1)
        if (reply.verb == SEUIL_STORE_COMMIT)
            seuil_shard_reply(rig->shard, &reply, rig->wall, rig->mono);
    counts = &rig_meta(rig)->counts;
    cr_assert_eq(counts->in_flight, 2);
    cr_assert_eq(counts->received, 5, "the first one again");
    cr_assert_eq(fates(counts), counts->received);
    rig_free(rig);
}

Test(counts, begin_anew_with_each_token)
{
    struct rig *rig = rig_new();
    const struct seuil_meta_counts *counts;

    rig_start(rig);
    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    rig_pass(rig, 50);
    cr_assert_eq(rig_meta(rig)->counts.received, 1);
    rig_crash(rig);
    rig_pass(rig, 1000);
    rig->source.confirmed = rig->mono;
    rig_start(rig);
    counts = &rig_meta(rig)->counts;
    cr_assert(counts->received == 1 && counts->applied == 1 && counts->seq < rig_meta(rig)->seq,
              "until the new owner writes they are those of the one before");
    rig_event(rig, VIEWS, rig->wall, "a", "big", 0);
    rig_event(rig, VIEWS, rig->wall, "b", "big", 0);
    rig_pass(rig, 12000);
    cr_assert_eq(counts->received, 3);
    cr_assert_eq(counts->replayed, 1, "read again from base");
    cr_assert_eq(counts->applied, 2);
    cr_assert_eq(counts->since, RIG_WALL + 1050);
    cr_assert_eq(fates(counts), counts->received);
    cr_assert_eq(counts->seq, rig_meta(rig)->seq);
    rig_free(rig);
}
