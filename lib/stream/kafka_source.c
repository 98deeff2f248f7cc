/* The lanes: a partition queue each, popped in batches without waiting. */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "stream/kafka_int.h"

#define SEEK_MS 3000
/* Of each record, so that those of a batch leave room in the processor's cache. */
#define TOUCH_BYTES 256
#define LINE_BYTES  64

void seuil_kafka_release(struct kafka_lane *lane)
{
    for (uint32_t i = 0; i < lane->held; i++)
        rd_kafka_message_destroy(lane->messages[i]);
    lane->held = 0;
}

seuil_time_ms seuil_kafka_record_ms(const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t kind;
    seuil_time_ms time = rd_kafka_message_timestamp(message, &kind);

    return time < -1 ? -1 : time;
}

static void complain(struct seuil_lane *lane, int code, const char *topic,
                     const rd_kafka_message_t *message)
{
    lane->error = code;
    snprintf(lane->text, sizeof(lane->text), "%s[%u]: %s", topic, lane->shard,
             rd_kafka_message_errstr(message));
}

/* A message that is no record. */
static void take_event(struct seuil_kafka *kafka, struct kafka_lane *l, struct seuil_lane *lane,
                       const rd_kafka_message_t *message)
{
    const char *topic = kafka->topics[lane->topic].name;

    switch (message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        if (message->offset < l->next)
            break; /* of before a seek */
        l->eof = l->next = message->offset;
        l->at_eof = true;
        l->first = false;
        lane->error = 0;
        break;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
        /* librdkafka has stopped this fetch for good. */
        l->broken = true;
        lane->error = SEUIL_ERR_HALTED;
        snprintf(lane->text, sizeof(lane->text),
                 "%s[%u]: the log does not have offset %lld (any more, or yet): %s", topic,
                 lane->shard, (long long)l->next, rd_kafka_message_errstr(message));
        break;
    default:
        complain(lane, SEUIL_ERR_BACKOFF, topic, message);
    }
}

/* Key and value, which lie one behind the other, were written by the client's thread. Touched for a
 * whole batch at once, their ways through the caches and page tables overlap. Prefetching alone is
 * no help: it may be left out where the processor does not know the page. */
static void touch(const rd_kafka_message_t *message)
{
    const char *at = message->key ? message->key : message->payload;
    size_t len = message->key_len + message->len;

    if (len)
        (void)*(const volatile char *)at;
    for (size_t i = LINE_BYTES; i < len && i < TOUCH_BYTES; i += LINE_BYTES)
        __builtin_prefetch(at + i);
}

static bool take_record(struct kafka_lane *l, struct seuil_lane *lane, rd_kafka_message_t *message)
{
    struct seuil_record_in *record = &lane->records[lane->count];

    if (message->offset < l->next)
        return false; /* of before a seek */
    touch(message);
    l->next = message->offset + 1;
    l->at_eof = false;
    record->offset = message->offset;
    record->time = seuil_kafka_record_ms(message);
    record->key = (struct seuil_str){message->key, (uint32_t)message->key_len};
    record->value = message->payload;
    record->value_len = (uint32_t)message->len;
    record->handle = message;
    l->messages[l->held++] = message;
    lane->count++;
    lane->error = 0;
    return true;
}

/* What comes first after a seek, a record or the end, lies beyond the offset sought. That is right
 * only when the log has nothing between (compaction, control records): look. */
static bool is_astray(struct seuil_kafka *kafka, const struct kafka_lane *l,
                      const struct seuil_lane *lane, const rd_kafka_message_t *message)
{
    int64_t there;
    int code;

    if (!l->first || message->offset <= l->next ||
        (message->err && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF))
        return false;
    code = seuil_kafka_first_from(kafka, lane->shard, lane->topic, l->next, &there);
    if (message->err && code == SEUIL_ERR_MISSING)
        return false; /* nothing up to the end */
    return code || there < message->offset;
}

/* What is known of the end. A fetch tells the high watermark: while records are still to come it
 * keeps the lane from looking caught up with an old answer. At EOF it is no better than the EOF,
 * and worse when a transaction is open. After trouble with Kafka it is unknown until it is asked
 * for anew. */
static void tell_end(struct seuil_kafka *kafka, struct kafka_lane *l, struct seuil_lane *lane)
{
    int64_t end = l->answer, low, high;

    if ((l->at_eof || l->eof > 0) && l->eof > end)
        end = l->eof;
    if (!l->at_eof && lane->count < SEUIL_LANE_BATCH && end <= l->next &&
        !rd_kafka_get_watermark_offsets(kafka->rk, kafka->topics[lane->topic].name,
                                        (int32_t)lane->shard, &low, &high) &&
        high > end)
        end = high;
    lane->end = l->answer_asked < atomic_load(&kafka->troubled_ms) ? -1 : end;
    lane->end_asked = l->answer_asked;
    lane->eof = l->eof;
}

