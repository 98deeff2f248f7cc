/* What every store does: each case runs on the memory store and on a real redis-server. */

#include "unit/store/store_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/meta.h"
#include "store/store_memory.h"
#include "store/store_redis.h"
#include "support/redis.h"

#define PARTITIONS 4

struct world {
    struct seuil_store *store, *other; /* two owners of the same data */
};

typedef void case_function(struct world *world);

static void on_memory(case_function *run)
{
    struct seuil_memory *memory = seuil_memory_new(PARTITIONS);
    struct world world = {seuil_store_memory_new(memory), seuil_store_memory_new(memory)};

    run(&world);
    world.store->ops->free(world.store);
    world.other->ops->free(world.other);
    seuil_memory_free(memory);
}

static void on_redis(case_function *run)
{
    struct seuil_redis_server server;
    struct seuil_redis_config config = {.app = "test", .partitions = PARTITIONS};
    struct seuil_error err = {0};
    struct world world;

    seuil_redis_server_start(&server, NULL);
    config.unix_path = server.unix_path;
    world.store = seuil_store_redis_new(&config, &err);
    world.other = seuil_store_redis_new(&config, &err);
    cr_assert(world.store && world.other, "%s", err.text);
    run(&world);
    world.store->ops->free(world.store);
    world.other->ops->free(world.other);
    seuil_redis_server_stop(&server);
}

#define CASE(name)                                                                                 \
    static void name(struct world *world);                                                         \
    Test(memory, name)                                                                             \
    {                                                                                              \
        on_memory(name);                                                                           \
    }                                                                                              \
    Test(redis, name)                                                                              \
    {                                                                                              \
        on_redis(name);                                                                            \
    }                                                                                              \
    static void name(struct world *world)

static void same_meta(const struct seuil_meta *a, const struct seuil_meta *b)
{
    struct seuil_meta_text x, y;

    seuil_meta_format(a, &x);
    seuil_meta_format(b, &y);
    cr_assert(x.count == y.count && x.len == y.len && memcmp(x.bytes, y.bytes, x.len) == 0);
}

/* ---- meta ------------------------------------------------------------------------------------ */

CASE(a_shard_without_meta_is_missing)
{
    struct seuil_meta meta = new_meta(1);
    struct seuil_tx tx = next_tx(&meta);
    struct seuil_store_reply reply;

    cr_assert_status(acquire(world->store, 0, 1), SEUIL_STORE_MISSING);
    cr_assert_status(commit(world->store, 0, &tx), SEUIL_STORE_MISSING);
    world->store->ops->read_meta(world->store, 0, 77);
    reply = answer(world->store);
    cr_assert_status(reply, SEUIL_STORE_MISSING);
    cr_assert(reply.cookie == 77 && reply.verb == SEUIL_STORE_READ_META && reply.shard == 0);
    cr_assert_null(reply.meta);
}

CASE(meta_is_made_once)
{
    struct seuil_meta meta = new_meta(1), other = new_meta(2);
    struct seuil_store_reply reply = create(world->store, 3, &meta);

    cr_assert_status(reply, SEUIL_STORE_OK);
    same_meta(reply.meta, &meta);
    cr_assert_status(create(world->other, 3, &other), SEUIL_STORE_FENCED);
    cr_assert_status(create(world->other, 2, &other), SEUIL_STORE_OK);
    world->other->ops->read_meta(world->other, 3, 0);
    reply = answer(world->other);
    cr_assert_status(reply, SEUIL_STORE_OK);
    same_meta(reply.meta, &meta);
}

CASE(acquire_puts_token_and_owner_and_raises_seq)
{
    struct seuil_meta meta = new_meta(1);
    struct seuil_token token = token_of(2);
    struct seuil_store_reply reply;

    create(world->store, 0, &meta);
    reply = acquire(world->other, 0, 2);
    cr_assert_status(reply, SEUIL_STORE_OK);
    meta.token = token;
    meta.seq++;
    snprintf(meta.owner, sizeof(meta.owner), "owner");
    same_meta(reply.meta, &meta);
}

