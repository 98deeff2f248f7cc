/* Transactions: what became visible at once, a chunk of the checkpoint, base, outbox, all in one,
 * guarded by token and sequence number (rules 10-13, 16).
 *
 * One is under way at a time; what happens meanwhile waits for the next. A transaction takes every
 * urgent lead and every pending outbox entry, so a crossing and the state that made it are never
 * apart. Nothing is ever sent again: whatever is not known to have taken effect is a doubt. */

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shard/internal.h"

/* Stamps alone do not tell: an event that came again left none, and would be a new one if it came
 * to a key that is gone. What was an input once has a base that never moves: were it read again, it
 * would be from there on, long after this lead. */
static bool expirable(const struct seuil_shard *shard, const struct seuil_cached *entry)
{
    if (entry->judged > shard->checkpoint.done)
        return false;
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++) {
        const struct seuil_meta_topic *topic = &shard->meta.topics[i];
        int64_t next;

        if (!topic->present || !shard->topics[i].lane)
            continue;
        if (seuil_lead_peek_stamp(entry->bytes, entry->len, i, topic->generation, &next) != 0 ||
            next > topic->base)
            return false;
    }
    return true;
}

bool seuil_commit_expirable(const struct seuil_shard *shard, const struct seuil_cached *entry)
{
    return entry->len > 0 && expirable(shard, entry);
}

static void put(struct seuil_shard *shard, struct seuil_cached *entry)
{
    struct seuil_flight *flight = &shard->flight;
    struct seuil_tx_lead *lead = &shard->tx_leads[flight->count];

    seuil_lead_settle(shard, entry);
    *lead = (struct seuil_tx_lead){.id = {entry->id, entry->id_len}};
    seuil_cache_unlist(&shard->cache, entry);
    if (entry->expired && seuil_commit_expirable(shard, entry)) {
        lead->erase = true;
        lead->due_op = SEUIL_DUE_REMOVE;
        entry->sent_armed = SEUIL_TIME_NEVER;
        entry->sent_by = SEUIL_ARMED_UNKNOWN;
        entry->erasing = true;
        if (shard->config->scores)
            seuil_scores_add(shard, entry, true);
    } else {
        seuil_arm_lead(shard, entry, flight->count);
        if (entry->version != entry->saved) {
            if (shard->config->scores)
                seuil_scores_add(shard, entry, false);
            lead->bytes = entry->bytes;
            lead->len = entry->len;
            flight->written++;
        }
    }
    if (entry->rearm) {
        entry->rearm = entry->woken = false;
        shard->timers.rearms--;
        flight->rearms++;
    }
    entry->sent = entry->version;
    entry->in_flight = true;
    shard->cache.in_flight++;
    flight->leads[flight->count++] = entry;
}

/* Entries and states far ahead of their turn, each of them a miss. */
#define AHEAD 8

static void put_list(struct seuil_shard *shard, enum seuil_list from, uint32_t most)
{
    struct seuil_cache_list *list = &shard->cache.lists[from];

    while (list->count && shard->flight.count < most &&
           (!shard->config->scores || shard->pending.bytes.len < SEUIL_ENTRY_BYTES_MAX ||
            from == SEUIL_LIST_URGENT)) {
        struct seuil_cached *entry = list->items[list->first], *later;

        if (list->first + 2 * AHEAD < list->end && (later = list->items[list->first + 2 * AHEAD])) {
            __builtin_prefetch(later);
            __builtin_prefetch(&later->bytes);
            __builtin_prefetch(later->id);
        }
        if (list->first + AHEAD < list->end && (later = list->items[list->first + AHEAD]))
            seuil_cache_prefetch_bytes(later);
        put(shard, entry);
    }
}

static void put_leads(struct seuil_shard *shard)
{
    uint32_t most = shard->state == SEUIL_SHARD_RUN && shard->batch.count ? SEUIL_CHUNK_RUNNING
                                                                          : SEUIL_CHUNK_RESTING;

    assert(shard->cache.lists[SEUIL_LIST_URGENT].count <= SEUIL_CHUNK_MAX);
    put_list(shard, SEUIL_LIST_URGENT, SEUIL_CHUNK_MAX);
    most = shard->flight.count + seuil_checkpoint_share(shard, most);
    if (most > SEUIL_CHUNK_MAX)
        most = SEUIL_CHUNK_MAX;
    if (!seuil_scores_held(shard))
        put_list(shard, (enum seuil_list)shard->checkpoint.list, most);
}

