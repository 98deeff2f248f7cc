/* What only Redis does: broken connections, refused commands, wrong servers. */

#include "unit/store/store_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_redis.h"
#include "support/proxy.h"
#include "support/redis.h"

static struct seuil_redis_server server;
static struct seuil_redis_config config;
static struct seuil_store *store, *other; /* the first may go through the proxy */
static struct seuil_proxy *proxy;
static char proxy_path[100], out[512];

static struct seuil_store *open_store(const struct seuil_redis_config *how)
{
    struct seuil_error err = {0};
    struct seuil_store *opened = seuil_store_redis_new(how, &err);

    cr_assert(opened, "%s", err.text);
    return opened;
}

static void start_with(const struct seuil_redis_server_options *options)
{
    seuil_redis_server_start(&server, options);
    config = (struct seuil_redis_config){.unix_path = server.unix_path,
                                         .app = "test",
                                         .partitions = 48,
                                         .backoff_min_ms = 5,
                                         .backoff_max_ms = 40};
    store = open_store(&config);
    other = open_store(&config);
}

static void start(void)
{
    start_with(NULL);
}

static void through_proxy(void)
{
    struct seuil_redis_config by_proxy = config;

    snprintf(proxy_path, sizeof(proxy_path), "%s/proxy", server.folder);
    proxy = seuil_proxy_start(proxy_path, server.unix_path);
    store->ops->free(store);
    by_proxy.unix_path = proxy_path;
    store = open_store(&by_proxy);
}

static void stop(void)
{
    store->ops->free(store);
    other->ops->free(other);
    if (proxy)
        seuil_proxy_stop(proxy);
    seuil_redis_server_stop(&server);
}

static const char *ask(const char *command)
{
    return seuil_redis_server_ask(&server, command, out, sizeof(out));
}

TestSuite(store_redis, .init = start, .fini = stop, .timeout = 60);

/* A transaction with one lead and one entry of the outbox. */
static struct seuil_tx tx_of(struct seuil_meta *meta, const char *state)
{
    static struct seuil_tx_lead lead;
    static struct seuil_tx_entry entry = {(const uint8_t *)"entry", 5};
    struct seuil_tx tx = next_tx(meta);

    lead = lead_of("a", state);
    lead.due_op = SEUIL_DUE_LOWER;
    lead.due = 1000;
    meta->outbox_tail++;
    tx.leads = &lead;
    tx.lead_count = 1;
    tx.entries = &entry;
    tx.entry_count = 1;
    return tx;
}

/* Shard 0 made, taken with token 2, one commit done: the guard of the next one is known. */
static struct seuil_meta settled(void)
{
    struct seuil_meta meta = new_meta(1);
    struct seuil_tx tx;

    cr_assert_status(create(store, 0, &meta), SEUIL_STORE_OK);
    meta = *acquire(store, 0, 2).meta;
    tx = tx_of(&meta, "first");
    cr_assert_status(commit(store, 0, &tx), SEUIL_STORE_OK);
    return meta;
}

/* Acquire until it is no longer refused: after the back-off. */
static struct seuil_store_reply acquire_patiently(struct seuil_store *by, uint8_t token)
{
    struct seuil_store_reply reply;

    for (int i = 0; i < 400; i++) {
        reply = acquire(by, 0, token);
        if (reply.status == SEUIL_STORE_OK)
            break;
    }
    cr_assert_status(reply, SEUIL_STORE_OK);
    return reply;
}

/* ---- broken connections ---------------------------------------------------------------------- */