CASE(meta_becomes_what_the_commit_says)
{
    struct seuil_meta meta = new_meta(1);
    struct seuil_store_reply reply;
    struct seuil_tx tx;

    create(world->store, 0, &meta);
    tx = next_tx(&meta);
    meta.topics[2].present = false;
    meta.topics[0] = meta.topics[15] =
        (struct seuil_meta_topic){true, 9, 100, 200, 199, 5, 6, 7, 99, 8, 1};
    meta.stream_time = 1700000000000;
    meta.walk_model_hash = UINT64_MAX;
    meta.walk_cursor = UINT64_MAX;
    meta.muted_until = -5;
    snprintf(meta.halt, sizeof(meta.halt), "the log lost\r\n its \"tail\"");
    cr_assert_status(commit(world->store, 0, &tx), SEUIL_STORE_OK);
    world->other->ops->read_meta(world->other, 0, 0);
    reply = answer(world->other);
    cr_assert_status(reply, SEUIL_STORE_OK);
    same_meta(reply.meta, &meta);
    cr_assert_not(reply.meta->topics[2].present);
}

/* ---- the guard ------------------------------------------------------------------------------- */

CASE(a_commit_of_a_former_owner_is_fenced_and_writes_nothing)
{
    struct seuil_meta meta = new_meta(1);
    struct seuil_tx_lead lead = lead_of("a", "old");
    struct seuil_tx tx;

    create(world->store, 0, &meta);
    acquire(world->other, 0, 2);
    tx = next_tx(&meta);
    tx.leads = &lead;
    tx.lead_count = 1;
    cr_assert_status(commit(world->store, 0, &tx), SEUIL_STORE_FENCED);
    cr_assert_str_eq(state_of(world->other, 0, "a"), "");
    /* and again, when the guard is known to be another's */
    cr_assert_status(commit(world->store, 0, &tx), SEUIL_STORE_FENCED);
    cr_assert_str_eq(state_of(world->other, 0, "a"), "");
}

CASE(a_commit_with_an_old_seq_is_stale_and_writes_nothing)
{
    struct seuil_meta meta = new_meta(1), old = meta;
    struct seuil_tx_lead lead = lead_of("a", "new");
    struct seuil_tx tx;

    create(world->store, 0, &meta);
    tx = next_tx(&meta);
    tx.leads = &lead;
    tx.lead_count = 1;
    cr_assert_status(commit(world->store, 0, &tx), SEUIL_STORE_OK);
    tx = next_tx(&old);
    lead = lead_of("a", "again");
    tx.leads = &lead;
    tx.lead_count = 1;
    cr_assert_status(commit(world->store, 0, &tx), SEUIL_STORE_STALE);
    cr_assert_str_eq(state_of(world->store, 0, "a"), "new");
}

CASE(a_refused_commit_does_not_hinder_the_next_good_one)
{
    struct seuil_meta meta = new_meta(1), wrong = new_meta(3);
    struct seuil_tx tx;

    create(world->store, 0, &meta);
    tx = next_tx(&wrong);
    cr_assert_status(commit(world->store, 0, &tx), SEUIL_STORE_FENCED);
    for (int i = 0; i < 3; i++) {
        tx = next_tx(&meta);
        cr_assert_status(commit(world->store, 0, &tx), SEUIL_STORE_OK);
    }
    acquire(world->other, 0, 2);
    cr_assert_status(acquire(world->store, 0, 1), SEUIL_STORE_OK);
    meta.seq += 2;
    tx = next_tx(&meta);
    cr_assert_status(commit(world->store, 0, &tx), SEUIL_STORE_OK);
}

