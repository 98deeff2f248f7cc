/* From assignment to loss (rules 18-23). */

#include "rig.h"
#include "shard/operator.h"

Test(life, a_new_shard_makes_its_meta_tells_the_group_and_reads)
{
    struct rig *rig = rig_new();

    rig_start(rig);
    cr_assert(rig_meta(rig));
    cr_assert_eq(rig_meta(rig)->model_hash, rig->models->hash);
    cr_assert(rig->source.has_witness);
    cr_assert_str_eq(rig->source.metadata, "v1 seq=1 base=0:0,1:0");
    rig_free(rig);
}

Test(life, nothing_is_applied_before_the_group_took_the_first_witness)
{
    struct rig *rig = rig_new();

    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    rig->source.witness_answer = 0;
    seuil_shard_assign(rig->shard);
    rig_turns(rig, 20);
    rig_is(rig, SEUIL_SHARD_WITNESS);
    cr_assert_eq(rig_status(rig).counters.received, 0);
    rig->source.witness_answer = 1;
    rig_turns(rig, 10);
    cr_assert_eq(rig_status(rig).counters.applied, 1);
    rig_free(rig);
}

Test(life, a_witness_that_the_group_refuses_gives_the_shard_up_for_a_while)
{
    struct rig *rig = rig_new();

    rig->source.witness_answer = -1;
    seuil_shard_assign(rig->shard);
    rig_turns(rig, 10);
    rig_is(rig, SEUIL_SHARD_BACKOFF);
    cr_assert_eq(rig_status(rig).counters.doubts, 1);
    rig_free(rig);
}

Test(life, starts_where_the_input_says)
{
    struct rig *rig = rig_new();

    rig_event(rig, VIEWS, RIG_WALL - 5000, "a", "small", 0);
    rig_event(rig, VIEWS, RIG_WALL - 1000, "a", "small", 0);
    rig_event(rig, FORMS, RIG_WALL - 1000, "a", "small", 0);
    rig->config.inputs[VIEWS].start = SEUIL_START_TIME;
    rig->config.inputs[VIEWS].start_time = RIG_WALL - 2000;
    rig->config.inputs[FORMS].start = SEUIL_START_LATEST;
    rig_start(rig);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, 1);
    cr_assert_eq(rig_meta(rig)->topics[FORMS].base, 1);
    rig_turns(rig, 5);
    cr_assert_eq(rig_status(rig).counters.received, 1);
    rig_free(rig);
}

Test(life, an_input_without_start_halts_a_new_shard)
{
    struct rig *rig = rig_new();

    rig->config.inputs[FORMS].start = SEUIL_START_UNSET;
    seuil_shard_assign(rig->shard);
    rig_turns(rig, 5);
    rig_is(rig, SEUIL_SHARD_HALT);
    cr_assert(strstr(rig_status(rig).text, "`start`"));
    cr_assert_null(rig_meta(rig));
    rig_free(rig);
}

Test(life, a_witness_without_meta_halts_and_a_meta_lifts_it)
{
    struct rig *rig = rig_new();
    struct seuil_memory *before;

    rig_start(rig);
    before = seuil_memory_clone(rig->memory);
    rig_crash(rig);
    {
        struct seuil_memory *empty = seuil_memory_new(1);

        seuil_memory_restore(rig->memory, empty); /* FLUSHALL */
        seuil_memory_free(empty);
    }
    seuil_shard_assign(rig->shard);
    rig_turns(rig, 5);
    rig_is(rig, SEUIL_SHARD_HALT);
    cr_assert(strstr(rig_status(rig).text, "seuilctl rebuild"));
    rig_pass(rig, 3000);
    rig_is(rig, SEUIL_SHARD_HALT);
    seuil_memory_restore(rig->memory, before); /* the backup */
    rig_pass(rig, 3000);
    rig_is(rig, SEUIL_SHARD_RUN);
    seuil_memory_free(before);
    rig_free(rig);
}

Test(life, a_complete_manifest_without_meta_halts_even_when_the_witness_expired)
{
    struct rig *rig = rig_new();

    rig->config.must_exist = true;
    seuil_shard_assign(rig->shard);
    rig_turns(rig, 5);
    rig_is(rig, SEUIL_SHARD_HALT);
    rig_free(rig);
}

