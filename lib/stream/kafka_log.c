/* Questions to the log, by any thread, over the client that has no lanes: nothing queues behind a
 * long poll there. */

#include <librdkafka/rdkafka.h>

#include "base/hash.h"
#include "stream/kafka_int.h"

#define ASK_MS       3000
#define READ_BACK_MS 3000

/* A question that is not answered holds its thread, a worker's with all its shards, for the whole
 * time-out. Then for so long nobody asks: whatever the number of shards, a worker is held once in a
 * while, not by each of them in turn. */
#define QUIET_MS 2000
#define SLOW_MS  1000

bool seuil_kafka_may_ask(struct seuil_kafka *kafka)
{
    return seuil_kafka_mono_ms() >= atomic_load(&kafka->quiet_until);
}

void seuil_kafka_asked(struct seuil_kafka *kafka, seuil_time_ms since, bool answered)
{
    seuil_time_ms now = seuil_kafka_mono_ms();

    if (!answered && now - since >= SLOW_MS)
        atomic_store(&kafka->quiet_until, now + QUIET_MS);
}

static bool exists(struct seuil_kafka *kafka, uint32_t topic)
{
    return atomic_load(&kafka->topics[topic].exists);
}

/* ListOffsets of one partition: the first offset at or after @timestamp, -1 when there is none; or
 * one of the two ends. rd_kafka_query_watermark_offsets would do for those, but librdkafka 2.0.2
 * forgets its time-out when the broker goes away. */
#define TIMESTAMP_START (-2)
#define TIMESTAMP_END   (-1)

static int list_offset(struct seuil_kafka *kafka, uint32_t shard, uint32_t topic, int64_t timestamp,
                       int64_t *ret_offset)
{
    seuil_time_ms begun = seuil_kafka_mono_ms();
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_topic_partition_t *one;
    rd_kafka_resp_err_t code;

    if (!seuil_kafka_may_ask(kafka))
        return SEUIL_ERR_BACKOFF;
    list = rd_kafka_topic_partition_list_new(1);
    one = rd_kafka_topic_partition_list_add(list, kafka->topics[topic].name, (int32_t)shard);
    one->offset = timestamp;
    code = rd_kafka_offsets_for_times(kafka->side, list, ASK_MS);
    seuil_kafka_asked(kafka, begun, !code);
    if (!code)
        code = one->err;
    if (!code)
        *ret_offset = one->offset;
    rd_kafka_topic_partition_list_destroy(list);
    return code ? SEUIL_ERR_BACKOFF : 0;
}

int seuil_kafka_watermarks(struct seuil_source *source, uint32_t shard, uint32_t topic,
                           int64_t *ret_start, int64_t *ret_end)
{
    struct seuil_kafka *kafka = kafka_of(source);
    int64_t start = 0, end = 0;
    int code;

    if (!seuil_kafka_lane(kafka, topic, shard))
        return SEUIL_ERR_INVALID;
    if (exists(kafka, topic)) {
        code = list_offset(kafka, shard, topic, TIMESTAMP_START, &start);
        if (!code)
            code = list_offset(kafka, shard, topic, TIMESTAMP_END, &end);
        if (code)
            return code;
        if (start < 0 || end < start)
            return SEUIL_ERR_BACKOFF;
    }
    *ret_start = start;
    *ret_end = end;
    return 0;
}

int seuil_kafka_offset_of_time(struct seuil_source *source, uint32_t shard, uint32_t topic,
                               seuil_time_ms time, int64_t *ret_offset)
{
    struct seuil_kafka *kafka = kafka_of(source);
    int64_t offset = 0;
    int code = 0;

    if (!seuil_kafka_lane(kafka, topic, shard))
        return SEUIL_ERR_INVALID;
    if (exists(kafka, topic)) {
        code = list_offset(kafka, shard, topic, time < 0 ? 0 : time, &offset);
        if (!code && offset < 0)
            code = list_offset(kafka, shard, topic, TIMESTAMP_END, &offset);
        if (code)
            return code;
    }
    *ret_offset = offset;
    return 0;
}

/* The first record at or after @offset, given to @use, with librdkafka's simple interface: one
 * partition for a moment, no group. One reader for each partition at a time, as each has one
 * owner. */
static int read_from(struct seuil_kafka *kafka, uint32_t shard, uint32_t topic, int64_t offset,
                     void (*use)(void *ctx, const rd_kafka_message_t *message), void *ctx)
{
    rd_kafka_topic_t *rkt = kafka->topics[topic].side_rkt;
    seuil_time_ms begun = seuil_kafka_mono_ms(), until = begun + READ_BACK_MS;
    int code = SEUIL_ERR_BACKOFF;

    if (!exists(kafka, topic))
        return SEUIL_ERR_MISSING;
    if (!seuil_kafka_may_ask(kafka))
        return SEUIL_ERR_BACKOFF;
    if (rd_kafka_consume_start(rkt, (int32_t)shard, offset))
        return SEUIL_ERR_BACKOFF;
    while (code == SEUIL_ERR_BACKOFF && seuil_kafka_mono_ms() < until) {
        rd_kafka_message_t *message =
            rd_kafka_consume(rkt, (int32_t)shard, (int)(until - seuil_kafka_mono_ms()));

        if (!message)
            break;
        if (!message->err) {
            code = 0;
            use(ctx, message);
        } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF ||
                   message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
                   message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
            code = SEUIL_ERR_MISSING;
        }
        rd_kafka_message_destroy(message);
    }
    rd_kafka_consume_stop(rkt, (int32_t)shard);
    seuil_kafka_asked(kafka, begun, code != SEUIL_ERR_BACKOFF);
    return code;
}

struct seen {
    int64_t offset;
    seuil_time_ms time;
    uint64_t hash;
};

static void see(void *ctx, const rd_kafka_message_t *message)
{
    struct seen *seen = ctx;
    struct seuil_str key = {message->key, (uint32_t)message->key_len};

    seen->offset = message->offset;
    seen->time = seuil_kafka_record_ms(message);
    seen->hash = seuil_record_hash(key, message->payload, (uint32_t)message->len);
}

int seuil_kafka_read_back(struct seuil_source *source, uint32_t shard, uint32_t topic,
                          int64_t offset, seuil_time_ms *ret_time, uint64_t *ret_hash)
{
    struct seuil_kafka *kafka = kafka_of(source);
    struct seen seen;
    int code;

    if (!seuil_kafka_lane(kafka, topic, shard) || offset < 0)
        return SEUIL_ERR_INVALID;
    code = read_from(kafka, shard, topic, offset, see, &seen);
    if (code)
        return code;
    if (seen.offset != offset)
        return SEUIL_ERR_MISSING;
    *ret_time = seen.time;
    *ret_hash = seen.hash;
    return 0;
}

int seuil_kafka_first_from(struct seuil_kafka *kafka, uint32_t shard, uint32_t topic,
                           int64_t offset, int64_t *ret_first)
{
    struct seen seen;
    int code = read_from(kafka, shard, topic, offset, see, &seen);

    if (!code)
        *ret_first = seen.offset;
    return code;
}