Test(store_redis, a_swallowed_reply_is_a_doubt_and_its_effect_comes_once)
{
    struct seuil_meta meta, old;
    struct seuil_tx tx;
    uint64_t seen;

    through_proxy();
    meta = old = settled();
    seuil_proxy_swallow_replies(proxy, true);
    seen = seuil_proxy_replies(proxy);
    tx = tx_of(&meta, "second");
    store->ops->commit(store, 0, &tx, 0);
    (void)store->ops->poll(store, mono_ms(), 0, &(struct seuil_store_reply){0});
    seuil_proxy_await_replies(proxy, seen + 1);
    seuil_proxy_cut(proxy);
    seuil_proxy_swallow_replies(proxy, false);
    cr_assert_status(answer(store), SEUIL_STORE_DOUBT);

    old = *acquire_patiently(store, 3).meta;
    cr_assert_eq(old.seq, meta.seq + 1, "it had taken effect");
    cr_assert_eq(old.outbox_tail, 2);
    cr_assert_eq(seuil_redis_server_ask_number(&server, "XLEN s:{test.0}:o"), 2);
    cr_assert_status(commit(store, 0, &tx), SEUIL_STORE_FENCED);
    cr_assert_eq(seuil_redis_server_ask_number(&server, "XLEN s:{test.0}:o"), 2);
}

Test(store_redis, a_delayed_commit_never_lands_after_another_owner_acquired)
{
    struct seuil_meta meta;
    struct seuil_tx tx;
    uint64_t seen;

    through_proxy();
    meta = settled();
    seuil_proxy_hold_requests(proxy, true);
    seen = seuil_proxy_requests(proxy);
    tx = tx_of(&meta, "late");
    store->ops->commit(store, 0, &tx, 0);
    (void)store->ops->poll(store, mono_ms(), 0, &(struct seuil_store_reply){0});
    seuil_proxy_await_requests(proxy, seen + 1);
    cr_assert_status(acquire(other, 0, 3), SEUIL_STORE_OK);
    seuil_proxy_hold_requests(proxy, false);
    cr_assert_status(answer(store), SEUIL_STORE_FENCED);
    cr_assert_str_eq(state_of(other, 0, "a"), "first");
}

static double exec_calls(void)
{
    char stats[16384], *at;

    seuil_redis_server_ask(&server, "INFO commandstats", stats, sizeof(stats));
    at = strstr(stats, "cmdstat_exec:calls=");
    return at ? atof(at + strlen("cmdstat_exec:calls=")) : 0;
}

Test(store_redis, a_commit_whose_sender_is_gone_is_void_once_the_shard_is_acquired_anew)
{
    struct seuil_meta meta;
    struct seuil_tx tx;
    uint64_t seen;
    double calls;

    through_proxy();
    meta = settled();
    seuil_proxy_hold_requests(proxy, true);
    seen = seuil_proxy_requests(proxy);
    tx = tx_of(&meta, "late");
    store->ops->commit(store, 0, &tx, 0);
    (void)store->ops->poll(store, mono_ms(), 0, &(struct seuil_store_reply){0});
    seuil_proxy_await_requests(proxy, seen + 1);
    store->ops->forget(store, 0); /* the bytes are still on their way */
    cr_assert_status(acquire(other, 0, 2), SEUIL_STORE_OK);
    calls = exec_calls();
    seuil_proxy_hold_requests(proxy, false);
    for (int i = 0; i < 500 && exec_calls() < calls + 1; i++)
        usleep(2000);
    cr_assert_eq(exec_calls(), calls + 1, "the late commit arrived");
    cr_assert_str_eq(state_of(other, 0, "a"), "first");
}