CASE(a_commit_is_the_first_thing_a_client_says)
{
    struct seuil_meta meta = new_meta(1);
    struct seuil_tx_lead lead = lead_of("a", "state");
    struct seuil_tx tx;

    create(world->store, 0, &meta);
    tx = next_tx(&meta);
    tx.leads = &lead;
    tx.lead_count = 1;
    cr_assert_status(commit(world->other, 0, &tx), SEUIL_STORE_OK);
    cr_assert_str_eq(state_of(world->store, 0, "a"), "state");
}

CASE(of_two_owners_racing_only_the_last_one_writes)
{
    struct seuil_meta mine = new_meta(1), theirs;
    struct seuil_tx_lead lead = lead_of("a", "");
    char text[16];

    create(world->store, 0, &mine);
    theirs = mine;
    for (uint8_t round = 0; round < 40; round++) {
        bool first = round % 2 == 0;
        struct seuil_store *now = first ? world->store : world->other;
        struct seuil_store *then = first ? world->other : world->store;
        struct seuil_meta *meta = first ? &mine : &theirs, *late = first ? &theirs : &mine;
        struct seuil_token token = token_of((uint8_t)(4 + round));
        struct seuil_store_reply reply;
        struct seuil_tx tx;

        now->ops->acquire(now, 0, &token, "racer", 0);
        tx = next_tx(late);
        lead = lead_of("a", "late");
        tx.leads = &lead;
        tx.lead_count = 1;
        reply = answer(now);
        cr_assert_status(reply, SEUIL_STORE_OK);
        *meta = *reply.meta;
        then->ops->commit(then, 0, &tx, 0);
        tx = next_tx(meta);
        snprintf(text, sizeof(text), "round %d", round);
        lead = lead_of("a", text);
        tx.leads = &lead;
        tx.lead_count = 1;
        now->ops->commit(now, 0, &tx, 0);
        reply = answer(then);
        cr_assert_status(reply, SEUIL_STORE_FENCED);
        reply = answer(now);
        cr_assert_status(reply, SEUIL_STORE_OK);
        cr_assert_str_eq(state_of(now, 0, "a"), text);
    }
}

/* ---- leads and due times --------------------------------------------------------------------- */

CASE(leads_are_written_read_and_erased)
{
    struct seuil_meta meta = new_meta(1);
    struct seuil_tx_lead leads[2] = {lead_of("a", "first"), lead_of("b", "second")};
    struct seuil_str ids[4] = {SEUIL_STR("b"), SEUIL_STR("none"), SEUIL_STR("a"), SEUIL_STR("b")};
    struct seuil_store_reply reply;
    struct seuil_tx tx;

    create(world->store, 1, &meta);
    tx = next_tx(&meta);
    tx.leads = leads;
    tx.lead_count = 2;
    cr_assert_status(commit(world->store, 1, &tx), SEUIL_STORE_OK);
    world->store->ops->load(world->store, 1, ids, 4, 9);
    reply = answer(world->store);
    cr_assert_status(reply, SEUIL_STORE_OK);
    cr_assert_eq(reply.item_count, 4);
    for (int i = 0; i < 4; i++)
        cr_assert(seuil_str_eq(reply.items[i].id, ids[i]));
    cr_assert(reply.items[0].len == 6 && memcmp(reply.items[0].bytes, "second", 6) == 0);
    cr_assert_null(reply.items[1].bytes);
    cr_assert(reply.items[2].len == 5 && memcmp(reply.items[2].bytes, "first", 5) == 0);
    cr_assert_eq(reply.items[3].len, 6);
    cr_assert_str_eq(state_of(world->store, 2, "a"), ""); /* another shard's */

    leads[0] = (struct seuil_tx_lead){.id = SEUIL_STR("a"), .erase = true};
    leads[1] = (struct seuil_tx_lead){.id = SEUIL_STR("b")}; /* only its due time: none */
    tx = next_tx(&meta);
    tx.leads = leads;
    tx.lead_count = 2;
    cr_assert_status(commit(world->store, 1, &tx), SEUIL_STORE_OK);
    cr_assert_str_eq(state_of(world->store, 1, "a"), "");
    cr_assert_str_eq(state_of(world->store, 1, "b"), "second");
}

