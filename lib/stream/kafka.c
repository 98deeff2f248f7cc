/* Making and freeing the port, and what all its parts use. */

#include "stream/kafka.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <librdkafka/rdkafka.h>

#include "base/hash.h"
#include "base/heap.h"
#include "stream/kafka_int.h"

static seuil_time_ms clock_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (seuil_time_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

seuil_time_ms seuil_kafka_wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

seuil_time_ms seuil_kafka_mono_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

void seuil_kafka_say(struct seuil_kafka *kafka, enum seuil_kafka_level level, const char *format,
                     ...)
{
    char text[768];
    va_list args;

    if (!kafka->log)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    kafka->log(kafka->log_ctx, level, text);
}

struct kafka_lane *seuil_kafka_lane(struct seuil_kafka *kafka, uint32_t topic, uint32_t shard)
{
    if (topic >= SEUIL_TOPICS_MAX || shard >= kafka->partitions || !kafka->topics[topic].lanes)
        return NULL;
    return &kafka->topics[topic].lanes[shard];
}

/* ---- clients ------------------------------------------------------------------------------- */

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    struct seuil_kafka *kafka = rd_kafka_opaque(rk);

    /* One list of properties serves consumers and producers: each warns of the other's. */
    if (!kafka || strcmp(facility, "CONFWARN") == 0)
        return;
    seuil_kafka_say(kafka,
                    level <= 3   ? SEUIL_KAFKA_ERROR
                    : level <= 4 ? SEUIL_KAFKA_WARNING
                                 : SEUIL_KAFKA_INFO,
                    "librdkafka: %s: %s", facility, text);
}

/* Errors of a client without an event queue of its own: told as log lines. */
static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    (void)rk;
    seuil_kafka_say(opaque, SEUIL_KAFKA_WARNING, "librdkafka: %s: %s",
                    rd_kafka_err2name((rd_kafka_resp_err_t)code), reason);
}

static uint32_t count_lanes(const struct seuil_kafka *kafka)
{
    uint32_t count = 0;

    for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++)
        count += kafka->topics[t].name ? kafka->partitions : 0;
    return count;
}

static uint32_t hash_topics(const struct seuil_kafka *kafka)
{
    uint64_t hash = 0;

    for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++) {
        const char *name = kafka->topics[t].name;

        if (name) /* in any order */
            hash += seuil_hash64(name, strlen(name));
    }
    return (uint32_t)(hash >> 32);
}

rd_kafka_t *seuil_kafka_client(struct seuil_kafka *kafka, enum kafka_role role,
                               struct seuil_error *err)
{
    struct kafka_conf in = {
        .properties = kafka->properties,
        .property_count = kafka->property_count,
        .group = kafka->group,
        .instance = kafka->instance,
        .subscription = hash_topics(kafka),
        .consistent = kafka->consistent,
        .lanes = count_lanes(kafka),
        .queue_bytes = kafka->queue_bytes,
        .peak_bytes_s = kafka->peak_bytes_s,
    };
    rd_kafka_conf_t *conf = seuil_kafka_conf_new(&in, role, err);
    rd_kafka_t *rk;
    char text[512];

    if (!conf)
        return NULL;
    rd_kafka_conf_set_opaque(conf, kafka);
    rd_kafka_conf_set_log_cb(conf, on_log);
    if (role == KAFKA_GROUP)
        rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT |
                                           RD_KAFKA_EVENT_ERROR);
    else if (role == KAFKA_PRODUCER)
        rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    else
        rd_kafka_conf_set_error_cb(conf, on_error);
    rk = rd_kafka_new(role == KAFKA_PRODUCER ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf, text,
                      sizeof(text));
    if (!rk) {
        rd_kafka_conf_destroy(conf);
        seuil_error_set(err, SEUIL_ERR_CONFIG, "kafka: %s", text);
    }
    return rk;
}

/* ---- copying the configuration ------------------------------------------------------------- */

static bool copy_text(char **ret_copy, const char *text)
{
    *ret_copy = text ? seuil_heap_strdup(text, strlen(text)) : NULL;
    return *ret_copy || !text;
}

static bool copy_properties(struct seuil_kafka *kafka, const struct seuil_kafka_config *config)
{
    kafka->properties = seuil_heap_zalloc(config->property_count + 1, sizeof(*kafka->properties));
    if (!kafka->properties)
        return false;
    for (uint32_t i = 0; i < config->property_count; i++) {
        char *name, *value;

        if (!copy_text(&name, config->properties[i].name))
            return false;
        kafka->properties[i].name = name;
        kafka->property_count = i + 1;
        if (!copy_text(&value, config->properties[i].value))
            return false;
        kafka->properties[i].value = value;
    }
    return true;
}

static bool make_lanes(struct kafka_topic *topic, uint32_t partitions)
{
    topic->lanes = seuil_heap_zalloc(partitions, sizeof(*topic->lanes));
    if (!topic->lanes)
        return false;
    for (uint32_t p = 0; p < partitions; p++) {
        pthread_mutex_init(&topic->lanes[p].lock, NULL);
        topic->lanes[p].start = KAFKA_NOWHERE;
        topic->lanes[p].answer = -1;
        topic->lanes[p].answer_asked = SEUIL_TIME_NONE;
        topic->lanes[p].wake_fd = -1;
    }
    return true;
}