Test(store_redis, a_commit_cut_at_any_byte_takes_effect_wholly_or_not_at_all)
{
    struct seuil_meta meta;
    uint64_t length, seen;
    uint32_t landed = 0, lost = 0;
    char state[32];
    struct seuil_tx tx;

    through_proxy();
    meta = settled();
    seen = seuil_proxy_requests(proxy);
    tx = tx_of(&meta, "state 000000");
    cr_assert_status(commit(store, 0, &tx), SEUIL_STORE_OK);
    length = seuil_proxy_requests(proxy) - seen;
    for (uint64_t at = 1; at < length; at += at + 150 < length ? 29 : 7) {
        uint64_t before = meta.seq;
        bool took;

        snprintf(state, sizeof(state), "state %06u", (unsigned)at);
        seuil_proxy_cut_after(proxy, at);
        tx = tx_of(&meta, state);
        store->ops->commit(store, 0, &tx, 0);
        cr_assert_status(answer(store), SEUIL_STORE_DOUBT);
        meta = *acquire_patiently(store, 2).meta;
        took = meta.seq == before + 2;
        cr_assert(took || meta.seq == before + 1);
        cr_assert_eq(strcmp(state_of(store, 0, "a"), state) == 0, took);
        cr_assert_eq((uint64_t)seuil_redis_server_ask_number(&server, "XLEN s:{test.0}:o"),
                     meta.outbox_tail - meta.outbox_head);
        landed += took;
        lost += !took;
        tx = tx_of(&meta, "between"); /* the guard is known again */
        cr_assert_status(commit(store, 0, &tx), SEUIL_STORE_OK);
    }
    cr_assert(landed > 0 && lost > 10, "%u landed, %u lost", landed, lost);
}

Test(store_redis, a_server_that_falls_silent_is_a_doubt_after_the_time_out)
{
    struct seuil_meta meta;
    struct seuil_tx tx;
    struct seuil_store_reply reply;

    store->ops->free(store);
    config.request_timeout_ms = 150;
    config.connect_timeout_ms = 100;
    store = open_store(&config);
    meta = settled();
    seuil_redis_server_freeze(&server, true);
    tx = tx_of(&meta, "second");
    reply = commit(store, 0, &tx);
    cr_assert_status(reply, SEUIL_STORE_DOUBT);
    cr_assert(strstr(reply.text, "150 ms"), "%s", reply.text);
    reply = acquire(store, 0, 3); /* the kernel accepts it, nobody greets */
    cr_assert_status(reply, SEUIL_STORE_BACKOFF);
    seuil_redis_server_freeze(&server, false);
    meta = *acquire_patiently(store, 3).meta;
    tx = tx_of(&meta, "third");
    cr_assert_status(commit(store, 0, &tx), SEUIL_STORE_OK);
}

Test(store_redis, no_server_is_a_back_off_until_there_is_one)
{
    struct seuil_meta meta = new_meta(1);
    struct seuil_store_reply reply;

    seuil_redis_server_kill(&server);
    for (int i = 0; i < 5; i++) {
        reply = create(store, 0, &meta);
        cr_assert_status(reply, SEUIL_STORE_BACKOFF);
        cr_assert(strstr(reply.text, server.unix_path), "%s", reply.text);
    }
    seuil_redis_server_restart(&server);
    for (int i = 0; i < 100 && reply.status == SEUIL_STORE_BACKOFF; i++)
        reply = create(store, 0, &meta);
    cr_assert_status(reply, SEUIL_STORE_OK);
}

Test(store_redis, attempts_to_connect_are_spaced_by_a_growing_back_off)
{
    struct seuil_meta meta = new_meta(1);
    seuil_time_ms begun;

    store->ops->free(store);
    config.backoff_min_ms = 40;
    config.backoff_max_ms = 160;
    store = open_store(&config);
    seuil_redis_server_kill(&server);
    begun = mono_ms();
    for (int i = 0; i < 6; i++) /* at once, then after 20-40, 40-80, 80-160, 80-160, 80-160 ms */
        cr_assert_status(create(store, 0, &meta), SEUIL_STORE_BACKOFF);
    cr_assert_geq(mono_ms() - begun, 290);
}

