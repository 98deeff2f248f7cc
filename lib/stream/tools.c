#include "stream/tools.h"

#include <string.h>

#include <librdkafka/rdkafka.h>

#include "base/heap.h"

#define METADATA_MS 10000

static rd_kafka_conf_t *conf_of(const struct seuil_property *properties, uint32_t count,
                                struct seuil_error *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[512];

    /* People read what these tools say: not what librdkafka warns of, such as properties of the
     * daemon's other clients. */
    rd_kafka_conf_set(conf, "log_level", "3", NULL, 0);
    for (uint32_t i = 0; i < count; i++) {
        if (rd_kafka_conf_set(conf, properties[i].name, properties[i].value, text, sizeof(text)) ==
            RD_KAFKA_CONF_OK)
            continue;
        seuil_error_set(err, SEUIL_ERR_CONFIG, "kafka.%s: %s", properties[i].name, text);
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    return conf;
}

/* ---- producer ------------------------------------------------------------------------------ */

struct seuil_producer {
    rd_kafka_t *rk;
    rd_kafka_resp_err_t failed; /* the first failed delivery */
};

static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct seuil_producer *producer = opaque;

    (void)rk;
    if (message->err && !producer->failed)
        producer->failed = message->err;
}

struct seuil_producer *seuil_producer_new(const struct seuil_property *properties, uint32_t count,
                                          struct seuil_error *err)
{
    struct seuil_producer *producer = seuil_heap_zalloc(1, sizeof(*producer));
    rd_kafka_conf_t *conf = producer ? conf_of(properties, count, err) : NULL;
    char text[512];

    if (!conf) {
        if (!producer)
            seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory for a producer");
        seuil_heap_free(producer);
        return NULL;
    }
    rd_kafka_conf_set(conf, "partitioner", "murmur2_random", NULL, 0);
    rd_kafka_conf_set(conf, "enable.idempotence", "true", NULL, 0);
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    rd_kafka_conf_set_opaque(conf, producer);
    producer->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!producer->rk) {
        seuil_error_set(err, SEUIL_ERR_CONFIG, "no Kafka producer: %s", text);
        rd_kafka_conf_destroy(conf);
        seuil_heap_free(producer);
        return NULL;
    }
    return producer;
}

static rd_kafka_headers_t *copy_headers(const struct seuil_header *headers, uint32_t count)
{
    rd_kafka_headers_t *list = rd_kafka_headers_new(count);

    for (uint32_t i = 0; i < count; i++)
        rd_kafka_header_add(list, headers[i].name.ptr, (ssize_t)headers[i].name.len,
                            headers[i].value, (ssize_t)headers[i].value_len);
    return list;
}

int seuil_producer_send_headers(struct seuil_producer *producer, const char *topic,
                                int32_t partition, struct seuil_str key, const uint8_t *value,
                                uint32_t value_len, seuil_time_ms time,
                                const struct seuil_header *headers, uint32_t header_count,
                                struct seuil_error *err)
{
    rd_kafka_headers_t *list = header_count ? copy_headers(headers, header_count) : NULL;
    rd_kafka_resp_err_t rc;

