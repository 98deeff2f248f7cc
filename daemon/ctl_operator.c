/* seuilctl go-on, adopt, rebuild: what only a person can decide about a halted shard.
 *
 * Each takes the shard's token (so whoever owned it is fenced), changes meta as
 * lib/shard/operator.h says, and commits under the guard. The owner finds the reason gone and takes
 * the shard anew. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include "codec/encode.h"
#include "conf/scalar.h"
#include "ctl.h"
#include "ctl_world.h"
#include "shard/operator.h"
#include "shard/witness.h"
#include "store/resp.h"
#include "store/sync.h"

struct decision {
    struct seuil_world world;
    const char *command;
    bool json, yes;
    char owner[64];
    struct seuil_token token;
    struct seuil_meta meta; /* of the shard at hand, as it shall be */
    uint64_t seq;           /* as it stands in Redis */
    struct seuil_ctl_list topics;
    const char *start; /* adopt, rebuild: earliest, latest, an offset or a time; NULL: earliest */
    uint32_t settled;
    struct seuil_buf out;
};

/* ---- the guard ----------------------------------------------------------------------------- */

static int refused(const struct decision *d, uint32_t shard, const struct seuil_store_reply *reply)
{
    const char *why = reply->text[0] ? reply->text
                      : reply->status == SEUIL_STORE_FENCED || reply->status == SEUIL_STORE_STALE
                          ? "another owner took it meanwhile: try again"
                          : "Redis refused";

    return seuil_ctl_fail(d->command, EX_TEMPFAIL, "shard %u: %s", shard, why);
}

static int take(struct decision *d, uint32_t shard)
{
    const struct seuil_store_reply *reply;

    if (getrandom(&d->token, sizeof(d->token), 0) != sizeof(d->token))
        return seuil_ctl_fail(d->command, EX_OSERR, "no random numbers");
    d->world.store->ops->acquire(d->world.store, shard, &d->token, d->owner, 0);
    reply = seuil_world_wait(&d->world);
    if (!reply)
        return EX_TEMPFAIL;
    if (reply->status != SEUIL_STORE_OK)
        return refused(d, shard, reply);
    d->meta = *reply->meta;
    d->seq = d->meta.seq;
    return 0;
}

/* Commit meta as it stands in @d, and what happens to @leads. */
static int commit(struct decision *d, uint32_t shard, const struct seuil_tx_lead *leads,
                  uint32_t lead_count)
{
    struct seuil_meta next = d->meta;
    struct seuil_tx tx = {.token = d->token,
                          .meta = &next,
                          .leads = leads,
                          .lead_count = lead_count,
                          .seq = d->seq,
                          .trim_to = d->meta.outbox_head};
    const struct seuil_store_reply *reply;

    next.token = d->token;
    next.seq = d->seq + 1;
    d->world.store->ops->commit(d->world.store, shard, &tx, 0);
    reply = seuil_world_wait(&d->world);
    if (!reply)
        return EX_TEMPFAIL;
    if (reply->status != SEUIL_STORE_OK)
        return refused(d, shard, reply);
    d->seq = d->meta.seq = next.seq;
    return 0;
}

static void tell(struct decision *d, uint32_t shard, const char *what)
{
    d->settled++;
    if (d->json) {
        seuil_buf_printf(&d->out, "{\"shard\":%u,\"done\":", shard);
        seuil_json_add_string(&d->out, seuil_str_from(what));
        seuil_buf_add_text(&d->out, "}\n");
    } else {
        seuil_buf_printf(&d->out, "shard %u: %s\n", shard, what);
    }
}

/* ---- questions to the log ------------------------------------------------------------------- */

static int watermarks(struct decision *d, uint32_t shard, uint32_t topic, int64_t *ret_start,
                      int64_t *ret_end)
{
    struct seuil_source *source = d->world.source;

    if (source->ops->watermarks(source, shard, topic, ret_start, ret_end))
        return seuil_ctl_fail(d->command, EX_TEMPFAIL, "Kafka does not tell where topic %s ends",
                              seuil_world_input(&d->world, topic)->topic);
    return 0;
}