Test(store_redis, a_killed_server_with_its_log_comes_back_where_it_was)
{
    static const struct seuil_redis_server_options aof = {.aof = true};
    struct seuil_meta meta;
    struct seuil_store_reply reply;
    struct seuil_tx tx;

    stop();
    start_with(&aof);
    meta = settled();
    seuil_redis_server_kill(&server);
    tx = tx_of(&meta, "second");
    reply = commit(store, 0, &tx);
    cr_assert(reply.status == SEUIL_STORE_DOUBT || reply.status == SEUIL_STORE_BACKOFF);
    seuil_redis_server_restart(&server);
    meta = *acquire_patiently(store, 3).meta;
    cr_assert_eq(meta.outbox_tail, 1);
    cr_assert_str_eq(state_of(store, 0, "a"), "first");
    tx = tx_of(&meta, "second");
    cr_assert_status(commit(store, 0, &tx), SEUIL_STORE_OK);
}

Test(store_redis, a_server_that_lost_everything_has_no_meta)
{
    struct seuil_meta meta = settled();
    struct seuil_tx tx;

    ask("FLUSHALL");
    tx = tx_of(&meta, "second");
    cr_assert_status(commit(store, 0, &tx), SEUIL_STORE_MISSING);
    cr_assert_eq(seuil_redis_server_ask_number(&server, "DBSIZE"), 0);
}

Test(store_redis, an_idle_connection_that_the_server_closed_is_opened_again)
{
    struct seuil_meta meta = settled();
    struct seuil_tx tx;
    struct seuil_store_reply reply;

    ask("CLIENT KILL TYPE normal");
    cr_assert_not(answer_within(store, 50, &reply), "nothing was asked");
    tx = tx_of(&meta, "second");
    cr_assert_status(commit(store, 0, &tx), SEUIL_STORE_OK);
}

Test(store_redis, shards_have_connections_of_their_own)
{
    struct seuil_meta meta = new_meta(1);
    uint64_t sum = 0;

    for (uint32_t i = 0; i < 48; i++)
        store->ops->create(store, i, &meta, i);
    for (uint32_t i = 0; i < 48; i++) {
        struct seuil_store_reply reply = answer(store);

        cr_assert_status(reply, SEUIL_STORE_OK);
        cr_assert_eq(reply.cookie, reply.shard);
        sum += reply.cookie;
    }
    cr_assert_eq(sum, 47 * 48 / 2);
    cr_assert_eq(seuil_redis_server_info(&server, "connected_clients"), 49);
}

Test(store_redis, the_descriptor_tells_when_an_answer_came)
{
    struct seuil_meta meta = new_meta(1);
    struct seuil_store_reply reply;

    create(store, 0, &meta);
    cr_assert_geq(store->ops->fd(store), 0);
    store->ops->read_meta(store, 0, 0);
    if (!store->ops->poll(store, mono_ms(), 0, &reply)) {
        fd_set set;

        FD_ZERO(&set);
        FD_SET(store->ops->fd(store), &set);
        cr_assert_eq(
            select(store->ops->fd(store) + 1, &set, NULL, NULL, &(struct timeval){.tv_sec = 5}), 1);
        cr_assert_eq(store->ops->poll(store, mono_ms(), 0, &reply), 1);
    }
    cr_assert_status(reply, SEUIL_STORE_OK);
}

/* ---- the guard against the world ------------------------------------------------------------- */

Test(store_redis, a_meta_touched_by_an_operator_makes_the_commit_stale)
{
    struct seuil_meta meta = settled();
    struct seuil_tx tx;

    ask("HSET s:{test.0}:m halt stop");
    tx = tx_of(&meta, "second");
    cr_assert_status(commit(store, 0, &tx), SEUIL_STORE_STALE);
    cr_assert_str_eq(state_of(store, 0, "a"), "first");
    cr_assert_str_eq(acquire(store, 0, 3).meta->halt, "stop");
}

Test(store_redis, a_damaged_meta_is_wrong)
{
    static const char *const edits[] = {"HSET s:{test.0}:m seq -1", "HSET s:{test.0}:m token ff",
                                        "HSET s:{test.0}:m more x", "HDEL s:{test.0}:m model",
                                        "HSET s:{test.0}:m t2 base"};
    struct seuil_store_reply reply;

    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        ask("FLUSHALL");
        (void)settled();
        ask(edits[i]);
        store->ops->read_meta(store, 0, 0);
        reply = answer(store);
        cr_assert_status(reply, SEUIL_STORE_WRONG);
        cr_assert(strstr(reply.text, "meta"), "%s", reply.text);
    }
}