/* Ten events, all written, then the process ends. */
static struct rig *ended(void)
{
    struct rig *rig = rig_new();

    for (int i = 0; i < 10; i++)
        rig_event(rig, VIEWS, RIG_WALL - 1000 + i, "a", "small", 0);
    rig_start(rig);
    rig_turns(rig, 5);
    seuil_shard_revoke(rig->shard);
    rig_turns(rig, 20);
    rig_is(rig, SEUIL_SHARD_OFF);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, 10);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].reach, 10);
    return rig;
}

static void halts(struct rig *rig, const char *with)
{
    seuil_shard_assign(rig->shard);
    rig_turns(rig, 20);
    cr_assert_eq(seuil_shard_state(rig->shard), SEUIL_SHARD_HALT, "%s",
                 seuil_shard_state_name(seuil_shard_state(rig->shard)));
    cr_assert(strstr(rig_status(rig).text, with), "%s", rig_status(rig).text);
    cr_assert_str_eq(rig_meta(rig)->halt, rig_status(rig).text, "everybody can read why");
}

/* What seuilctl does: its own token, then one guarded change of meta. */
static void operate(struct rig *rig, void (*change)(struct seuil_meta *meta))
{
    struct seuil_store *store = seuil_store_memory_new(rig->memory);
    struct seuil_token token = {{99}};
    struct seuil_store_reply reply;
    struct seuil_meta meta;
    struct seuil_tx tx = {0};

    store->ops->acquire(store, 0, &token, "operator", 1);
    cr_assert_eq(store->ops->poll(store, 0, 0, &reply), 1);
    meta = *reply.meta;
    tx.token = token;
    tx.seq = meta.seq++;
    change(&meta);
    tx.meta = &meta;
    tx.trim_to = meta.outbox_head;
    store->ops->commit(store, 0, &tx, 2);
    cr_assert_eq(store->ops->poll(store, 0, 0, &reply), 1);
    cr_assert_eq(reply.status, SEUIL_STORE_OK);
    store->ops->free(store);
}

static void go_on_at_12(struct seuil_meta *meta)
{
    int64_t first[SEUIL_TOPICS_MAX] = {12};

    cr_assert_eq(seuil_operator_go_on(meta, first), 2);
}

Test(life, base_before_the_start_of_the_log_halts_until_the_gap_is_accepted)
{
    struct rig *rig = ended();

    for (int i = 0; i < 5; i++)
        rig_event(rig, VIEWS, RIG_WALL + i, "a", "small", 0);
    rig->source.topics[VIEWS].first = 12;
    halts(rig, "seuilctl go-on");
    operate(rig, go_on_at_12);
    rig_pass(rig, 3000);
    rig_is(rig, SEUIL_SHARD_RUN);
    cr_assert_eq(rig_status(rig).counters.applied, 13);
    rig_free(rig);
}

static void adopt_views(struct seuil_meta *meta)
{
    cr_assert_eq(seuil_operator_adopt(meta, VIEWS, 0, NULL), 0);
}

static void recreate(struct rig *rig, int records)
{
    struct fake_topic *topic = &rig->source.topics[VIEWS];

    for (uint32_t i = 0; i < topic->count; i++) {
        free(topic->records[i].key);
        free(topic->records[i].value);
    }
    topic->count = 0;
    topic->next = 0;
    for (int i = 0; i < records; i++)
        rig_event(rig, VIEWS, RIG_WALL + i, "a", "small", 0);
}

Test(life, a_log_that_ends_before_reach_halts_until_the_topic_is_adopted)
{
    struct rig *rig = ended();

    recreate(rig, 3);
    halts(rig, "seuilctl adopt --topic views");
    operate(rig, adopt_views);
    rig_pass(rig, 3000);
    rig_is(rig, SEUIL_SHARD_RUN);
    cr_assert_eq(rig_status(rig).counters.applied, 13, "stamps of before do not count");
    cr_assert_eq(rig_status(rig).counters.replayed, 0);
    rig_free(rig);
}