static void take_all(struct seuil_kafka *kafka, struct kafka_lane *l, struct seuil_lane *lane,
                     ssize_t count)
{
    for (ssize_t i = 0; i < count; i++) {
        rd_kafka_message_t *message = l->messages[i];

        if (is_astray(kafka, l, lane, message)) {
            seuil_kafka_say(kafka, SEUIL_KAFKA_WARNING,
                            "%s[%u]: offset %lld came where %lld should have; fetching again",
                            kafka->topics[lane->topic].name, lane->shard,
                            (long long)message->offset, (long long)l->next);
            l->sought = false; /* the seek below makes it true again */
            l->astray = true;
            for (; i < count; i++)
                rd_kafka_message_destroy(l->messages[i]);
            return;
        }
        if (message->err) {
            take_event(kafka, l, lane, message);
            rd_kafka_message_destroy(message);
            continue;
        }
        if (take_record(l, lane, message))
            l->first = false;
        else
            rd_kafka_message_destroy(message);
    }
}

/* A lane without a queue belongs to an optional topic that does not exist: an empty log. */
static void fill_empty(struct seuil_lane *lane)
{
    lane->end = lane->eof = 0;
    lane->end_asked = seuil_kafka_wall_ms();
}

int seuil_kafka_fill(struct seuil_source *source, struct seuil_lane *lane)
{
    struct seuil_kafka *kafka = kafka_of(source);
    struct kafka_lane *l = seuil_kafka_lane(kafka, lane->topic, lane->shard);
    int64_t again = KAFKA_NOWHERE;

    lane->head = lane->count = 0;
    if (!l)
        return SEUIL_ERR_INVALID;
    seuil_kafka_release(l);
    pthread_mutex_lock(&l->lock);
    if (l->state == KAFKA_LANE_ON && l->sought && !l->queue) {
        fill_empty(lane);
    } else if (l->state == KAFKA_LANE_ON && l->sought) {
        ssize_t count = rd_kafka_consume_batch_queue(l->queue, 0, l->messages, SEUIL_LANE_BATCH);

        take_all(kafka, l, lane, count < 0 ? 0 : count);
        if (l->sought)
            tell_end(kafka, l, lane);
    }
    if (l->state == KAFKA_LANE_ON && l->astray)
        again = l->next;
    pthread_mutex_unlock(&l->lock);
    if (again != KAFKA_NOWHERE)
        seuil_kafka_seek(source, lane, again);
    return 0;
}

/* ---- seeking ------------------------------------------------------------------------------- */

static void sought(struct kafka_lane *l, struct seuil_lane *lane, int64_t offset)
{
    l->next = offset;
    l->sought = l->first = true;
    l->astray = false;
    l->at_eof = false;
    l->eof = 0;
    lane->eof = 0;
    lane->error = 0;
    lane->text[0] = 0;
}

int seuil_kafka_seek(struct seuil_source *source, struct seuil_lane *lane, int64_t offset)
{
    struct seuil_kafka *kafka = kafka_of(source);
    struct kafka_lane *l = seuil_kafka_lane(kafka, lane->topic, lane->shard);
    rd_kafka_resp_err_t code;
    uint32_t opened = 0;
    bool direct = false;
    int result = SEUIL_ERR_BACKOFF;

    if (!l || offset < 0)
        return SEUIL_ERR_INVALID;
    lane->head = lane->count = 0;
    seuil_kafka_release(l);
    pthread_mutex_lock(&l->lock);
    if (l->state == KAFKA_LANE_OFFERED || (l->state == KAFKA_LANE_ON && !l->queue)) {
        l->start = offset;
        sought(l, lane, offset);
        result = 0;
    } else if (l->state == KAFKA_LANE_ON && l->broken) {
        l->start = offset;
        l->state = KAFKA_LANE_STOPPED;
        atomic_store(&kafka->restart, true);
    } else if (l->state == KAFKA_LANE_ON) {
        l->sought = false;
        opened = l->opened;
        direct = true;
    }
    pthread_mutex_unlock(&l->lock);
    if (!direct)
        return result;

    /* Without the lock: the main thread must be able to take the lane away meanwhile. The client
     * itself answers, whether or not a broker does. */
    code = rd_kafka_seek(kafka->topics[lane->topic].rkt, (int32_t)lane->shard, offset, SEEK_MS);
    pthread_mutex_lock(&l->lock);
    if (!code && l->state == KAFKA_LANE_ON && l->opened == opened) {
        sought(l, lane, offset);
        result = 0;
    }
    pthread_mutex_unlock(&l->lock);
    return result;
}

/* ---- headers ------------------------------------------------------------------------------- */

bool seuil_kafka_header(struct seuil_source *source, const struct seuil_record_in *record,
                        const char *name, struct seuil_str *ret_value)
{
    rd_kafka_headers_t *headers;
    const void *value;
    size_t size;

    (void)source;
    if (rd_kafka_message_headers(record->handle, &headers) ||
        rd_kafka_header_get_last(headers, name, &value, &size))
        return false;
    *ret_value = (struct seuil_str){value, value ? (uint32_t)size : 0};
    return true;
}

uint32_t seuil_kafka_headers(struct seuil_source *source, const struct seuil_record_in *record,
                             struct seuil_header *ret_headers, uint32_t max)
{
    rd_kafka_headers_t *headers;
    const void *value;
    const char *name;
    size_t size;
    uint32_t count = 0;

    (void)source;
    if (rd_kafka_message_headers(record->handle, &headers))
        return 0;
    while (count < max && !rd_kafka_header_get_all(headers, count, &name, &value, &size)) {
        ret_headers[count].name = seuil_str_from(name);
        ret_headers[count].value = value;
        ret_headers[count].value_len = value ? (uint32_t)size : 0;
        count++;
    }
    return count;
}