/* Where to read @topic from, as --start says. */
static int start_offset(struct decision *d, uint32_t shard, uint32_t topic, int64_t *ret_offset)
{
    struct seuil_source *source = d->world.source;
    int64_t first, end, offset;
    seuil_time_ms time;
    int rc = watermarks(d, shard, topic, &first, &end);

    if (rc)
        return rc;
    if (!d->start || strcmp(d->start, "earliest") == 0) {
        *ret_offset = first;
    } else if (strcmp(d->start, "latest") == 0) {
        *ret_offset = end;
    } else if (seuil_int_parse(seuil_str_from(d->start), &offset) == 0) {
        if (offset < first || offset > end)
            return seuil_ctl_fail(d->command, EX_USAGE,
                                  "--start %s: the log of shard %u reaches from %" PRId64
                                  " to %" PRId64,
                                  d->start, shard, first, end);
        *ret_offset = offset;
    } else if (seuil_instant_parse(seuil_str_from(d->start), &time) == 0) {
        if (source->ops->offset_of_time(source, shard, topic, time, ret_offset))
            return seuil_ctl_fail(d->command, EX_TEMPFAIL, "Kafka does not answer");
    } else {
        return seuil_ctl_fail(d->command, EX_USAGE,
                              "--start must be earliest, latest, an offset or a time, not \"%s\"",
                              d->start);
    }
    return 0;
}

/* ---- the three decisions -------------------------------------------------------------------- */

static int go_on(struct decision *d, uint32_t shard)
{
    int64_t first[SEUIL_TOPICS_MAX], end, lost;
    char text[96];
    int rc = 0;

    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX && !rc; i++) {
        first[i] = -1;
        if (d->meta.topics[i].present && seuil_world_input(&d->world, i))
            rc = watermarks(d, shard, i, &first[i], &end);
    }
    if (rc)
        return rc;
    lost = seuil_operator_go_on(&d->meta, first);
    rc = commit(d, shard, NULL, 0);
    if (rc)
        return rc;
    snprintf(text, sizeof(text), "goes on; %" PRId64 " offsets that are gone are given up", lost);
    tell(d, shard, lost ? text : "goes on as it is");
    return 0;
}

/* The number of a topic by its name, or of an input by its name. */
static int topic_of(struct decision *d, const char *name, uint32_t *ret_topic)
{
    const struct seuil_settings *settings = d->world.opened.settings;

    for (uint32_t i = 0; i < settings->input_count; i++)
        if (strcmp(settings->inputs[i].topic, name) == 0 ||
            strcmp(settings->inputs[i].name, name) == 0) {
            *ret_topic = d->world.clients.numbers[i];
            if (*ret_topic < SEUIL_TOPICS_MAX)
                return 0;
            return seuil_ctl_fail(d->command, EX_USAGE,
                                  "input topic \"%s\" is new: add it with `seuilctl init`", name);
        }
    return seuil_ctl_fail(d->command, EX_USAGE, "there is no input topic \"%s\"", name);
}

static int adopt(struct decision *d, uint32_t shard)
{
    const char *cluster = d->world.clients.cluster_id;
    int rc = 0;

    for (unsigned i = 0; i < d->topics.count && !rc; i++) {
        uint32_t topic = 0;
        int64_t start = 0;

        rc = topic_of(d, d->topics.values[i], &topic);
        if (!rc)
            rc = start_offset(d, shard, topic, &start);
        if (!rc && seuil_operator_adopt(&d->meta, topic, start, cluster[0] ? cluster : NULL))
            rc = seuil_ctl_fail(d->command, EX_DATAERR, "shard %u has no topic %s", shard,
                                d->topics.values[i]);
    }
    if (!rc)
        rc = commit(d, shard, NULL, 0);
    if (!rc)
        tell(d, shard, "adopted");
    return rc;
}