static bool copy_config(struct seuil_kafka *kafka, const struct seuil_kafka_config *config)
{
    if (!copy_text(&kafka->group, config->group) ||
        !copy_text(&kafka->instance, config->instance) ||
        !copy_text(&kafka->outbound, config->outbound) ||
        !copy_text(&kafka->scores, config->scores) ||
        !copy_text(&kafka->dead_letters, config->dead_letters) ||
        !copy_text(&kafka->topics[SEUIL_TOPIC_INTERNAL].name, config->internal) ||
        !make_lanes(&kafka->topics[SEUIL_TOPIC_INTERNAL], config->partitions) ||
        !copy_properties(kafka, config))
        return false;
    for (uint32_t t = 0; t < SEUIL_TOPIC_INTERNAL; t++) {
        if (!config->inputs[t].name)
            continue;
        kafka->topics[t].optional = config->inputs[t].optional;
        if (!copy_text(&kafka->topics[t].name, config->inputs[t].name) ||
            !make_lanes(&kafka->topics[t], config->partitions))
            return false;
    }
    kafka->shards = seuil_heap_zalloc(config->partitions, sizeof(*kafka->shards));
    kafka->offered = seuil_heap_zalloc(config->partitions, sizeof(*kafka->offered));
    kafka->owned = seuil_heap_zalloc(config->partitions, sizeof(*kafka->owned));
    if (!kafka->shards || !kafka->offered || !kafka->owned)
        return false;
    for (uint32_t p = 0; p < config->partitions; p++)
        atomic_init(&kafka->shards[p].confirmed, SEUIL_TIME_NONE);
    return true;
}

/* ---- life ---------------------------------------------------------------------------------- */

static const struct seuil_source_ops ops = {
    .fill = seuil_kafka_fill,
    .seek = seuil_kafka_seek,
    .ask_ends = seuil_kafka_ask_ends,
    .watermarks = seuil_kafka_watermarks,
    .read_back = seuil_kafka_read_back,
    .offset_of_time = seuil_kafka_offset_of_time,
    .header = seuil_kafka_header,
    .headers = seuil_kafka_headers,
    .witness = seuil_kafka_witness,
    .witness_state = seuil_kafka_witness_state,
    .read_witness = seuil_kafka_read_witness,
    .confirmed = seuil_kafka_confirmed,
};

static int open_topics(struct seuil_kafka *kafka, struct seuil_error *err)
{
    for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++) {
        struct kafka_topic *topic = &kafka->topics[t];

        if (!topic->name)
            continue;
        if (!topic->rkt)
            topic->rkt = rd_kafka_topic_new(kafka->rk, topic->name, NULL);
        if (!topic->side_rkt)
            topic->side_rkt = rd_kafka_topic_new(kafka->side, topic->name, NULL);
        if (!topic->rkt || !topic->side_rkt)
            return seuil_error_set(err, SEUIL_ERR_CONFIG, "topic name '%s': %s", topic->name,
                                   rd_kafka_err2str(rd_kafka_last_error()));
    }
    return 0;
}

static int open_group(struct seuil_kafka *kafka, struct seuil_error *err)
{
    kafka->rk = seuil_kafka_client(kafka, KAFKA_GROUP, err);
    if (!kafka->rk)
        return SEUIL_ERR_CONFIG;
    rd_kafka_poll_set_consumer(kafka->rk);
    kafka->events = rd_kafka_queue_get_consumer(kafka->rk);
    kafka->answers = rd_kafka_queue_new(kafka->rk);
    return 0;
}

static int start_asker(struct seuil_kafka *kafka, struct seuil_error *err)
{
    return seuil_kafka_asker_start(kafka)
               ? seuil_error_set(err, SEUIL_ERR_NOMEM, "no thread for asking Kafka")
               : 0;
}

static int open_clients(struct seuil_kafka *kafka, struct seuil_error *err)
{
    int rc = open_group(kafka, err);

    if (rc)
        return rc;
    kafka->side = seuil_kafka_client(kafka, KAFKA_SIDE, err);
    if (!kafka->side)
        return SEUIL_ERR_CONFIG;
    rc = open_topics(kafka, err);
    return rc ? rc : start_asker(kafka, err);
}

static void close_group(struct seuil_kafka *kafka)
{
    for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++) {
        struct kafka_topic *topic = &kafka->topics[t];

        for (uint32_t p = 0; topic->lanes && p < kafka->partitions; p++)
            seuil_kafka_release(&topic->lanes[p]);
        if (topic->rkt)
            rd_kafka_topic_destroy(topic->rkt);
        topic->rkt = NULL;
    }
    rd_kafka_queue_destroy(kafka->answers);
    rd_kafka_queue_destroy(kafka->events);
    seuil_kafka_reap(kafka->rk, false);
    kafka->answers = kafka->events = NULL;
    kafka->rk = NULL;
    kafka->joined = false;
}

