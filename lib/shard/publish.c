/* The outbox to the outbound topic (rule 17): in index order, only what a transaction has made a
 * fact, again from the first entry not acknowledged whenever a delivery fails. */

#include <assert.h>
#include <string.h>

#include "base/heap.h"
#include "shard/internal.h"

#define READ_ENTRIES 256

void seuil_publish_drop(struct seuil_shard *shard)
{
    struct seuil_publish *publish = &shard->publish;
    uint64_t tenure = publish->tenure;

    for (uint64_t i = publish->head; i < publish->tail; i++)
        seuil_heap_free(publish->ring[i & publish->mask].bytes);
    seuil_heap_free(publish->ring);
    *publish = (struct seuil_publish){.tenure = tenure, .trim_at = SEUIL_TIME_NEVER};
}

void seuil_publish_begin(struct seuil_shard *shard)
{
    struct seuil_publish *publish = &shard->publish;

    assert(publish->tail == 0);
    publish->head = publish->sent = publish->tail = shard->meta.outbox_head;
    publish->read_to = shard->meta.outbox_tail;
    publish->trim_at = SEUIL_TIME_NEVER;
    publish->tenure++; /* a report of an earlier token says nothing about this one */
}

static int grow(struct seuil_publish *publish)
{
    uint64_t size = publish->ring ? 2 * (publish->mask + 1) : 64;
    struct seuil_outgoing *ring = seuil_heap_zalloc(size, sizeof(*ring));

    if (!ring)
        return SEUIL_ERR_NOMEM;
    for (uint64_t i = publish->head; i < publish->tail; i++)
        ring[i & (size - 1)] = publish->ring[i & publish->mask];
    seuil_heap_free(publish->ring);
    publish->ring = ring;
    publish->mask = size - 1;
    return 0;
}

static int append(struct seuil_publish *publish, const uint8_t *bytes, uint32_t len)
{
    uint8_t *copy;

    if ((!publish->ring || publish->tail - publish->head > publish->mask) && grow(publish) != 0)
        return SEUIL_ERR_NOMEM;
    copy = seuil_heap_alloc(len);
    if (!copy)
        return SEUIL_ERR_NOMEM;
    memcpy(copy, bytes, len);
    publish->ring[publish->tail++ & publish->mask] = (struct seuil_outgoing){copy, len, false};
    return 0;
}

/* The entries of a transaction that took effect. While older ones are still to be read back from
 * Redis, these are read from there too. */
void seuil_publish_add(struct seuil_shard *shard, const struct seuil_pending *pending)
{
    struct seuil_publish *publish = &shard->publish;

    if (publish->tail < publish->read_to) {
        publish->read_to = shard->meta.outbox_tail;
        return;
    }
    for (uint32_t i = 0; i < pending->count; i++)
        if (append(publish, pending->entries[i].bytes, pending->entries[i].len) != 0) {
            shard->failed = true;
            return;
        }
    publish->read_to = publish->tail;
    assert(publish->tail == shard->meta.outbox_tail);
}

void seuil_publish_reply(struct seuil_shard *shard, const struct seuil_store_reply *reply)
{
    struct seuil_publish *publish = &shard->publish;

    if (!publish->asked || reply->cookie != publish->cookie ||
        !seuil_shard_accept(shard, reply, "reading the outbox"))
        return;
    publish->asked = false;
    if (reply->item_count == 0) {
        seuil_shard_doubt(shard, "reading the outbox: entries are missing");
        return;
    }
    for (uint32_t i = 0; i < reply->item_count && publish->tail < publish->read_to; i++) {
        if (reply->items[i].index != publish->tail) {
            seuil_shard_doubt(shard, "reading the outbox: entries are missing");
            return;
        }
        if (append(publish, reply->items[i].bytes, reply->items[i].len) != 0) {
            shard->failed = true;
            return;
        }
    }
}

static void send(struct seuil_shard *shard)
{
    struct seuil_publish *publish = &shard->publish;
    struct seuil_sink *sink = shard->env.sink;

    while (publish->sent < publish->tail) {
        const struct seuil_outgoing *out = &publish->ring[publish->sent & publish->mask];
        struct seuil_entry_view entry;
        struct seuil_error err = {0};
        int rc;

        if (!out->acked) {
            if (seuil_outbox_unpack(out->bytes, out->len, &entry) != 0) {
                seuil_shard_halt(shard, "an outbox entry in Redis is damaged. Restore it, or "
                                        "`seuilctl rebuild` the shard");
                return;
            }
            rc = sink->ops->send(sink, shard->number, publish->tenure, publish->sent << 1, &entry,
                                 &err);
            if (rc == SEUIL_ERR_LIMIT) {
                seuil_shard_halt(shard,
                                 "the outbound topic does not take a crossing: %s. Raise its "
                                 "max.message.bytes, then `seuilctl go-on`",
                                 err.text);
                return;
            }
            if (rc != 0) {
                seuil_shard_wake_at(shard, shard->mono + 20);
                return;
            }
        }
        publish->sent++;
    }
}

bool seuil_publish_run(struct seuil_shard *shard)
{
    struct seuil_publish *publish = &shard->publish;

    if (shard->state != SEUIL_SHARD_RUN && shard->state != SEUIL_SHARD_DRAIN)
        return false;
    if (publish->tail < publish->read_to && !publish->asked &&
        publish->tail - publish->head < SEUIL_OUTBOX_PENDING_MAX) {
        publish->asked = true;
        publish->cookie = ++shard->cookies;
        shard->env.store->ops->outbox(shard->env.store, shard->number, publish->tail, READ_ENTRIES,
                                      publish->cookie);
    }
    if (!shard->halting)
        send(shard);
    if (publish->head > shard->meta.outbox_head)
        seuil_shard_wake_at(shard, publish->trim_at);
    return false;
}

void seuil_publish_delivery(struct seuil_shard *shard, uint64_t index)
{
    struct seuil_publish *publish = &shard->publish;

    if (index < publish->head || index >= publish->sent)
        return;
    if (!publish->ring[index & publish->mask].acked)
        shard->counters.published++;
    publish->ring[index & publish->mask].acked = true;
    while (publish->head < publish->tail && publish->ring[publish->head & publish->mask].acked) {
        seuil_heap_free(publish->ring[publish->head & publish->mask].bytes);
        publish->ring[publish->head & publish->mask].bytes = NULL;
        publish->head++;
    }
    if (publish->sent < publish->head)
        publish->sent = publish->head;
    if (publish->trim_at == SEUIL_TIME_NEVER && publish->head > shard->meta.outbox_head)
        publish->trim_at = shard->mono + SEUIL_TRIM_MS;
    shard->progress = shard->mono;
}

void seuil_publish_again(struct seuil_shard *shard)
{
    shard->counters.producer_resets++;
    shard->publish.tenure++;
    shard->publish.sent = shard->publish.head;
    shard->dead.sent = shard->dead.head;
    seuil_shard_tell(shard, SEUIL_LEVEL_WARNING,
                     "a delivery failed: sending again from the first record not acknowledged");
}