CASE(ids_and_states_are_any_bytes)
{
    static const char id[] = "a\r\n*{}\0?[x]", state[] = "\0\r\n$5\r\n\xff";
    struct seuil_meta meta = new_meta(1);
    struct seuil_tx_lead lead = {.id = {id, sizeof(id)},
                                 .bytes = (const uint8_t *)state,
                                 .len = sizeof(state),
                                 .due_op = SEUIL_DUE_SET,
                                 .due = -7};
    struct seuil_store_reply reply;
    struct seuil_tx tx;

    create(world->store, 0, &meta);
    tx = next_tx(&meta);
    tx.leads = &lead;
    tx.lead_count = 1;
    cr_assert_status(commit(world->store, 0, &tx), SEUIL_STORE_OK);
    world->store->ops->load(world->store, 0, &lead.id, 1, 0);
    reply = answer(world->store);
    cr_assert(reply.items[0].len == sizeof(state) &&
              memcmp(reply.items[0].bytes, state, sizeof(state)) == 0);
    world->store->ops->due(world->store, 0, 0, 10, 0);
    reply = answer(world->store);
    cr_assert(reply.item_count == 1 && seuil_str_eq(reply.items[0].id, lead.id));
    cr_assert_eq(reply.items[0].due, -7);
    world->store->ops->walk(world->store, 0, 0, 0);
    reply = answer(world->store);
    cr_assert(reply.item_count == 1 && seuil_str_eq(reply.items[0].id, lead.id));
}

static void set_due(struct world *world, struct seuil_meta *meta, const char *id,
                    enum seuil_due_op op, seuil_time_ms due)
{
    struct seuil_tx_lead lead = {.id = seuil_str_from(id), .due_op = op, .due = due};
    struct seuil_tx tx = next_tx(meta);

    tx.leads = &lead;
    tx.lead_count = 1;
    cr_assert_status(commit(world->store, 0, &tx), SEUIL_STORE_OK);
}

/* "a=5 b=7": what is due until @until. */
static const char *dues(struct world *world, seuil_time_ms until, uint32_t max)
{
    static char text[256];
    struct seuil_store_reply reply;
    size_t len = 0;

    world->store->ops->due(world->store, 0, until, max, 0);
    reply = answer(world->store);
    cr_assert_status(reply, SEUIL_STORE_OK);
    text[0] = '\0';
    for (uint32_t i = 0; i < reply.item_count; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s=%lld", i ? " " : "",
                                (int)reply.items[i].id.len, reply.items[i].id.ptr,
                                (long long)reply.items[i].due);
    return text;
}

CASE(due_times_are_lowered_set_kept_and_removed)
{
    struct seuil_meta meta = new_meta(1);

    create(world->store, 0, &meta);
    cr_assert_str_eq(dues(world, INT64_MAX, 10), "");
    set_due(world, &meta, "b", SEUIL_DUE_LOWER, 1700000000007);
    set_due(world, &meta, "a", SEUIL_DUE_LOWER, 1700000000009);
    cr_assert_str_eq(dues(world, 1700000000009, 10), "b=1700000000007 a=1700000000009");
    set_due(world, &meta, "a", SEUIL_DUE_LOWER, 1700000000011);
    set_due(world, &meta, "b", SEUIL_DUE_LOWER, 1700000000005);
    cr_assert_str_eq(dues(world, 1700000000009, 10), "b=1700000000005 a=1700000000009");
    set_due(world, &meta, "b", SEUIL_DUE_SET, 1700000000020);
    set_due(world, &meta, "a", SEUIL_DUE_KEEP, 3);
    cr_assert_str_eq(dues(world, 1700000000019, 10), "a=1700000000009");
    cr_assert_str_eq(dues(world, 1700000000020, 1), "a=1700000000009");
    set_due(world, &meta, "a", SEUIL_DUE_REMOVE, 0);
    cr_assert_str_eq(dues(world, INT64_MAX, 10), "b=1700000000020");
    set_due(world, &meta, "c", SEUIL_DUE_SET, 1700000000020);
    set_due(world, &meta, "a", SEUIL_DUE_SET, 1700000000020);
    cr_assert_str_eq(dues(world, 1700000000020, 10),
                     "a=1700000000020 b=1700000000020 c=1700000000020");
}