Test(store_redis, an_outbox_without_meta_is_no_new_shard)
{
    struct seuil_meta meta = settled();
    struct seuil_store_reply reply;

    ask("DEL s:{test.0}:m");
    reply = create(store, 0, &meta);
    cr_assert_status(reply, SEUIL_STORE_WRONG);
    cr_assert(strstr(reply.text, "no meta"), "%s", reply.text);
}

Test(store_redis, keys_that_belong_to_something_else_are_wrong)
{
    struct seuil_meta meta = settled();
    struct seuil_store_reply reply;
    struct seuil_tx tx;

    ask("DEL s:{test.0}:o");
    ask("SET s:{test.0}:o mine");
    tx = tx_of(&meta, "second");
    reply = commit(store, 0, &tx);
    cr_assert_status(reply, SEUIL_STORE_WRONG);
    cr_assert(strstr(reply.text, "WRONGTYPE"), "%s", reply.text);
    store->ops->outbox(store, 0, 0, 1, 0);
    cr_assert_status(answer(store), SEUIL_STORE_WRONG);
}

Test(store_redis, an_outbox_that_is_damaged_is_wrong)
{
    static const char *const elements[] = {
        "4 e x", "4-1 e \"\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\"",
        "4 e \"\\x01\\x09\\x00\\x00\\x00\"", "4 a b c d"};
    struct seuil_store_reply reply;
    char text[100];

    settled();
    for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
        ask("DEL s:{test.0}:o");
        snprintf(text, sizeof(text), "XADD s:{test.0}:o %s", elements[i]);
        ask(text);
        store->ops->outbox(store, 0, 0, 10, 0);
        reply = answer(store);
        cr_assert_status(reply, SEUIL_STORE_WRONG);
        cr_assert(strstr(reply.text, "outbox"), "%s", reply.text);
    }
}

/* ---- refused commands ------------------------------------------------------------------------ */

/* Commit while @refuse holds, then after @allow: refused without effect, then done. */
static void refused_then_done(const char *refuse, const char *allow, const char *word)
{
    struct seuil_meta meta = settled(), again = meta;
    struct seuil_store_reply reply;
    struct seuil_tx tx;

    cr_assert_neq(ask(refuse)[0], '-', "%s", out);
    for (int i = 0; i < 2; i++) { /* the guard known from before, and the one read after */
        meta = again;
        tx = tx_of(&meta, "second");
        reply = commit(store, 0, &tx);
        cr_assert_status(reply, SEUIL_STORE_BACKOFF);
        cr_assert(strstr(reply.text, word), "%s", reply.text);
        cr_assert_str_eq(state_of(store, 0, "a"), "first");
    }
    reply = acquire(store, 0, 3);
    cr_assert_status(reply, SEUIL_STORE_BACKOFF);
    cr_assert_neq(ask(allow)[0], '-', "%s", out);
    meta = again;
    tx = tx_of(&meta, "second");
    cr_assert_status(commit(store, 0, &tx), SEUIL_STORE_OK);
    cr_assert_str_eq(state_of(store, 0, "a"), "second");
}