Test(life, a_topic_made_again_and_filled_past_reach_is_recognised_by_its_record)
{
    struct rig *rig = ended();

    recreate(rig, 30);
    halts(rig, "another one than was read there");
    rig_free(rig);
}

Test(life, another_kafka_cluster_halts)
{
    struct rig *rig = ended();

    rig->config.cluster_id = "elsewhere";
    halts(rig, "elsewhere");
    rig_free(rig);
}

Test(life, a_topic_gone_while_it_is_read_halts)
{
    struct rig *rig = rig_new();

    rig_event(rig, VIEWS, RIG_WALL, "a", "small", 0);
    rig_start(rig);
    rig_turns(rig, 3);
    rig->source.topics[VIEWS].first = 1000;
    rig_turns(rig, 5);
    rig_is(rig, SEUIL_SHARD_HALT);
    cr_assert(strstr(rig_meta(rig)->halt, "offset out of range"));
    rig_free(rig);
}

Test(life, redis_behind_the_witness_is_counted_and_goes_on_from_redis)
{
    struct rig *rig = rig_new();
    struct seuil_memory *early;

    rig_start(rig);
    early = seuil_memory_clone(rig->memory);
    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    rig_turns(rig, 5);
    rig_pass(rig, 15000);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, 1);
    rig_crash(rig);
    seuil_memory_restore(rig->memory, early);
    seuil_memory_free(early);
    rig_start(rig);
    rig_turns(rig, 5);
    cr_assert_eq(rig_status(rig).counters.rewinds, 1);
    cr_assert_eq(rig_status(rig).counters.applied, 1);
    rig_free(rig);
}

static void change_nothing(struct seuil_meta *meta)
{
    (void)meta;
}

Test(life, a_fenced_owner_takes_its_token_again_after_a_newer_confirmation)
{
    struct rig *rig = rig_new();

    rig_start(rig);
    operate(rig, change_nothing); /* another token */
    rig->source.witness_answer = 0;
    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    rig_turns(rig, 5);
    cr_assert_eq(rig_status(rig).counters.fenced, 1);
    cr_assert_eq(rig_status(rig).cached, 0, "its memory is dropped");
    rig_pass(rig, 1000);
    cr_assert_eq(seuil_shard_state(rig->shard), SEUIL_SHARD_CONFIRM, "nobody confirmed it since");
    rig->source.confirmed = rig->mono;
    rig->source.witness_answer = 1;
    rig_pass(rig, 1000);
    rig_is(rig, SEUIL_SHARD_RUN);
    cr_assert_eq(rig_status(rig).counters.crossings, 1);
    rig_free(rig);
}

Test(life, an_idle_owner_sees_that_its_shard_is_another_s)
{
    struct rig *rig = rig_new();

    rig_start(rig);
    operate(rig, change_nothing);
    rig->source.witness_answer = 0; /* so that it stays in doubt */
    rig_pass(rig, 12000);
    cr_assert_eq(rig_status(rig).counters.fenced, 1, "though it has nothing to write");
    rig_free(rig);
}

Test(life, an_accepted_commit_is_a_confirmation_and_leaves_the_witness_as_it_was)
{
    struct rig *rig = rig_new();
    char before[256];

    rig_start(rig);
    strcpy(before, rig->source.metadata);
    operate(rig, change_nothing);
    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    rig_turns(rig, 5);
    rig_is(rig, SEUIL_SHARD_BACKOFF);
    rig_pass(rig, 1000); /* `confirmed` stays: only the commit can tell */
    rig_is(rig, SEUIL_SHARD_RUN);
    rig_free(rig);
}