/* Positions as far as anything was applied (rule 16). */
static void next_reach(struct seuil_shard *shard, struct seuil_meta *meta)
{
    seuil_merge_fingers(shard);
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++) {
        const struct seuil_topic *topic = &shard->topics[i];
        struct seuil_meta_topic *to = &meta->topics[i];

        if (!topic->lane || topic->applied.next <= to->reach)
            continue;
        to->reach = topic->applied.next;
        to->finger_offset = topic->finger.offset;
        to->finger_time = topic->finger.time;
        to->finger_hash = topic->finger.hash;
    }
}

/* Base, if the checkpoint is whole. */
static void next_base(struct seuil_shard *shard, struct seuil_meta *meta)
{
    const struct seuil_checkpoint *checkpoint = &shard->checkpoint;

    shard->flight.base = seuil_checkpoint_complete(shard);
    if (!shard->flight.base)
        return;
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++) {
        const struct seuil_topic *topic = &shard->topics[i];
        struct seuil_meta_topic *to = &meta->topics[i];

        if (!topic->lane)
            continue;
        assert(checkpoint->next[i] >= to->base && checkpoint->next[i] <= topic->applied.next);
        to->base = checkpoint->next[i];
        to->base_time = checkpoint->last_time[i];
        to->base_finger_offset = checkpoint->finger[i].offset;
        to->base_finger_time = checkpoint->finger[i].time;
        to->base_finger_hash = checkpoint->finger[i].hash;
    }
    meta->stream_time = checkpoint->stream_time;
    meta->sources = checkpoint->sources;
}

/* From its first transaction on, a walk is told in meta: leads that events touch are written as the
 * new models see them long before its last page is. */
static void next_walk(struct seuil_shard *shard, struct seuil_meta *meta)
{
    const struct seuil_walk *walk = &shard->walk;
    uint64_t hash = shard->env.models->hash;

    shard->flight.walk_page = seuil_walk_page_ready(shard);
    if (!walk->active)
        return;
    if (meta->walk_model_hash != hash)
        meta->walk_cursor = 0;
    meta->walk_model_hash = hash;
    if (!shard->flight.walk_page)
        return;
    meta->walk_cursor = walk->cursor;
    if (!walk->last)
        return;
    meta->model_hash = hash;
    seuil_versions_write(shard->env.models, meta->versions);
    meta->walk_model_hash = meta->walk_cursor = 0;
}

static void next_meta(struct seuil_shard *shard)
{
    struct seuil_flight *flight = &shard->flight;
    struct seuil_meta *meta = &flight->meta;

    *meta = shard->meta;
    meta->seq = shard->meta.seq + 1;
    snprintf(meta->owner, sizeof(meta->owner), "%s", shard->config->owner);
    if (shard->config->cluster_id && !meta->cluster_id[0])
        snprintf(meta->cluster_id, sizeof(meta->cluster_id), "%s", shard->config->cluster_id);
    if (shard->publish.head > meta->outbox_head) /* before RUN the outbox was not looked at yet */
        meta->outbox_head = shard->publish.head;
    seuil_status_counts(shard, &meta->counts);
    meta->counts.seq = meta->seq;
    flight->halt = shard->halting;
    flight->base = flight->walk_page = false;
    if (shard->halting) {
        memcpy(meta->halt, shard->text, sizeof(meta->halt));
        if (shard->state == SEUIL_SHARD_RUN)
            next_reach(shard, meta); /* what the breaker has judged */
        return;
    }
    next_reach(shard, meta);
    next_base(shard, meta);
    next_walk(shard, meta);
    meta->outbox_tail += flight->pending.count;
}

/* The entries' bytes stand still now: turn offsets into pointers. */
static void take_pending(struct seuil_shard *shard)
{
    struct seuil_pending *pending = &shard->pending, *flight = &shard->flight.pending;
    struct seuil_pending empty = *flight;
    const uint8_t *at = pending->bytes.ptr;

    assert(empty.count == 0 && empty.bytes.len == 0);
    for (uint32_t i = 0; i < pending->count; i++) {
        pending->entries[i].bytes = at;
        at += pending->entries[i].len;
    }
    *flight = *pending;
    *pending = empty;
}

