/* A sink: an idempotent producer and the list of what it has not reported yet. One failed delivery
 * ends the producer: all that is not reported is reported as failed, once, in the order in which it
 * was sent; then a new producer is made. */

#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "base/heap.h"
#include "stream/kafka_int.h"

#define RING          16384 /* records sent and not yet reported; a power of two */
#define REPLACE_MS    200   /* between the end of a producer and the next */
#define FLUSH_POLL_MS 10

enum slot_state { SLOT_FREE, SLOT_SENT, SLOT_ACKED };

struct slot {
    enum slot_state state;
    uint32_t shard;
    uint64_t tenure, cookie;
};

struct sink {
    struct seuil_sink base; /* first */
    struct seuil_kafka *kafka;
    rd_kafka_t *rk; /* NULL: being replaced, after head .. tail were told to have failed */
    rd_kafka_queue_t *reports;
    seuil_time_ms replace_at; /* monotonic */
    int wake_fd;
    uint64_t head, tail, acked; /* slots[head .. tail); how many of them are ACKED */
    uint64_t told; /* ACKED slots are looked for from here; those before are told or still SENT */
    struct slot slots[RING];
};

static struct slot *slot_at(struct sink *sink, uint64_t number)
{
    return &sink->slots[number & (RING - 1)];
}

/* ---- the producer -------------------------------------------------------------------------- */

static void watch_reports(struct sink *sink)
{
    static const uint64_t one = 1;

    if (sink->reports)
        rd_kafka_queue_io_event_enable(sink->reports, sink->wake_fd, &one, sizeof(one));
}

static int open_producer(struct sink *sink, struct seuil_error *err)
{
    sink->rk = seuil_kafka_client(sink->kafka, KAFKA_PRODUCER, err);
    if (!sink->rk)
        return SEUIL_ERR_CONFIG;
    sink->reports = rd_kafka_queue_get_main(sink->rk);
    watch_reports(sink);
    return 0;
}

static void close_producer(struct sink *sink)
{
    if (!sink->rk)
        return;
    rd_kafka_queue_io_event_enable(sink->reports, -1, NULL, 0);
    rd_kafka_queue_destroy(sink->reports);
    seuil_kafka_reap(sink->rk, true);
    sink->rk = NULL;
    sink->reports = NULL;
}

/* @topic NULL: of any. */
static void fail(struct sink *sink, const char *topic, const char *why)
{
    if (!sink->rk)
        return;
    seuil_kafka_say(sink->kafka, SEUIL_KAFKA_WARNING,
                    "a record%s%s could not be delivered: %s; a new producer sends everything "
                    "unacknowledged again",
                    topic ? " for topic " : "", topic ? topic : "", why);
    close_producer(sink);
    sink->replace_at = seuil_kafka_mono_ms() + REPLACE_MS;
}

/* True when there is a producer to use. */
static bool ready(struct sink *sink)
{
    struct seuil_error err;

    if (sink->rk)
        return true;
    if (sink->head < sink->tail || seuil_kafka_mono_ms() < sink->replace_at)
        return false;
    if (!open_producer(sink, &err))
        return true;
    sink->replace_at = seuil_kafka_mono_ms() + REPLACE_MS;
    return false;
}

/* ---- sending ------------------------------------------------------------------------------- */

static const char *topic_of(const struct seuil_kafka *kafka, unsigned destination)
{
    switch (destination) {
    case SEUIL_DEST_OUTBOUND:
        return kafka->outbound;
    case SEUIL_DEST_SCORES:
        return kafka->scores;
    case SEUIL_DEST_DEAD_LETTERS:
        return kafka->dead_letters;
    case SEUIL_DEST_INTERNAL:
        return kafka->topics[SEUIL_TOPIC_INTERNAL].name;
    default:
        return NULL;
    }
}

/* A topic with as many partitions as the inputs is partitioned as they are: a lead's crossings lie
 * where its events lie. Else, and between shards, the key decides as in Java. */
static int32_t partition_of(const struct seuil_kafka *kafka, unsigned destination, uint32_t shard)
{
    if (destination != SEUIL_DEST_INTERNAL &&
        kafka->destination_partitions[destination] == kafka->partitions)
        return (int32_t)shard;
    return RD_KAFKA_PARTITION_UA;
}

static rd_kafka_headers_t *headers_of(const struct seuil_entry_view *entry)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(entry->header_count);

    for (uint32_t i = 0; i < entry->header_count; i++)
        rd_kafka_header_add(headers, entry->headers[i].name.ptr,
                            (ssize_t)entry->headers[i].name.len, entry->headers[i].value,
                            (ssize_t)entry->headers[i].value_len);
    return headers;
}