Test(life, a_doubt_drops_the_memory_and_resumes_at_base)
{
    struct rig *rig = rig_new();
    struct seuil_store_reply reply = {
        .verb = SEUIL_STORE_COMMIT, .status = SEUIL_STORE_DOUBT, .text = "connection reset"};

    rig_start(rig);
    rig_event(rig, VIEWS, RIG_WALL, "a", "small", 0);
    rig_event(rig, VIEWS, RIG_WALL, "b", "big", 0);
    rig->hold = 1;
    rig_turns(rig, 3); /* asks for the ends, applies, commits */
    {
        struct seuil_store_reply lost = {.verb = SEUIL_STORE_DUE};

        while (lost.verb != SEUIL_STORE_COMMIT) /* due times are read meanwhile */
            cr_assert_eq(rig->store->ops->poll(rig->store, 0, 0, &lost), 1);
        reply.cookie = lost.cookie;
    }
    seuil_shard_reply(rig->shard, &reply, rig->wall, rig->mono);
    rig->hold = 0;
    rig_is(rig, SEUIL_SHARD_BACKOFF);
    cr_assert_eq(rig_status(rig).counters.doubts, 1);
    cr_assert_eq(rig_status(rig).counters.crossings, 0, "unknown is not counted");
    rig_pass(rig, 1000);
    rig_is(rig, SEUIL_SHARD_RUN);
    cr_assert_eq(rig_status(rig).counters.replayed, 1, "b had taken effect");
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_OUTBOUND), 1);
    rig_free(rig);
}

Test(life, a_refused_command_backs_off_longer_each_time_and_goes_on_when_it_is_taken)
{
    struct rig *rig = rig_new();

    rig->source.witness_answer = -1;
    seuil_shard_assign(rig->shard);
    rig_pass(rig, 2000);
    cr_assert_lt(rig_status(rig).counters.doubts, 60, "10 ms at first, 100 ms at last");
    cr_assert_gt(rig_status(rig).counters.doubts, 10);
    rig->source.witness_answer = 1;
    rig_pass(rig, 500);
    rig_is(rig, SEUIL_SHARD_RUN);
    rig_free(rig);
}

Test(life, revoked_it_writes_everything_tells_the_group_and_lets_go)
{
    struct rig *rig = ended();
    struct seuil_lead *lead = calloc(1, sizeof(*lead));

    cr_assert(rig_stored(rig, "a", lead));
    cr_assert_eq(lead->stamps[VIEWS].next, 10);
    cr_assert_eq(rig->source.positions[VIEWS], 10);
    rig_crash(rig);
    rig_start(rig);
    rig_turns(rig, 5);
    cr_assert_eq(rig_status(rig).counters.received, 0, "nothing is read twice");
    free(lead);
    rig_free(rig);
}

Test(life, lost_it_writes_nothing_more)
{
    struct rig *rig = rig_new();
    uint64_t seq;

    rig_start(rig);
    seq = rig_meta(rig)->seq;
    rig_event(rig, VIEWS, RIG_WALL, "a", "small", 0);
    rig_turns(rig, 5);
    seuil_shard_lose(rig->shard);
    rig_pass(rig, 20000);
    rig_is(rig, SEUIL_SHARD_OFF);
    cr_assert_eq(rig_meta(rig)->seq, seq);
    rig_free(rig);
}

Test(life, running_out_of_memory_is_a_doubt_like_any_other)
{
    struct rig *rig = rig_new();
    struct seuil_store_reply reply;

    rig_start(rig);
    for (int i = 0; i < 50; i++) {
        char name[20];

        snprintf(name, sizeof(name), "l%d", i);
        rig_event(rig, VIEWS, RIG_WALL + i, name, "big", 0);
    }
    rig_turns(rig, 3);
    rig_event(rig, VIEWS, RIG_WALL + 99, "l1", "small", 0); /* a lead read again after the doubt */
    rig_crash(rig);
    rig_start(rig);
    seuil_shard_run(rig->shard, rig->wall, rig->mono);
    for (int n = 0; rig->store->ops->poll(rig->store, rig->mono, 0, &reply) == 1; n++) {
        seuil_heap_fail_after(n); /* the memory store itself may not run out */
        seuil_shard_reply(rig->shard, &reply, rig->wall, rig->mono);
        seuil_heap_fail_after(-1);
    }
    rig_pass(rig, 1000);
    cr_assert_eq(rig_status(rig).counters.doubts, 1);
    rig_is(rig, SEUIL_SHARD_RUN);
    cr_assert_eq(rig_status(rig).counters.replayed, 50);
    cr_assert_eq(rig_status(rig).counters.applied, 1);
    rig_free(rig);
}

