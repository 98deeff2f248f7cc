/* The outbox to the outbound topic, and to that of the scores (rule 17): in index order, only what
 * a transaction has made a fact, again from the first entry not acknowledged whenever a delivery
 * fails. */

#include <assert.h>
#include <string.h>

#include "base/heap.h"
#include "shard/internal.h"

/* All that a few transactions wrote: Redis gives these as wholes, however many are asked for. */
#define READ_ENTRIES 4096
/* Behind, so many are gathered, at most for so long; sent together they fit into one batch of
 * librdkafka (batch.size is 1,000,000). */
#define TOGETHER       2048
#define TOGETHER_BYTES (900u << 10)
#define HOLD_MS        100

/* Bytes kept while nothing waits to be acknowledged. */
#define KEEP_BYTES (4u << 20)

void seuil_publish_drop(struct seuil_shard *shard)
{
    struct seuil_publish *publish = &shard->publish;
    uint64_t tenure = publish->tenure;

    seuil_buf_done(&publish->bytes);
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

static struct seuil_outgoing *outgoing_at(struct seuil_publish *publish, uint64_t index)
{
    return &publish->ring[index & publish->mask];
}

static const uint8_t *bytes_of(const struct seuil_publish *publish,
                               const struct seuil_outgoing *out)
{
    return publish->bytes.ptr + (out->at - publish->begins);
}

static int grow(struct seuil_publish *publish)
{
    uint64_t size = publish->ring ? 2 * (publish->mask + 1) : 64;
    struct seuil_outgoing *ring = seuil_heap_zalloc(size, sizeof(*ring));

    if (!ring)
        return SEUIL_ERR_NOMEM;
    for (uint64_t i = publish->head; i < publish->tail; i++)
        ring[i & (size - 1)] = *outgoing_at(publish, i);
    seuil_heap_free(publish->ring);
    publish->ring = ring;
    publish->mask = size - 1;
    return 0;
}

/* Of the bytes, those of entries that are acknowledged. */
static size_t bytes_gone(const struct seuil_publish *publish)
{
    if (publish->head == publish->tail)
        return publish->bytes.len;
    return (size_t)(publish->ring[publish->head & publish->mask].at - publish->begins);
}

bool seuil_publish_full(const struct seuil_shard *shard)
{
    const struct seuil_publish *publish = &shard->publish;
    const struct seuil_pending *pending = &shard->pending, *flight = &shard->flight.pending;

    return shard->meta.outbox_tail - publish->head + pending->count + flight->count >
               SEUIL_OUTBOX_PENDING_MAX ||
           publish->bytes.len - bytes_gone(publish) + pending->bytes.len + flight->bytes.len >
               SEUIL_OUTBOX_BYTES_MAX;
}

/* Room for @len bytes more: in place of what is acknowledged, when that is half of all, so that
 * moving the rest costs no more than it came for. */
static int make_room(struct seuil_publish *publish, uint32_t len)
{
    struct seuil_buf *bytes = &publish->bytes;
    size_t gone = bytes_gone(publish);

    if (bytes->cap - bytes->len < len && gone >= bytes->len - gone) {
        if (bytes->len > gone)
            memmove(bytes->ptr, bytes->ptr + gone, bytes->len - gone);
        bytes->len -= gone;
        publish->begins += gone;
    }
    return seuil_buf_reserve(bytes, len);
}

static int append(struct seuil_publish *publish, const uint8_t *bytes, uint32_t len)
{
    if ((!publish->ring || publish->tail - publish->head > publish->mask) && grow(publish) != 0)
        return SEUIL_ERR_NOMEM;
    if (make_room(publish, len) != 0)
        return SEUIL_ERR_NOMEM;
    *outgoing_at(publish, publish->tail++) =
        (struct seuil_outgoing){.at = publish->begins + publish->bytes.len, .len = len};
    return seuil_buf_add(&publish->bytes, bytes, len);
}

/* Nothing waits: what a broker that did not answer has piled up is given back. */
static void shrink(struct seuil_publish *publish)
{
    if (publish->head == publish->tail && publish->bytes.cap > KEEP_BYTES)
        seuil_buf_done(&publish->bytes);
}

/* The entries of a transaction that took effect. While older ones are still to be read back from
 * Redis, these are read from there too. */
void seuil_publish_add(struct seuil_shard *shard, struct seuil_pending *pending)
{
    struct seuil_publish *publish = &shard->publish;

    if (publish->tail < publish->read_to) {
        publish->read_to = shard->meta.outbox_tail;
        return;
    }
    if (!pending->count)
        return;
    if (publish->sent == publish->tail)
        publish->held_since = shard->mono;
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
    uint32_t count;

    if (!publish->asked || reply->cookie != publish->cookie ||
        !seuil_shard_accept(shard, reply, "reading the outbox"))
        return;
    publish->asked = false;
    if (reply->item_count == 0) {
        seuil_shard_doubt(shard, "reading the outbox: entries are missing");
        return;
    }
    for (count = 0; count < reply->item_count && publish->tail + count < publish->read_to; count++)
        if (reply->items[count].index != publish->tail + count) {
            seuil_shard_doubt(shard, "reading the outbox: entries are missing");
            return;
        }
    for (uint32_t i = 0; i < count; i++)
        if (append(publish, reply->items[i].bytes, reply->items[i].len) != 0) {
            shard->failed = true;
            return;
        }
}

/* Behind, nobody waits for a single crossing: sent together they cost the broker a request for many
 * rather than one for each few. All shards of a worker send at the same instants, and none before
 * the broker has taken what it sent last: an idempotent producer of librdkafka 2.0.2 has one batch
 * of a partition under way, and spins while others wait for it, or through the last millisecond of
 * each linger time. */
static bool hold(struct seuil_shard *shard)
{
    struct seuil_publish *publish = &shard->publish;
    seuil_time_ms next = (publish->held_since / HOLD_MS + 1) * HOLD_MS;
    bool under_way = publish->head < publish->sent;

    if (!under_way && (publish->tail - publish->sent >= TOGETHER || shard->mono >= next))
        return false;
    seuil_shard_wake_at(shard, under_way ? shard->mono + 20 : next);
    return true;
}

/* Entry @index, which was sent, is done with. */
static void done(struct seuil_shard *shard, uint64_t index)
{
    struct seuil_publish *publish = &shard->publish;

    outgoing_at(publish, index)->acked = true;
    while (publish->head < publish->tail && outgoing_at(publish, publish->head)->acked)
        publish->head++;
    shrink(publish);
    if (publish->sent < publish->head)
        publish->sent = publish->head;
    if (publish->trim_at == SEUIL_TIME_NEVER && publish->head > shard->meta.outbox_head)
        publish->trim_at = shard->mono + SEUIL_TRIM_MS;
    shard->progress = shard->mono;
}

static void refused(struct seuil_shard *shard, uint8_t destination, const struct seuil_error *err)
{
    seuil_shard_halt(shard,
                     "the %s topic does not take %s: %s. Raise its max.message.bytes, then "
                     "`seuilctl go-on`",
                     destination == SEUIL_DEST_SCORES     ? "scores"
                     : destination == SEUIL_DEST_INTERNAL ? "internal"
                                                          : "outbound",
                     destination == SEUIL_DEST_OUTBOUND ? "a crossing" : "a record", err->text);
}

/* At least one, and no more once @bytes were sent. */
static void send(struct seuil_shard *shard, uint64_t bytes)
{
    struct seuil_publish *publish = &shard->publish;
    struct seuil_sink *sink = shard->env.sink;
    uint64_t sent = 0;

    while (publish->sent < publish->tail && sent < bytes) {
        const struct seuil_outgoing *out = outgoing_at(publish, publish->sent);
        struct seuil_entry_view entry;
        struct seuil_error err = {0};
        int rc;

        if (!out->acked) {
            if (seuil_outbox_unpack(bytes_of(publish, out), out->len, &entry) != 0) {
                seuil_shard_halt(shard, "an outbox entry in Redis is damaged. Restore it, or "
                                        "`seuilctl rebuild` the shard");
                return;
            }
            if (entry.destination == SEUIL_DEST_SCORES && !shard->config->scores) {
                done(shard, publish->sent++); /* left from when the topic was on */
                continue;
            }
            rc = sink->ops->send(sink, shard->number, publish->tenure, publish->sent << 1, &entry,
                                 &err);
            if (rc == SEUIL_ERR_LIMIT) {
                refused(shard, entry.destination, &err);
                return;
            }
            if (rc != 0) {
                seuil_shard_wake_at(shard, shard->mono + 20);
                return;
            }
        }
        publish->sent++;
        sent += out->len;
    }
}

bool seuil_publish_run(struct seuil_shard *shard)
{
    struct seuil_publish *publish = &shard->publish;

    if (shard->state != SEUIL_SHARD_RUN && shard->state != SEUIL_SHARD_DRAIN)
        return false;
    if (publish->tail < publish->read_to && !publish->asked &&
        publish->tail - publish->head < SEUIL_OUTBOX_PENDING_MAX &&
        publish->bytes.len - bytes_gone(publish) < SEUIL_OUTBOX_BYTES_MAX) {
        publish->asked = true;
        publish->cookie = ++shard->cookies;
        shard->env.store->ops->outbox(shard->env.store, shard->number, publish->tail, READ_ENTRIES,
                                      publish->cookie);
    }
    if (!shard->halting && publish->sent < publish->tail) {
        bool behind = shard->state == SEUIL_SHARD_RUN && seuil_timers_behind(shard);

        if (!behind || !hold(shard))
            send(shard, behind ? TOGETHER_BYTES : UINT64_MAX);
    }
    if (publish->head > shard->meta.outbox_head)
        seuil_shard_wake_at(shard, publish->trim_at);
    return false;
}

void seuil_publish_delivery(struct seuil_shard *shard, uint64_t index)
{
    struct seuil_publish *publish = &shard->publish;
    const struct seuil_outgoing *out;
    uint8_t destination;

    if (index < publish->head || index >= publish->sent)
        return;
    out = outgoing_at(publish, index);
    destination = seuil_outbox_destination(bytes_of(publish, out), out->len);
    if (!out->acked && destination == SEUIL_DEST_SCORES)
        shard->counters.scores++;
    else if (!out->acked && destination == SEUIL_DEST_OUTBOUND)
        shard->counters.published++;
    done(shard, index);
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