/* Delete every lead and due time of the shard, in guarded chunks. */
static int erase_leads(struct decision *d, uint32_t shard)
{
    uint64_t cursor = 0, gone = 0;
    int rc;

    do {
        struct seuil_tx_lead leads[SEUIL_CHUNK_MAX];
        struct seuil_buf ids = {0};
        const struct seuil_store_reply *reply;
        uint32_t count = 0;

        d->world.store->ops->walk(d->world.store, shard, cursor, 0);
        reply = seuil_world_wait(&d->world);
        if (!reply)
            return EX_TEMPFAIL;
        if (reply->status != SEUIL_STORE_OK)
            return refused(d, shard, reply);
        cursor = reply->cursor;
        /* The reply goes with the next request: keep the ids. */
        for (uint32_t i = 0; i < reply->item_count; i++)
            seuil_buf_add(&ids, reply->items[i].id.ptr, reply->items[i].id.len);
        for (uint32_t i = 0, at = 0; i < reply->item_count && count < SEUIL_CHUNK_MAX; i++) {
            leads[count++] =
                (struct seuil_tx_lead){.id = {(const char *)ids.ptr + at, reply->items[i].id.len},
                                       .erase = true,
                                       .due_op = SEUIL_DUE_REMOVE};
            at += reply->items[i].id.len;
        }
        rc = ids.failed ? seuil_ctl_fail(d->command, EX_OSERR, "out of memory") : 0;
        if (!rc && reply->item_count > SEUIL_CHUNK_MAX)
            rc = seuil_ctl_fail(d->command, EX_SOFTWARE, "a walk gave more than %d leads at once",
                                SEUIL_CHUNK_MAX);
        if (!rc && count)
            rc = commit(d, shard, leads, count);
        gone += count;
        seuil_buf_done(&ids);
    } while (cursor && !rc);
    return rc;
}

/* Crossings up to where the group was told have been published already: by the time of the last
 * record before each of those positions. */
static int muted_until(struct decision *d, uint32_t shard, struct seuil_operator_rebuild *order)
{
    struct seuil_source *source = d->world.source;
    struct seuil_witness_text witness;
    int64_t positions[SEUIL_TOPICS_MAX];
    char text[SEUIL_WITNESS_MAX];
    int rc = source->ops->read_witness(source, shard, positions, text, sizeof(text));

    order->muted_until = SEUIL_TIME_NONE;
    if (rc < 0)
        return seuil_ctl_fail(d->command, EX_TEMPFAIL, "the consumer group does not answer");
    if (rc == 0)
        return 0;
    if (seuil_witness_parse(text, &witness))
        order->witness_seq = witness.seq;
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++) {
        seuil_time_ms time;
        uint64_t hash;

        if (order->start[i] < 0 || positions[i] <= 0)
            continue;
        if (source->ops->read_back(source, shard, i, positions[i] - 1, &time, &hash) == 0 &&
            time > order->muted_until)
            order->muted_until = time;
    }
    return 0;
}

/* Due times and outbox of a shard without meta belong to nobody: a meta is only made where there
 * are none. */
static int drop_orphans(struct decision *d, uint32_t shard)
{
    const enum seuil_redis_key keys[] = {SEUIL_KEY_DUE, SEUIL_KEY_OUTBOX};
    struct seuil_buf command = {0}, name = {0};
    const struct seuil_reply *reply;
    struct seuil_sync sync;
    struct seuil_error err = {0};
    int rc = seuil_sync_open(&sync, &d->world.clients.redis, &err);

    if (rc)
        return seuil_ctl_fail(d->command, seuil_ctl_status(rc), "%s", err.text);
    seuil_resp_command(&command, 3);
    seuil_resp_arg_text(&command, "DEL");
    for (int i = 0; i < 2; i++) {
        seuil_buf_clear(&name);
        seuil_redis_key_name(d->world.clients.redis.prefix, d->world.clients.redis.app, shard,
                             keys[i], &name);
        seuil_resp_arg(&command, name.ptr, name.len);
    }
    rc = seuil_sync_ask(&sync, &command, &reply, &err);
    if (rc)
        rc = seuil_ctl_fail(d->command, seuil_ctl_status(rc), "shard %u: %s", shard, err.text);
    seuil_sync_close(&sync);
    seuil_buf_done(&name);
    seuil_buf_done(&command);
    return rc;
}