static rd_kafka_resp_err_t produce(struct sink *sink, uint32_t shard, const char *topic,
                                   const struct seuil_entry_view *entry)
{
    rd_kafka_headers_t *headers = entry->header_count ? headers_of(entry) : NULL;
    int32_t partition = partition_of(sink->kafka, entry->destination, shard);
    void *opaque = (void *)(uintptr_t)sink->tail;
    rd_kafka_resp_err_t code;

    if (!headers)
        return rd_kafka_producev(sink->rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                                 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                 RD_KAFKA_V_KEY(entry->key.ptr, entry->key.len),
                                 RD_KAFKA_V_VALUE((void *)entry->value, entry->value_len),
                                 RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
    code = rd_kafka_producev(
        sink->rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(entry->key.ptr, entry->key.len),
        RD_KAFKA_V_VALUE((void *)entry->value, entry->value_len), RD_KAFKA_V_OPAQUE(opaque),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    if (code)
        rd_kafka_headers_destroy(headers);
    return code;
}

static int sink_send(struct seuil_sink *base, uint32_t shard, uint64_t tenure, uint64_t cookie,
                     const struct seuil_entry_view *entry, struct seuil_error *err)
{
    struct sink *sink = (struct sink *)base;
    const char *topic = topic_of(sink->kafka, entry->destination);
    rd_kafka_resp_err_t code;

    if (!topic)
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "no topic is set for destination %u",
                               (unsigned)entry->destination);
    if (!ready(sink) || sink->tail - sink->head == RING)
        return SEUIL_ERR_BACKOFF;
    code = produce(sink, shard, topic, entry);
    switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        *slot_at(sink, sink->tail) = (struct slot){SLOT_SENT, shard, tenure, cookie};
        sink->tail++;
        return 0;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        return seuil_error_set(err, SEUIL_ERR_LIMIT,
                               "a record of %u bytes for %s is larger than message.max.bytes",
                               entry->value_len, topic);
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        return SEUIL_ERR_BACKOFF;
    default: /* fatal: the producer takes nothing any more */
        fail(sink, topic, rd_kafka_err2str(code));
        return SEUIL_ERR_BACKOFF;
    }
}

/* ---- reports ------------------------------------------------------------------------------- */

static void take_reports(struct sink *sink, rd_kafka_event_t *rkev)
{
    const rd_kafka_message_t *message;

    while ((message = rd_kafka_event_message_next(rkev))) {
        struct slot *slot = slot_at(sink, (uintptr_t)message->_private);

        if (message->err) {
            fail(sink, message->rkt ? rd_kafka_topic_name(message->rkt) : NULL,
                 rd_kafka_err2str(message->err));
            return;
        }
        slot->state = SLOT_ACKED;
        sink->acked++;
        if ((uintptr_t)message->_private < sink->told)
            sink->told = (uintptr_t)message->_private;
    }
}

/* Take what librdkafka has to say, for at most @timeout_ms: true when something came. */
static bool serve(struct sink *sink, int timeout_ms)
{
    rd_kafka_event_t *rkev = sink->rk ? rd_kafka_queue_poll(sink->reports, timeout_ms) : NULL;
    char text[512];

    if (!rkev)
        return false;
    if (rd_kafka_event_type(rkev) == RD_KAFKA_EVENT_DR) {
        take_reports(sink, rkev);
    } else if (rd_kafka_event_type(rkev) == RD_KAFKA_EVENT_ERROR) {
        if (rd_kafka_event_error_is_fatal(rkev)) {
            rd_kafka_fatal_error(sink->rk, text, sizeof(text));
            fail(sink, NULL, text);
        } else {
            seuil_kafka_say(sink->kafka, SEUIL_KAFKA_WARNING, "Kafka producer: %s",
                            rd_kafka_event_error_string(rkev));
        }
    }
    rd_kafka_event_destroy(rkev);
    return true;
}

static int tell(struct sink *sink, struct slot *slot, bool ok, struct seuil_delivery *ret_delivery)
{
    *ret_delivery = (struct seuil_delivery){slot->shard, slot->tenure, slot->cookie, ok};
    slot->state = SLOT_FREE;
    while (sink->head < sink->tail && slot_at(sink, sink->head)->state == SLOT_FREE)
        sink->head++;
    return 1;
}

/* The next acknowledged one. Reports of one partition come in order, those of different ones do
 * not. */
static int tell_acked(struct sink *sink, struct seuil_delivery *ret_delivery)
{
    if (sink->told < sink->head)
        sink->told = sink->head;
    for (; sink->acked > 0; sink->told++) {
        struct slot *slot = slot_at(sink, sink->told);

        if (slot->state != SLOT_ACKED)
            continue;
        sink->acked--;
        sink->told++;
        return tell(sink, slot, true, ret_delivery);
    }
    return 0;
}

static int sink_poll(struct seuil_sink *base, struct seuil_delivery *ret_delivery)
{
    struct sink *sink = (struct sink *)base;

    if (sink->acked == 0)
        serve(sink, 0);
    if (tell_acked(sink, ret_delivery))
        return 1;
    if (!sink->rk && sink->head < sink->tail)
        return tell(sink, slot_at(sink, sink->head), false, ret_delivery);
    return 0;
}

static void sink_flush(struct seuil_sink *base, int timeout_ms)
{
    struct sink *sink = (struct sink *)base;
    seuil_time_ms until = seuil_kafka_mono_ms() + timeout_ms;

    while (sink->rk && sink->tail - sink->head > sink->acked && seuil_kafka_mono_ms() < until)
        serve(sink, FLUSH_POLL_MS);
}

static void sink_watch(struct seuil_sink *base, int fd)
{
    struct sink *sink = (struct sink *)base;

    sink->wake_fd = fd;
    watch_reports(sink);
}

static void sink_free(struct seuil_sink *base)
{
    struct sink *sink = (struct sink *)base;

    close_producer(sink);
    seuil_heap_free(sink);
}

static const struct seuil_sink_ops ops = {
    .send = sink_send,
    .poll = sink_poll,
    .flush = sink_flush,
    .watch = sink_watch,
    .free = sink_free,
};

struct seuil_sink *seuil_kafka_sink_new(struct seuil_kafka *kafka, struct seuil_error *err)
{
    struct sink *sink = seuil_heap_zalloc(1, sizeof(*sink));

    if (!sink) {
        seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory for a producer");
        return NULL;
    }
    sink->base.ops = &ops;
    sink->kafka = kafka;
    sink->wake_fd = -1;
    if (open_producer(sink, err)) {
        seuil_heap_free(sink);
        return NULL;
    }
    return &sink->base;
}