Test(life, where_an_added_input_begins_is_settled_once)
{
    struct rig *rig = rig_new();
    struct seuil_lead lead;

    rig->config.inputs[FORMS].used = false;
    seuil_shard_free(rig->shard);
    rig->shard = rig_shard(rig);
    rig_start(rig);
    rig_pass(rig, 20 * SEUIL_SECOND_MS);
    rig->config.inputs[FORMS].used = true;
    rig->config.inputs[FORMS].start = SEUIL_START_LATEST;
    rig_event(rig, FORMS, rig->wall, "before", "big", 0);
    rig_crash(rig);
    rig_start(rig);
    rig_pass(rig, 20 * SEUIL_SECOND_MS);
    /* Nothing came while it ran; what comes while nobody runs is behind that beginning. */
    rig_crash(rig);
    rig_event(rig, FORMS, rig->wall, "after", "big", 0);
    rig_start(rig);
    rig_pass(rig, 20 * SEUIL_SECOND_MS);
    cr_assert(rig_stored(rig, "after", &lead), "an event was skipped");
    cr_assert_not(rig_stored(rig, "before", &lead));
    rig_free(rig);
}

Test(life, one_whose_halt_was_lifted_asks_the_group_before_it_takes_the_token)
{
    struct rig *rig = rig_new();
    struct seuil_store *store = seuil_store_memory_new(rig->memory);
    struct seuil_tx tx = {.lead_count = 0};
    struct seuil_meta meta;

    rig_start(rig);
    rig->config.cluster_id = "another";
    seuil_shard_lose(rig->shard);
    seuil_shard_assign(rig->shard);
    rig_turns(rig, 20);
    rig_is(rig, SEUIL_SHARD_HALT);
    /* Stopped for long, it does not know that another took its place. */
    rig->source.witness_answer = SEUIL_ERR_FENCED;
    rig->config.cluster_id = "fake";
    meta = *rig_meta(rig);
    tx.token = meta.token;
    tx.seq = meta.seq++;
    meta.halt[0] = '\0';
    tx.meta = &meta;
    store->ops->commit(store, 0, &tx, 1);
    rig_pass(rig, 5 * SEUIL_SECOND_MS);
    cr_assert_eq(rig_meta(rig)->seq, meta.seq, "the token of the true owner was taken");
    rig->source.witness_answer = 1;
    rig_pass(rig, 5 * SEUIL_SECOND_MS);
    rig_is(rig, SEUIL_SHARD_RUN);
    store->ops->free(store);
    rig_free(rig);
}

/* Reads of leads that the shard asks for, counted from the store's answers. */
static uint32_t reads_of(struct rig *rig, const char *lead)
{
    struct seuil_store_reply reply;
    uint32_t reads = 0;

    rig->hold = 1;
    rig_event(rig, VIEWS, RIG_WALL, lead, "small", 0);
    rig_turns(rig, 3);
    while (rig->store->ops->poll(rig->store, rig->mono, 0, &reply) == 1) {
        reads += reply.verb == SEUIL_STORE_LOAD;
        seuil_shard_reply(rig->shard, &reply, rig->wall, rig->mono);
    }
    rig->hold = 0;
    rig_turns(rig, 3);
    return reads;
}

Test(life, who_made_the_shard_reads_a_lead_only_after_it_forgot_some)
{
    struct rig *rig = rig_new();

    rig_start(rig);
    cr_assert_eq(reads_of(rig, "a"), 0);
    cr_assert_eq(reads_of(rig, "a"), 0);
    rig->config.checkpoint_ms = 0; /* clean leads may be forgotten */
    rig->config.cache_bytes = 1;
    rig_pass(rig, 100);
    cr_assert_eq(reads_of(rig, "a"), 1);
    cr_assert_eq(reads_of(rig, "b"), 1);
    cr_assert_eq(rig_status(rig).counters.applied, 4);
    cr_assert_eq(rig_status(rig).counters.cache_misses, 2);
    rig_free(rig);
}

Test(life, an_owner_that_did_not_make_the_shard_reads_its_leads)
{
    struct rig *rig = rig_new();

    rig_start(rig);
    seuil_shard_lose(rig->shard);
    rig_start(rig);
    cr_assert_eq(reads_of(rig, "a"), 1);
    rig_free(rig);
}