/* A meta for a shard that lost it, halted until all else is done: a rebuild that is broken off is
 * begun again. */
static int make_meta(struct decision *d, uint32_t shard, uint64_t witness_seq)
{
    const struct seuil_store_reply *reply;
    int rc = drop_orphans(d, shard);

    if (rc)
        return rc;
    memset(&d->meta, 0, sizeof(d->meta));
    d->meta.format = 1;
    d->meta.token = d->token;
    /* Above what the group was told, or the next owner would think that Redis went back. */
    d->meta.seq = d->seq = witness_seq + 1;
    d->meta.stream_time = d->meta.muted_until = SEUIL_TIME_NONE;
    d->meta.counts.since = d->meta.counts.as_of = SEUIL_TIME_NONE;
    snprintf(d->meta.owner, sizeof(d->meta.owner), "%s", d->owner);
    snprintf(d->meta.halt, sizeof(d->meta.halt),
             "a rebuild was begun and not finished: `seuilctl rebuild` again");
    d->world.store->ops->create(d->world.store, shard, &d->meta, 0);
    reply = seuil_world_wait(&d->world);
    if (!reply)
        return EX_TEMPFAIL;
    return reply->status == SEUIL_STORE_OK ? 0 : refused(d, shard, reply);
}

static int rebuild(struct decision *d, uint32_t shard, bool found)
{
    const char *cluster = d->world.clients.cluster_id;
    struct seuil_operator_rebuild order = {.model_hash = d->world.opened.models->hash,
                                           .cluster_id = cluster[0] ? cluster : NULL};
    char text[96], until[32];
    int rc = 0;

    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX && !rc; i++) {
        order.start[i] = -1;
        if (seuil_world_input(&d->world, i))
            rc = start_offset(d, shard, i, &order.start[i]);
    }
    if (!rc)
        rc = muted_until(d, shard, &order);
    if (!rc && !found)
        rc = make_meta(d, shard, order.witness_seq);
    if (!rc)
        rc = erase_leads(d, shard);
    if (rc)
        return rc;
    seuil_operator_rebuild(&d->meta, &order);
    rc = commit(d, shard, NULL, 0);
    if (rc)
        return rc;
    if (order.muted_until == SEUIL_TIME_NONE) {
        tell(d, shard, "begins anew; every crossing is published");
    } else {
        seuil_time_format(order.muted_until, until);
        snprintf(text, sizeof(text), "begins anew; crossings until %s are not published again",
                 until);
        tell(d, shard, text);
    }
    return 0;
}

/* Whether a shard without meta has lost it (PROTOCOL 21): else it never was, and seuild makes it.
 */
static int was_made(struct decision *d, uint32_t shard, bool *ret_made)
{
    struct seuil_source *source = d->world.source;
    struct seuil_witness_text witness;
    int64_t positions[SEUIL_TOPICS_MAX];
    char text[SEUIL_WITNESS_MAX];
    int rc = source->ops->read_witness(source, shard, positions, text, sizeof(text));

    if (rc < 0)
        return seuil_ctl_fail(d->command, EX_TEMPFAIL, "the consumer group does not answer");
    *ret_made = d->world.clients.made || (rc == 1 && seuil_witness_parse(text, &witness));
    return 0;
}

/* ---- the commands --------------------------------------------------------------------------- */