CASE(the_name_of_a_due_entry_may_be_long_and_of_any_bytes)
{
    struct seuil_meta meta = new_meta(1);
    static char name[SEUIL_DUE_NAME_MAX];
    struct seuil_tx_lead lead = {
        .id = {name, sizeof(name)}, .due_op = SEUIL_DUE_LOWER, .due = 1700000000007};
    struct seuil_store_reply reply;

    for (uint32_t i = 0; i < sizeof(name); i++)
        name[i] = (char)(255 - i % 256);
    create(world->store, 0, &meta);
    for (int i = 0; i < 2; i++) {
        struct seuil_tx tx = next_tx(&meta);

        tx.leads = &lead;
        tx.lead_count = 1;
        cr_assert_status(commit(world->store, 0, &tx), SEUIL_STORE_OK);
        world->store->ops->due(world->store, 0, INT64_MAX, 10, 0);
        reply = answer(world->store);
        cr_assert_status(reply, SEUIL_STORE_OK);
        cr_assert_eq(reply.item_count, i ? 0 : 1);
        cr_assert(i || (reply.items[0].id.len == sizeof(name) &&
                        memcmp(reply.items[0].id.ptr, name, sizeof(name)) == 0));
        lead.due_op = SEUIL_DUE_REMOVE;
    }
}

CASE(ten_thousand_leads_come_back_by_load_due_and_walk)
{
    enum { LEADS = 10000 };
    static struct seuil_tx_lead leads[SEUIL_CHUNK_MAX];
    static char ids[SEUIL_CHUNK_MAX][24];
    static uint8_t seen[LEADS], states[SEUIL_CHUNK_MAX][200];
    struct seuil_meta meta = new_meta(1);
    struct seuil_store_reply reply;
    uint64_t cursor = 0, found = 0, walks = 0;

    create(world->store, 0, &meta);
    for (uint32_t from = 0; from < LEADS; from += SEUIL_CHUNK_MAX) {
        struct seuil_tx tx = next_tx(&meta);
        struct seuil_str names[SEUIL_CHUNK_MAX];

        for (uint32_t i = 0; i < SEUIL_CHUNK_MAX && from + i < LEADS; i++, tx.lead_count++) {
            snprintf(ids[i], sizeof(ids[i]), "lead-%05u", from + i);
            memset(states[i], (int)(from + i) % 251, sizeof(states[i]));
            leads[i] = (struct seuil_tx_lead){.id = seuil_str_from(ids[i]),
                                              .bytes = states[i],
                                              .len = 200,
                                              .due_op = SEUIL_DUE_LOWER,
                                              .due = from + i};
            names[i] = leads[i].id;
        }
        tx.leads = leads;
        cr_assert_status(commit(world->store, 0, &tx), SEUIL_STORE_OK);
        world->store->ops->load(world->store, 0, names, tx.lead_count, 0);
        reply = answer(world->store);
        cr_assert_eq(reply.item_count, tx.lead_count);
        for (uint32_t i = 0; i < tx.lead_count; i++)
            cr_assert(reply.items[i].len == 200 && !memcmp(reply.items[i].bytes, states[i], 200));
    }
    world->store->ops->due(world->store, 0, 4999, 8000, 0);
    reply = answer(world->store);
    cr_assert_eq(reply.item_count, 5000);
    for (uint32_t i = 0; i < 5000; i++)
        cr_assert_eq(reply.items[i].due, i);
    do {
        world->store->ops->walk(world->store, 0, cursor, 0);
        reply = answer(world->store);
        cr_assert_status(reply, SEUIL_STORE_OK);
        for (uint32_t i = 0; i < reply.item_count; i++) {
            char name[16] = "";
            uint32_t number;

            cr_assert_eq(reply.items[i].id.len, 10);
            memcpy(name, reply.items[i].id.ptr, 10);
            number = (uint32_t)atoi(name + 5);
            cr_assert_lt(number, LEADS);
            found += !seen[number]++;
        }
        cursor = reply.cursor;
        walks++;
    } while (cursor);
    cr_assert_eq(found, LEADS);
    cr_assert_gt(walks, 5);
}