/* Whether something must be written now. Acknowledgements alone wait a while for company. */
static bool due(const struct seuil_shard *shard)
{
    const struct seuil_cache_list *lists = shard->cache.lists;

    if (shard->halting || shard->grown || lists[SEUIL_LIST_URGENT].count || shard->pending.count)
        return true;
    if (shard->checkpoint.active &&
        ((seuil_checkpoint_pending(shard) && !seuil_scores_held(shard)) ||
         seuil_checkpoint_complete(shard)))
        return true;
    if (seuil_walk_page_ready(shard) || seuil_wake_emptied(shard))
        return true;
    return shard->publish.head > shard->meta.outbox_head &&
           (shard->mono >= shard->publish.trim_at || shard->state == SEUIL_SHARD_DRAIN ||
            shard->publish.head - shard->meta.outbox_head >= SEUIL_CHUNK_MAX);
}

bool seuil_commit_run(struct seuil_shard *shard)
{
    struct seuil_flight *flight = &shard->flight;
    uint32_t count = 0; /* leads, and packs of due times */
    struct seuil_tx tx;

    if (flight->busy || shard->failed || shard->cache.failed || !due(shard))
        return false;
    flight->count = flight->rearms = flight->packs = 0;
    flight->written = 0;
    if (!shard->halting) {
        seuil_arm_begin(shard);
        put_leads(shard);
        count = seuil_arm_end(shard, flight->count);
        count = seuil_wake_remove(shard, count);
        take_pending(shard);
    }
    if (shard->failed)
        return false; /* the next turn drops everything: nothing was sent */
    next_meta(shard);
    tx = (struct seuil_tx){
        .token = shard->token,
        .seq = shard->meta.seq,
        .meta = &flight->meta,
        .leads = shard->tx_leads,
        .lead_count = count,
        .entries = flight->pending.entries,
        .entry_count = flight->pending.count,
        .trim_to = flight->meta.outbox_head,
    };
    flight->busy = true;
    flight->since = shard->mono;
    flight->cookie = ++shard->cookies;
    shard->env.store->ops->commit(shard->env.store, shard->number, &tx, flight->cookie);
    return true;
}

/* Rule 12: a lead is clean only if nothing happened to it since it was sent. */
static void written(struct seuil_shard *shard, struct seuil_cached *entry)
{
    entry->in_flight = false;
    shard->cache.in_flight--;
    entry->saved = entry->sent;
    entry->armed = entry->sent_armed;
    entry->armed_by = entry->sent_by;
    if (entry->erasing && entry->version == entry->sent) {
        seuil_cache_unschedule(&shard->cache, entry);
        seuil_cache_set(&shard->cache, entry, NULL, 0);
        entry->due = SEUIL_TIME_NEVER;
        entry->expired = false;
    }
    entry->erasing = false;
    seuil_timers_note(shard, entry);
}

static void took_effect(struct seuil_shard *shard)
{
    struct seuil_flight *flight = &shard->flight;
    struct seuil_shard_counters *counters = &shard->counters;

    shard->meta = flight->meta;
    shard->grown = false;
    for (uint32_t i = 0; i < flight->count; i++)
        written(shard, flight->leads[i]);
    seuil_publish_add(shard, &flight->pending);
    counters->commits++;
    counters->leads_written += flight->written;
    counters->crossings += flight->pending.crossings;
    counters->muted += flight->pending.muted;
    counters->stale += flight->pending.stale;
    seuil_pending_clear(&flight->pending);
    if (flight->packs) {
        seuil_buf_clear(&shard->timers.packs);
        shard->timers.pack_count = 0;
    }
    flight->count = flight->rearms = flight->packs = 0;
    if (flight->base) {
        shard->checkpoint.active = false;
        shard->checkpoint.done = shard->checkpoint.frozen;
        shard->timers.blocked = 0;
        counters->checkpoints++;
    }
    if (flight->walk_page)
        seuil_walk_page_written(shard);
    if (shard->publish.head == shard->meta.outbox_head)
        shard->publish.trim_at = SEUIL_TIME_NEVER;
}

void seuil_commit_reply(struct seuil_shard *shard, const struct seuil_store_reply *reply)
{
    struct seuil_flight *flight = &shard->flight;

    if (!flight->busy || reply->cookie != flight->cookie)
        return;
    flight->busy = false;
    if (!seuil_shard_accept(shard, reply, "writing"))
        return;
    shard->backoff_ms = 0;
    if (!flight->halt) {
        took_effect(shard);
        return;
    }
    shard->meta = flight->meta;
    seuil_shard_drop(shard);
    seuil_shard_enter(shard, shard->draining ? SEUIL_SHARD_OFF : SEUIL_SHARD_HALT);
}