int seuil_kafka_renew(struct seuil_kafka *kafka, struct seuil_error *err)
{
    int rc;

    seuil_kafka_unassign(kafka);
    seuil_kafka_asker_stop(kafka);
    seuil_kafka_witness_serve(kafka, 0); /* what was answered; the rest is of no worth any more */
    close_group(kafka);
    atomic_store(&kafka->probe_under_way, false);
    kafka->quiet_ms = seuil_kafka_mono_ms();
    rc = open_group(kafka, err);
    if (!rc)
        rc = open_topics(kafka, err);
    if (!rc)
        rc = start_asker(kafka, err);
    return rc ? rc : seuil_kafka_join(kafka, err);
}

static int check_config(const struct seuil_kafka_config *config, struct seuil_error *err)
{
    if (!config->group || !*config->group)
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "the consumer group has no name");
    if (!config->internal)
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "the internal topic has no name");
    if (config->inputs[SEUIL_TOPIC_INTERNAL].name)
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "topic number %d is the internal topic's",
                               SEUIL_TOPIC_INTERNAL);
    if (config->partitions == 0 || config->partitions > SEUIL_PARTITIONS_MAX)
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "from 1 to %d partitions, not %u",
                               SEUIL_PARTITIONS_MAX, config->partitions);
    return 0;
}

struct seuil_kafka *seuil_kafka_new(const struct seuil_kafka_config *config,
                                    struct seuil_error *err)
{
    struct seuil_kafka *kafka;

    if (check_config(config, err))
        return NULL;
    kafka = seuil_heap_zalloc(1, sizeof(*kafka));
    if (!kafka) {
        seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory for Kafka");
        return NULL;
    }
    kafka->source.ops = &ops;
    kafka->partitions = config->partitions;
    kafka->consistent = config->consistent;
    kafka->queue_bytes = config->queue_bytes;
    kafka->peak_bytes_s = config->peak_bytes_s;
    kafka->log = config->log;
    kafka->log_ctx = config->log_ctx;
    kafka->quiet_ms = seuil_kafka_mono_ms();
    atomic_init(&kafka->troubled_ms, SEUIL_TIME_NONE);
    atomic_init(&kafka->quiet_until, SEUIL_TIME_NONE);
    pthread_mutex_init(&kafka->lock, NULL);
    if (!copy_config(kafka, config))
        seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory for Kafka");
    else if (!open_clients(kafka, err))
        return kafka;
    seuil_kafka_free(kafka);
    return NULL;
}

struct seuil_source *seuil_kafka_source(struct seuil_kafka *kafka)
{
    return &kafka->source;
}

const char *seuil_kafka_cluster_id(struct seuil_kafka *kafka, int timeout_ms)
{
    char *id;

    if (!kafka->cluster_id[0] && (id = rd_kafka_clusterid(kafka->side, timeout_ms))) {
        snprintf(kafka->cluster_id, sizeof(kafka->cluster_id), "%s", id);
        rd_kafka_mem_free(kafka->side, id);
    }
    return kafka->cluster_id;
}

static void free_topic(struct kafka_topic *topic, uint32_t partitions)
{
    for (uint32_t p = 0; topic->lanes && p < partitions; p++) {
        seuil_kafka_release(&topic->lanes[p]);
        if (topic->lanes[p].queue)
            rd_kafka_queue_destroy(topic->lanes[p].queue);
        pthread_mutex_destroy(&topic->lanes[p].lock);
    }
    if (topic->rkt)
        rd_kafka_topic_destroy(topic->rkt);
    if (topic->side_rkt)
        rd_kafka_topic_destroy(topic->side_rkt);
    seuil_heap_free(topic->lanes);
    seuil_heap_free(topic->name);
}

/* How long the end of the process waits for librdkafka's threads. */
#define REAP_MS 5000

void seuil_kafka_free(struct seuil_kafka *kafka)
{
    if (!kafka)
        return;
    seuil_kafka_asker_stop(kafka);
    for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++)
        free_topic(&kafka->topics[t], kafka->partitions);
    if (kafka->answers)
        rd_kafka_queue_destroy(kafka->answers);
    if (kafka->events)
        rd_kafka_queue_destroy(kafka->events);
    if (kafka->rk)
        seuil_kafka_reap(kafka->rk, false);
    if (kafka->side)
        seuil_kafka_reap(kafka->side, false);
    if (!seuil_kafka_reaped(REAP_MS))
        return; /* their log lines may still come: leave all where it is */
    for (uint32_t i = 0; i < kafka->property_count; i++) {
        seuil_heap_free((char *)kafka->properties[i].name);
        seuil_heap_free((char *)kafka->properties[i].value);
    }
    seuil_heap_free(kafka->properties);
    seuil_heap_free(kafka->group);
    seuil_heap_free(kafka->instance);
    seuil_heap_free(kafka->outbound);
    seuil_heap_free(kafka->scores);
    seuil_heap_free(kafka->dead_letters);
    seuil_heap_free(kafka->shards);
    seuil_heap_free(kafka->offered);
    seuil_heap_free(kafka->owned);
    pthread_mutex_destroy(&kafka->lock);
    seuil_heap_free(kafka);
}