    do {
        rc = list ? rd_kafka_producev(
                        producer->rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                        RD_KAFKA_V_KEY(key.ptr, key.len),
                        RD_KAFKA_V_VALUE((void *)(uintptr_t)value, value_len),
                        RD_KAFKA_V_TIMESTAMP(time), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                        RD_KAFKA_V_HEADERS(list), RD_KAFKA_V_END)
                  : rd_kafka_producev(producer->rk, RD_KAFKA_V_TOPIC(topic),
                                      RD_KAFKA_V_PARTITION(partition),
                                      RD_KAFKA_V_KEY(key.ptr, key.len),
                                      RD_KAFKA_V_VALUE((void *)(uintptr_t)value, value_len),
                                      RD_KAFKA_V_TIMESTAMP(time),
                                      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        rd_kafka_poll(producer->rk, rc == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 10 : 0);
    } while (rc == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    if (rc && list) /* librdkafka owns them only after a success */
        rd_kafka_headers_destroy(list);
    if (rc)
        return seuil_error_set(err, SEUIL_ERR_IO, "%s: %s", topic, rd_kafka_err2str(rc));
    return 0;
}

int seuil_producer_send(struct seuil_producer *producer, const char *topic, int32_t partition,
                        struct seuil_str key, const uint8_t *value, uint32_t value_len,
                        seuil_time_ms time, struct seuil_error *err)
{
    return seuil_producer_send_headers(producer, topic, partition, key, value, value_len, time,
                                       NULL, 0, err);
}

int seuil_producer_flush(struct seuil_producer *producer, int timeout_ms, struct seuil_error *err)
{
    if (rd_kafka_flush(producer->rk, timeout_ms))
        return seuil_error_set(err, SEUIL_ERR_TIMEOUT, "%d records are not acknowledged",
                               rd_kafka_outq_len(producer->rk));
    if (producer->failed)
        return seuil_error_set(err, SEUIL_ERR_IO, "a record was not delivered: %s",
                               rd_kafka_err2str(producer->failed));
    return 0;
}

void seuil_producer_free(struct seuil_producer *producer)
{
    if (!producer)
        return;
    rd_kafka_purge(producer->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_poll(producer->rk, 0);
    rd_kafka_destroy(producer->rk);
    seuil_heap_free(producer);
}

/* ---- reader -------------------------------------------------------------------------------- */

struct seuil_reader {
    rd_kafka_t *rk;
    rd_kafka_message_t *message;
    char topic[256];
    bool *at_end; /* by partition */
    int partitions;
};

static int assign_all(struct seuil_reader *reader, const char *topic, struct seuil_error *err)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(reader->rk, topic, NULL);
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_resp_err_t rc;

    rc = rd_kafka_metadata(reader->rk, 0, handle, &metadata, METADATA_MS);
    rd_kafka_topic_destroy(handle);
    if (rc)
        return seuil_error_set(err, SEUIL_ERR_IO, "%s: %s", topic, rd_kafka_err2str(rc));
    if (metadata->topic_cnt != 1 || metadata->topics[0].err ||
        metadata->topics[0].partition_cnt == 0) {
        rc = metadata->topic_cnt == 1 ? metadata->topics[0].err : 0;
        rd_kafka_metadata_destroy(metadata);
        return seuil_error_set(err, SEUIL_ERR_MISSING, "no topic %s: %s", topic,
                               rd_kafka_err2str(rc));
    }
    reader->partitions = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    reader->at_end = seuil_heap_zalloc((size_t)reader->partitions, sizeof(bool));
    if (!reader->at_end)
        return seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory for a reader");
    list = rd_kafka_topic_partition_list_new(reader->partitions);
    for (int p = 0; p < reader->partitions; p++)
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rc = rd_kafka_assign(reader->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return rc ? seuil_error_set(err, SEUIL_ERR_IO, "%s: %s", topic, rd_kafka_err2str(rc)) : 0;
}

struct seuil_reader *seuil_reader_new(const struct seuil_property *properties, uint32_t count,
                                      const char *topic, struct seuil_error *err)
{
    struct seuil_reader *reader = seuil_heap_zalloc(1, sizeof(*reader));
    rd_kafka_conf_t *conf = reader ? conf_of(properties, count, err) : NULL;
    char text[512];

    if (!conf) {
        if (!reader)
            seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory for a reader");
        seuil_heap_free(reader);
        return NULL;
    }
    /* librdkafka wants a group name even where no group is joined. */
    rd_kafka_conf_set(conf, "group.id", "seuil-reader", NULL, 0);
    rd_kafka_conf_set(conf, "enable.auto.commit", "false", NULL, 0);
    rd_kafka_conf_set(conf, "enable.partition.eof", "true", NULL, 0);
    rd_kafka_conf_set(conf, "fetch.wait.max.ms", "50", NULL, 0);
    snprintf(reader->topic, sizeof(reader->topic), "%s", topic);
    reader->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
    if (!reader->rk) {
        seuil_error_set(err, SEUIL_ERR_CONFIG, "no Kafka consumer: %s", text);
        rd_kafka_conf_destroy(conf);
        seuil_heap_free(reader);
        return NULL;
    }
    rd_kafka_poll_set_consumer(reader->rk);
    if (assign_all(reader, topic, err)) {
        seuil_reader_free(reader);
        return NULL;
    }
    return reader;
}

int seuil_reader_seek(struct seuil_reader *reader, int32_t partition, int64_t offset,
                      struct seuil_error *err)
{
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_resp_err_t rc;

    if (partition < 0 || partition >= reader->partitions)
        return seuil_error_set(err, SEUIL_ERR_MISSING,
                               "topic %s has the partitions 0 to %d, not %d", reader->topic,
                               reader->partitions - 1, partition);
    list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, reader->topic, partition)->offset = offset;
    rc = rd_kafka_assign(reader->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    for (int p = 0; p < reader->partitions; p++)
        reader->at_end[p] = p != partition;
    return rc ? seuil_error_set(err, SEUIL_ERR_IO, "%s: %s", reader->topic, rd_kafka_err2str(rc))
              : 0;
}

static bool ends(struct seuil_reader *reader, int32_t partition)
{
    if (partition >= 0 && partition < reader->partitions)
        reader->at_end[partition] = true;
    for (int p = 0; p < reader->partitions; p++)
        if (!reader->at_end[p])
            return false;
    return true;
}

int seuil_reader_next(struct seuil_reader *reader, int timeout_ms, struct seuil_read *ret_read)
{
    const rd_kafka_message_t *m;
    rd_kafka_headers_t *headers;
    struct seuil_read got = {0};

    for (;;) {
        if (reader->message)
            rd_kafka_message_destroy(reader->message);
        m = reader->message = rd_kafka_consumer_poll(reader->rk, timeout_ms);
        if (!m)
            return 0;
        if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            if (ends(reader, m->partition))
                return -1;
            continue;
        }
        if (!m->err)
            break;
        /* Anything else passes: librdkafka goes on by itself. */
    }
    reader->at_end[m->partition] = false;
    got.partition = m->partition;
    got.offset = m->offset;
    got.time = rd_kafka_message_timestamp(m, NULL);
    got.key = (struct seuil_str){m->key, (uint32_t)m->key_len};
    got.value = m->payload;
    got.value_len = (uint32_t)m->len;
    if (rd_kafka_message_headers(m, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const char *name;
        const void *value;
        size_t size;

        while (got.header_count < SEUIL_HEADERS_MAX &&
               !rd_kafka_header_get_all(headers, got.header_count, &name, &value, &size)) {
            got.headers[got.header_count++] =
                (struct seuil_header){seuil_str_from(name), value, (uint32_t)size};
        }
    }
    *ret_read = got;
    return 1;
}

void seuil_reader_free(struct seuil_reader *reader)
{
    if (!reader)
        return;
    if (reader->message)
        rd_kafka_message_destroy(reader->message);
    rd_kafka_consumer_close(reader->rk);
    rd_kafka_destroy(reader->rk);
    seuil_heap_free(reader->at_end);
    seuil_heap_free(reader);
}