/* ---- outbox ---------------------------------------------------------------------------------- */

static void push(struct world *world, struct seuil_meta *meta, uint32_t count, uint64_t trim_to)
{
    struct seuil_tx_entry entries[8];
    static char texts[8][16];
    struct seuil_tx tx = next_tx(meta);

    for (uint32_t i = 0; i < count; i++) {
        snprintf(texts[i], sizeof(texts[i]), "entry %llu", (unsigned long long)meta->outbox_tail++);
        entries[i] = (struct seuil_tx_entry){(const uint8_t *)texts[i], (uint32_t)strlen(texts[i])};
    }
    tx.entries = entries;
    tx.entry_count = count;
    tx.trim_to = meta->outbox_head = trim_to;
    cr_assert_status(commit(world->store, 0, &tx), SEUIL_STORE_OK);
}

static void outbox_is(struct world *world, uint64_t from, uint32_t max, uint64_t first,
                      uint32_t count)
{
    struct seuil_store_reply reply;
    char text[24];

    world->store->ops->outbox(world->store, 0, from, max, 0);
    reply = answer(world->store);
    cr_assert_status(reply, SEUIL_STORE_OK);
    cr_assert_eq(reply.item_count, count, "%u entries from %llu", reply.item_count,
                 (unsigned long long)from);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(text, sizeof(text), "entry %llu", (unsigned long long)(first + i));
        cr_assert_eq(reply.items[i].index, first + i);
        cr_assert(reply.items[i].len == strlen(text) &&
                  memcmp(reply.items[i].bytes, text, strlen(text)) == 0);
    }
}

CASE(the_outbox_is_appended_read_by_index_and_trimmed)
{
    struct seuil_meta meta = new_meta(1);

    meta.outbox_head = meta.outbox_tail = 100;
    create(world->store, 0, &meta);
    outbox_is(world, 100, 10, 0, 0);
    push(world, &meta, 3, 100);
    outbox_is(world, 100, 10, 100, 3);
    outbox_is(world, 0, 2, 100, 2);
    push(world, &meta, 2, 102); /* trims and appends at once */
    outbox_is(world, 100, 10, 102, 3);
    outbox_is(world, 104, 10, 104, 1);
    outbox_is(world, 105, 10, 0, 0);
    push(world, &meta, 0, 105);
    outbox_is(world, 100, 10, 0, 0);
    push(world, &meta, 1, 105);
    outbox_is(world, 100, 10, 105, 1);
}

CASE(entries_of_one_transaction_are_trimmed_and_read_one_by_one)
{
    struct seuil_meta meta = new_meta(1);

    create(world->store, 0, &meta);
    for (int i = 0; i < 20; i++)
        push(world, &meta, (uint32_t)(1 + i % 8), 0);
    for (uint64_t i = 0; i < meta.outbox_tail; i++)
        outbox_is(world, i, 1, i, 1);
    outbox_is(world, 0, 10, 0, 10);
    for (uint64_t i = 1; i <= meta.outbox_tail; i++) {
        push(world, &meta, 0, i);
        outbox_is(world, 0, 1, i, i < meta.outbox_tail);
    }
}