Test(store_redis, out_of_memory_is_a_back_off_and_then_it_works)
{
    refused_then_done("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "OOM");
}

Test(store_redis, a_replica_is_a_back_off_until_it_is_promoted)
{
    refused_then_done("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "READONLY");
}

Test(store_redis, a_primary_without_enough_replicas_is_a_back_off)
{
    refused_then_done("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0",
                      "NOREPLICAS");
}

/* ---- wrong servers --------------------------------------------------------------------------- */

Test(store_redis, a_server_that_evicts_is_refused_until_it_no_longer_does)
{
    struct seuil_meta meta = new_meta(1);
    struct seuil_store_reply reply;

    ask("CONFIG SET maxmemory-policy allkeys-lru");
    reply = create(store, 0, &meta);
    cr_assert_status(reply, SEUIL_STORE_WRONG);
    cr_assert(strstr(reply.text, "allkeys-lru") && strstr(reply.text, "noeviction"), "%s",
              reply.text);
    ask("CONFIG SET maxmemory-policy noeviction");
    reply = create(store, 0, &meta);
    cr_assert_status(reply, SEUIL_STORE_OK);
}

Test(store_redis, a_wrong_password_is_wrong_and_none_is_too)
{
    struct seuil_meta meta = new_meta(1);
    struct seuil_store_reply reply;
    struct seuil_redis_config with = config;

    ask("CONFIG SET requirepass secret");
    reply = create(store, 0, &meta);
    cr_assert_status(reply, SEUIL_STORE_WRONG);
    cr_assert(strstr(reply.text, "NOAUTH"), "%s", reply.text);
    with.password = "guess";
    store->ops->free(store);
    store = open_store(&with);
    reply = create(store, 0, &meta);
    cr_assert_status(reply, SEUIL_STORE_WRONG);
    cr_assert(strstr(reply.text, "WRONGPASS") && !strstr(reply.text, "guess"), "%s", reply.text);
    with.password = "secret";
    store->ops->free(store);
    store = open_store(&with);
    cr_assert_status(create(store, 0, &meta), SEUIL_STORE_OK);
}

#define ACL_COMMANDS                                                                               \
    "+auth +select +info +hgetall +hmget +mget +zrangebyscore +scan +eval +exists +hincrby "       \
    "+hset +hget +xrange +watch +unwatch +multi +exec +mset +del +zadd +zrem +xadd +xtrim +hdel"

Test(store_redis, an_acl_user_with_just_the_documented_commands_and_keys_does)
{
    struct seuil_redis_config with = config;
    struct seuil_meta meta;
    struct seuil_store_reply reply;
    struct seuil_tx tx;

    ask("ACL SETUSER scorer on >pw ~s:{test.* ~s:test:* " ACL_COMMANDS);
    with.user = "scorer";
    with.password = "pw";
    store->ops->free(store);
    store = open_store(&with);
    meta = settled();
    tx = tx_of(&meta, "second");
    cr_assert_status(commit(store, 0, &tx), SEUIL_STORE_OK);
    store->ops->due(store, 0, 2000, 10, 0);
    cr_assert_eq(answer(store).item_count, 1);
    store->ops->outbox(store, 0, 0, 10, 0);
    reply = answer(store);
    cr_assert_eq(reply.item_count, 2, "%s", reply.text);
    store->ops->walk(store, 0, 0, 0);
    cr_assert_status(answer(store), SEUIL_STORE_OK);
    store->ops->read_meta(store, 0, 0);
    cr_assert_status(answer(store), SEUIL_STORE_OK);
    ask("ACL SETUSER scorer -xadd");
    tx = tx_of(&meta, "third");
    reply = commit(store, 0, &tx);
    cr_assert_status(reply, SEUIL_STORE_WRONG);
    cr_assert(strstr(reply.text, "NOPERM"), "%s", reply.text);
    cr_assert_str_eq(state_of(store, 0, "a"), "second");
}

Test(store_redis, a_user_that_may_not_begin_transactions_is_refused_at_once)
{
    struct seuil_redis_config with = config;
    struct seuil_meta meta = new_meta(1);
    struct seuil_store_reply reply;

    ask("ACL SETUSER scorer on >pw ~* " ACL_COMMANDS " -multi");
    with.user = "scorer";
    with.password = "pw";
    store->ops->free(store);
    store = open_store(&with);
    reply = create(store, 0, &meta);
    cr_assert_status(reply, SEUIL_STORE_WRONG);
    cr_assert(strstr(reply.text, "MULTI"), "%s", reply.text);
}

Test(store_redis, tcp_and_a_database_number_do_as_well)
{
    static const struct seuil_redis_server_options tcp = {.tcp = true};
    struct seuil_redis_config with = {.app = "test", .partitions = 1, .db = 3};

    stop();
    start_with(&tcp);
    with.port = server.port;
    store->ops->free(store);
    store = open_store(&with);
    settled();
    cr_assert_eq(seuil_redis_server_ask_number(&server, "DBSIZE"), 0);
    cr_assert(strstr(ask("INFO keyspace"), "db3:keys=4"), "%s", out);
}

Test(store_redis, names_that_would_spoil_keys_are_refused)
{
    static const char *const names[] = {"", "a b", "a{b}", "a:b", "a*", NULL};
    struct seuil_error err;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct seuil_redis_config with = {.app = names[i], .partitions = 1};

        cr_assert_null(seuil_store_redis_new(&with, &err), "%s", names[i]);
        cr_assert_eq(err.code, SEUIL_ERR_CONFIG);
    }
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static char pki[100];

static const char *pki_file(const char *name)
{
    static char paths[8][140];
    static int next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof(paths[0]), "%s/%s", pki, name);
    return path;
}

static void run(const char *format, ...)
{
    char command[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    cr_assert_eq(system(command), 0, "%s", command);
}

/* A private CA, a certificate for redis.test and 127.0.0.1, one for a client, and another CA. */
static void make_pki(void)
{
    snprintf(pki, sizeof(pki), "/tmp/seuil-pki-XXXXXX");
    cr_assert_not_null(mkdtemp(pki));
    for (int i = 0; i < 2; i++)
        run("cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
            "-keyout %s.key -out %s.crt -subj /CN=%s -days 2 2>/dev/null",
            pki, i ? "strange" : "ca", i ? "strange" : "ca", i ? "strange" : "ca");
    for (int i = 0; i < 2; i++)
        run("cd %s && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "
            "%s.key -out %s.csr -subj /CN=x 2>/dev/null && "
            "printf 'subjectAltName=DNS:redis.test,IP:127.0.0.1' > ext && openssl x509 -req -in "
            "%s.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out %s.crt "
            "2>/dev/null",
            pki, i ? "client" : "server", i ? "client" : "server", i ? "client" : "server",
            i ? "client" : "server");
}

static void start_tls(bool client_certificates)
{
    struct seuil_redis_server_options options = {.tls = true};

    make_pki();
    options.cert = pki_file("server.crt");
    options.key = pki_file("server.key");
    options.ca = client_certificates ? pki_file("ca.crt") : NULL;
    stop();
    start_with(&options);
    config = (struct seuil_redis_config){
        .app = "test",
        .partitions = 1,
        .port = server.tls_port,
        .tls = {.on = true, .ca_file = pki_file("ca.crt"), .server_name = "redis.test"},
        .backoff_min_ms = 5};
}

static void reopen(void)
{
    store->ops->free(store);
    store = open_store(&config);
}

Test(store_redis, tls_works_by_name_and_by_address_with_large_answers)
{
    static uint8_t state[8000];
    static struct seuil_tx_lead leads[1000];
    static struct seuil_str ids[1000];
    static char names[1000][16];
    struct seuil_store_reply reply;
    struct seuil_meta meta;
    struct seuil_tx tx;

    start_tls(false);
    reopen();
    meta = settled();
    memset(state, 7, sizeof(state));
    for (int i = 0; i < 1000; i++) {
        snprintf(names[i], sizeof(names[i]), "%d", i);
        ids[i] = seuil_str_from(names[i]);
        leads[i] = (struct seuil_tx_lead){.id = ids[i], .bytes = state, .len = sizeof(state)};
    }
    tx = next_tx(&meta);
    tx.leads = leads;
    tx.lead_count = 1000;
    cr_assert_status(commit(store, 0, &tx), SEUIL_STORE_OK);
    store->ops->load(store, 0, ids, 1000, 0);
    reply = answer(store);
    cr_assert_eq(reply.item_count, 1000);
    for (int i = 0; i < 1000; i++)
        cr_assert(reply.items[i].len == sizeof(state) &&
                  !memcmp(reply.items[i].bytes, state, sizeof(state)));
    config.tls.server_name = NULL; /* the host, 127.0.0.1 */
    reopen();
    cr_assert_status(acquire(store, 0, 4), SEUIL_STORE_OK);
    run("rm -r %s", pki);
}

static void refused_by_tls(const char *word)
{
    struct seuil_meta meta = new_meta(1);
    struct seuil_store_reply reply;

    reopen();
    reply = create(store, 0, &meta);
    cr_assert_status(reply, SEUIL_STORE_WRONG);
    cr_assert(strstr(reply.text, word), "%s", reply.text);
}

Test(store_redis, tls_refuses_a_wrong_name_and_an_unknown_authority)
{
    struct seuil_meta meta = new_meta(1);

    start_tls(false);
    config.tls.server_name = "other.test";
    refused_by_tls("ostname mismatch");
    config.tls.server_name = "127.0.0.2";
    refused_by_tls("IP address mismatch");
    config.tls.server_name = "redis.test";
    config.tls.ca_file = pki_file("strange.crt");
    refused_by_tls("unable to get local issuer certificate");
    config.tls.ca_file = NULL; /* the system's */
    refused_by_tls("certificate");
    config.tls.skip_verify = true;
    reopen();
    cr_assert_status(create(store, 0, &meta), SEUIL_STORE_OK);
    run("rm -r %s", pki);
}

Test(store_redis, a_client_certificate_is_shown_when_asked_for)
{
    struct seuil_meta meta = new_meta(1);
    struct seuil_store_reply reply;
    struct seuil_error err;

    start_tls(true);
    reopen();
    reply = create(store, 0, &meta);
    cr_assert_neq(reply.status, SEUIL_STORE_OK, "no certificate was shown");
    config.tls.cert_file = pki_file("client.crt");
    cr_assert_null(seuil_store_redis_new(&config, &err), "a certificate without its key");
    config.tls.key_file = pki_file("client.key");
    reopen();
    cr_assert_status(create(store, 0, &meta), SEUIL_STORE_OK);
    config.tls.ca_file = pki_file("none.crt");
    cr_assert_null(seuil_store_redis_new(&config, &err));
    cr_assert(strstr(err.text, "none.crt"), "%s", err.text);
    run("rm -r %s", pki);
}

Test(store_redis, a_server_killed_under_tls_is_survived)
{
    struct seuil_meta meta;
    struct seuil_store_reply reply;
    struct seuil_tx tx;

    start_tls(false);
    reopen();
    meta = settled();
    seuil_redis_server_kill(&server);
    tx = tx_of(&meta, "second");
    reply = commit(store, 0, &tx);
    cr_assert(reply.status == SEUIL_STORE_DOUBT || reply.status == SEUIL_STORE_BACKOFF);
    run("rm -r %s", pki);
}

Test(store_redis, tls_to_a_port_that_does_not_speak_it_says_so)
{
    static const struct seuil_redis_server_options tcp = {.tcp = true};
    struct seuil_meta meta = new_meta(1);
    struct seuil_store_reply reply;

    stop();
    start_with(&tcp);
    config = (struct seuil_redis_config){
        .app = "test", .partitions = 1, .port = server.port, .tls = {.on = true}};
    config.connect_timeout_ms = 500;
    reopen();
    reply = create(store, 0, &meta);
    cr_assert_status(reply, SEUIL_STORE_BACKOFF);
    cr_assert(strstr(reply.text, "TLS"), "%s", reply.text);
}