/* What --yes would delete. */
static void show_only(struct decision *d, uint32_t shard, const char *why)
{
    d->settled++;
    if (!d->json) {
        seuil_buf_printf(&d->out, "shard %u: %s\n", shard, why);
        return;
    }
    seuil_buf_printf(&d->out, "{\"shard\":%u,\"would_rebuild\":", shard);
    seuil_json_add_string(&d->out, seuil_str_from(why));
    seuil_buf_add_text(&d->out, "}\n");
}

static int untouched(const struct decision *d, uint32_t shard, bool named, const char *why)
{
    return named ? seuil_ctl_fail(d->command, EX_DATAERR, "shard %u %s: nothing is changed", shard,
                                  why)
                 : 0;
}

/* One shard: only a halted one is touched; a rebuild is also for one whose state is lost. */
static int settle(struct decision *d, uint32_t shard, bool named)
{
    bool is_rebuild = strcmp(d->command, "rebuild") == 0, found, made = true;
    struct seuil_meta meta;
    int rc = seuil_world_meta(&d->world, shard, &meta, &found);

    if (!rc && !found && is_rebuild)
        rc = was_made(d, shard, &made);
    if (rc)
        return rc;
    if (found && !meta.halt[0])
        return untouched(d, shard, named, "is not halted");
    if (!found && (!is_rebuild || !made))
        return untouched(d, shard, named,
                         made ? "has no state (`seuilctl rebuild` makes it anew)"
                              : "never had a state (seuild makes it)");
    if (is_rebuild && !d->yes) {
        show_only(d, shard, found ? meta.halt : "its state is lost");
        return 0;
    }
    if (d->world.empty) {
        rc = seuil_world_make_manifest(&d->world);
        if (rc)
            return rc;
        d->world.empty = false;
    }
    d->meta = meta;
    if (found)
        rc = take(d, shard);
    else if (getrandom(&d->token, sizeof(d->token), 0) != sizeof(d->token))
        rc = seuil_ctl_fail(d->command, EX_OSERR, "no random numbers");
    if (rc)
        return rc;
    if (is_rebuild)
        rc = rebuild(d, shard, found);
    else
        rc = strcmp(d->command, "adopt") == 0 ? adopt(d, shard) : go_on(d, shard);
    d->world.store->ops->forget(d->world.store, shard);
    return rc;
}

static int run(struct decision *d, const char *config, int operands, char **argv)
{
    static uint32_t shards[SEUIL_PARTITIONS_MAX];
    char host[48] = "?";
    bool is_rebuild = strcmp(d->command, "rebuild") == 0;
    int count, rc = seuil_world_open(&d->world, d->command, config, is_rebuild);

    gethostname(host, sizeof(host) - 1);
    snprintf(d->owner, sizeof(d->owner), "seuilctl@%s", host);
    if (!rc)
        rc = seuil_world_kafka(&d->world);
    count = rc ? 0 : seuil_world_shards(&d->world, operands, argv, shards);
    if (count < 0)
        rc = -count;
    for (int i = 0; i < count && !rc; i++) {
        seuil_ctl_progress(d->command, (uint64_t)i, (uint64_t)count);
        rc = settle(d, shards[i], operands > 0);
    }
    seuil_ctl_progress(d->command, 1, 1);
    if (!rc && d->settled == 0)
        rc = seuil_ctl_fail(d->command, EX_DATAERR, "%s: nothing is changed",
                            !is_rebuild      ? "no shard is halted"
                            : d->world.empty ? "neither Redis nor the consumer group knows of a "
                                               "state that was lost; is redis.url, app or group "
                                               "another one's?"
                                             : "no shard is halted or lost");
    if (!rc && is_rebuild && !d->yes) {
        if (!d->json)
            seuil_buf_add_text(&d->out, "The state of these shards would be deleted and made anew "
                                        "from the log. Say --yes to do it.\n");
        rc = EX_USAGE;
    }
    rc = seuil_ctl_flush(&d->out, rc);
    seuil_world_done(&d->world);
    return rc;
}

