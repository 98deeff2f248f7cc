/* seuilctl rebuild, one shard: what is left of it goes, and it begins anew from the log, muted up
 * to where the consumer group was told. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl_decide.h"
#include "shard/operator.h"
#include "shard/witness.h"
#include "store/resp.h"
#include "store/sync.h"

/* Delete every lead and due time of the shard, in guarded chunks. */
static int erase_leads(struct seuil_decision *d, uint32_t shard)
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
            return seuil_decision_refused(d, shard, reply);
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
            rc = seuil_decision_commit(d, shard, leads, count);
        gone += count;
        seuil_buf_done(&ids);
    } while (cursor && !rc);
    return rc;
}

/* Crossings up to where the group was told have been published already: by the time of the last
 * record before each of those positions. */
static int muted_until(struct seuil_decision *d, uint32_t shard,
                       struct seuil_operator_rebuild *order)
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
    else
        memset(witness.generation, 0, sizeof(witness.generation));
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++)
        if (witness.generation[i] > order->witness_generation)
            order->witness_generation = witness.generation[i];
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++) {
        seuil_time_ms time;
        uint64_t hash;

        if (order->start[i] < 0 || positions[i] <= 0)
            continue;
        if (source->ops->read_back(source, shard, i, positions[i] - 1, &time, &hash) == 0 &&
            time >= order->muted_until)
            order->muted_until = time + 1; /* what that record made was published */
    }
    return 0;
}

/* Due times and outbox of a shard without meta belong to nobody: a meta is only made where there
 * are none. */
static int drop_orphans(struct seuil_decision *d, uint32_t shard)
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
static int make_meta(struct seuil_decision *d, uint32_t shard, uint64_t witness_seq)
{
    const struct seuil_store_reply *reply;
    int rc = drop_orphans(d, shard);

    if (rc)
        return rc;
    memset(&d->meta, 0, sizeof(d->meta));
    d->meta.format = SEUIL_META_FORMAT;
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
    return reply->status == SEUIL_STORE_OK ? 0 : seuil_decision_refused(d, shard, reply);
}

int seuil_rebuild_shard(struct seuil_decision *d, uint32_t shard, bool found)
{
    const char *cluster = d->world.clients.cluster_id;
    struct seuil_operator_rebuild order = {.model_hash = d->world.opened.models->hash,
                                           .cluster_id = cluster[0] ? cluster : NULL};
    char text[96], until[32];
    int rc = 0;

    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX && !rc; i++) {
        order.start[i] = -1;
        if (seuil_world_topic(&d->world, i))
            rc = seuil_decision_start(d, shard, i, &order.start[i]);
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
    rc = seuil_decision_commit(d, shard, NULL, 0);
    if (rc)
        return rc;
    if (order.muted_until == SEUIL_TIME_NONE) {
        seuil_decision_tell(d, shard, "begins anew; every crossing is published");
    } else {
        seuil_time_format(order.muted_until, until);
        snprintf(text, sizeof(text), "begins anew; crossings until %s are not published again",
                 until);
        seuil_decision_tell(d, shard, text);
    }
    return 0;
}

/* Whether a shard without meta has lost it (PROTOCOL 21): else it never was, and seuild makes it.
 */
int seuil_rebuild_was_made(struct seuil_decision *d, uint32_t shard, bool *ret_made)
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