CASE(a_new_owner_trims_from_the_head_it_finds)
{
    struct seuil_meta meta = new_meta(1);
    struct seuil_store *former = world->store;

    create(world->store, 0, &meta);
    push(world, &meta, 6, 0);
    push(world, &meta, 0, 2);
    world->store = world->other;
    meta = *acquire(world->store, 0, 2).meta;
    push(world, &meta, 1, 5);
    outbox_is(world, 0, 10, 5, 2);
    world->store = former;
}

/* ---- requests and answers -------------------------------------------------------------------- */

CASE(requests_of_a_shard_are_answered_in_order)
{
    struct seuil_meta meta = new_meta(1);
    struct seuil_str id = SEUIL_STR("a");
    struct seuil_store *store = world->store;
    enum seuil_store_verb verbs[] = {SEUIL_STORE_CREATE,   SEUIL_STORE_LOAD,   SEUIL_STORE_COMMIT,
                                     SEUIL_STORE_COMMIT,   SEUIL_STORE_LOAD,   SEUIL_STORE_DUE,
                                     SEUIL_STORE_WALK,     SEUIL_STORE_OUTBOX, SEUIL_STORE_COMMIT,
                                     SEUIL_STORE_READ_META};
    struct seuil_tx_lead lead;
    struct seuil_tx tx;

    store->ops->create(store, 0, &meta, 0);
    store->ops->load(store, 0, &id, 1, 1);
    for (uint64_t i = 2; i < 4; i++) {
        tx = next_tx(&meta);
        lead = lead_of("a", i == 2 ? "two" : "three");
        tx.leads = &lead;
        tx.lead_count = 1;
        store->ops->commit(store, 0, &tx, i);
    }
    store->ops->load(store, 0, &id, 1, 4);
    store->ops->due(store, 0, 1, 1, 5);
    store->ops->walk(store, 0, 0, 6);
    store->ops->outbox(store, 0, 0, 1, 7);
    tx = next_tx(&meta);
    store->ops->commit(store, 0, &tx, 8);
    store->ops->read_meta(store, 0, 9);
    for (uint64_t i = 0; i < 10; i++) {
        struct seuil_store_reply reply = answer(store);

        cr_assert_status(reply, SEUIL_STORE_OK);
        cr_assert(reply.cookie == i && reply.verb == verbs[i], "answer %d of verb %d",
                  (int)reply.cookie, reply.verb);
        if (i == 4)
            cr_assert(reply.items[0].len == 5 && !memcmp(reply.items[0].bytes, "three", 5));
        if (i == 9)
            cr_assert_eq(reply.meta->seq, meta.seq);
    }
}

CASE(what_is_forgotten_is_not_answered)
{
    struct seuil_meta meta = new_meta(1);
    struct seuil_store *store = world->store;
    struct seuil_store_reply reply;

    create(store, 0, &meta);
    create(store, 1, &meta);
    store->ops->read_meta(store, 0, 1);
    store->ops->read_meta(store, 1, 2);
    store->ops->read_meta(store, 0, 3);
    store->ops->forget(store, 0);
    store->ops->read_meta(store, 0, 4);
    for (int i = 0; i < 2; i++) {
        reply = answer(store);
        cr_assert_status(reply, SEUIL_STORE_OK);
        cr_assert(reply.cookie == (reply.shard ? 2u : 4u));
    }
    cr_assert_not(answer_within(store, 30, &reply));
}

CASE(nothing_asked_is_nothing_answered)
{
    struct seuil_store_reply reply;

    cr_assert_eq(world->store->ops->poll(world->store, mono_ms(), 0, &reply), 0);
    world->store->ops->load(world->store, 0, NULL, 0, 5);
    reply = answer(world->store);
    cr_assert_status(reply, SEUIL_STORE_OK);
    cr_assert(reply.cookie == 5 && reply.item_count == 0);
}