static int start_command(const struct seuil_ctl_command *command, int argc, char **argv,
                         struct decision *d, const char *const *format, int *ret_status)
{
    int operands = seuil_ctl_parse(command, argc, argv, ret_status);

    d->command = command->name;
    if (operands >= 0 && (*ret_status = seuil_ctl_json(command->name, *format, &d->json)))
        return -1;
    return operands;
}

int seuil_ctl_go_on(int argc, char **argv)
{
    const char *config = NULL, *format = NULL;
    const struct seuil_ctl_option options[] = {
        {"config", "FILE", "configuration; not given: " SEUIL_CTL_CONFIG, &config, NULL},
        {"format", "text|json", "how to answer; json is one object a shard", &format, NULL},
    };
    const struct seuil_ctl_command command = {
        .name = "go-on",
        .operands = "[SHARD...]",
        .help = "Let halted shards go on with what the log still has: where it lost records that\n"
                "were not read yet, they are given up. No SHARD: every halted one.",
        .options = options,
        .option_count = 2,
        .operands_max = SEUIL_PARTITIONS_MAX,
    };
    static struct decision d;
    int rc, operands = start_command(&command, argc, argv, &d, &format, &rc);

    return operands < 0 ? rc : run(&d, config, operands, argv);
}

int seuil_ctl_adopt(int argc, char **argv)
{
    static struct decision d;
    const char *config = NULL, *format = NULL;
    const struct seuil_ctl_option options[] = {
        {"config", "FILE", "configuration; not given: " SEUIL_CTL_CONFIG, &config, NULL},
        {"topic", "NAME", "the input topic; may be given several times", NULL, &d.topics},
        {"start", "WHERE", "earliest (the default), latest, an offset or a time", &d.start, NULL},
        {"format", "text|json", "how to answer; json is one object a shard", &format, NULL},
    };
    const struct seuil_ctl_command command = {
        .name = "adopt",
        .operands = "[SHARD...]",
        .help =
            "Take a topic that was deleted and made again, or whose log lost its tail, for what\n"
            "it is now. What leads know of it stays; its offsets count anew. No SHARD: every\n"
            "halted one.",
        .options = options,
        .option_count = 4,
        .operands_max = SEUIL_PARTITIONS_MAX,
    };
    int rc, operands = start_command(&command, argc, argv, &d, &format, &rc);

    if (operands < 0)
        return rc;
    if (d.topics.count == 0)
        return seuil_ctl_fail("adopt", EX_USAGE, "--topic NAME is needed");
    return run(&d, config, operands, argv);
}

int seuil_ctl_rebuild(int argc, char **argv)
{
    static struct decision d;
    const char *config = NULL, *format = NULL, *yes = NULL;
    const struct seuil_ctl_option options[] = {
        {"config", "FILE", "configuration; not given: " SEUIL_CTL_CONFIG, &config, NULL},
        {"start", "WHERE", "read from earliest (the default), latest or a time", &d.start, NULL},
        {"yes", NULL, "do it; without it the shards are only shown", &yes, NULL},
        {"format", "text|json", "how to answer; json is one object a shard", &format, NULL},
    };
    const struct seuil_ctl_command command = {
        .name = "rebuild",
        .operands = "[SHARD...]",
        .help = "Delete the state of halted shards, or of shards whose state is lost, and make it\n"
                "anew from the log. Crossings up to where the consumer group was told are not\n"
                "published again. No SHARD: every halted one.",
        .options = options,
        .option_count = 4,
        .operands_max = SEUIL_PARTITIONS_MAX,
    };
    int rc, operands = start_command(&command, argc, argv, &d, &format, &rc);

    if (operands < 0)
        return rc;
    d.yes = yes != NULL;
    return run(&d, config, operands, argv);
}
