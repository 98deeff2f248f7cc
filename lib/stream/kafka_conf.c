/* The properties of librdkafka: the user's verbatim, those the protocol stands on, and ours where
 * the user says nothing. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "stream/kafka_int.h"

enum rule_kind {
    FIXED,    /* the protocol stands on it: another value is refused */
    OURS,     /* has a setting of its own */
    AT_MOST,  /* a number that may be lowered */
    DEFAULT,  /* set unless the user sets it */
    OPTIONAL, /* FIXED, in versions of librdkafka that know it */
};

struct rule {
    const char *name;
    enum rule_kind kind;
    unsigned roles; /* of enum kafka_role */
    const char *value;
    const char *why;
};

/* Kafka's bound of a group.instance.id, the same as of a topic's name. */
#define INSTANCE_MAX 249
/* A dash and the hash of the topics. */
#define INSTANCE_MARK 9

#define CONSUMERS (KAFKA_GROUP | KAFKA_SIDE)
#define ALL       (CONSUMERS | KAFKA_PRODUCER)

static const struct rule rules[] = {
    {"enable.auto.commit", FIXED, CONSUMERS, "false",
     "positions live in Redis beside the state they belong to; the group gets a witness only"},
    {"auto.commit.enable", FIXED, 0, "false", "positions live in Redis beside their state"},
    {"enable.auto.offset.store", FIXED, CONSUMERS, "false",
     "positions live in Redis beside their state"},
    {"auto.offset.reset", FIXED, CONSUMERS, "error",
     "a position that the log no longer has must halt the shard, not skip or repeat events"},
    {"partition.assignment.strategy", FIXED, KAFKA_GROUP, "range",
     "a shard is one partition of every topic, and only range keeps them together"},
    {"group.protocol", OPTIONAL, KAFKA_GROUP, "classic",
     "the newer protocol does not promise that a shard's partitions stay together"},
    {"enable.partition.eof", FIXED, CONSUMERS, "true", "the merge needs to know a log's end"},
    {"isolation.level", FIXED, CONSUMERS, "read_committed",
     "events of aborted transactions must not count"},
    {"group.id", OURS, KAFKA_GROUP, NULL, "it is made from `app`"},
    {"partitioner", OURS, KAFKA_PRODUCER, NULL, "it has a setting of its own, `partitioner`"},
    {"enable.idempotence", FIXED, KAFKA_PRODUCER, "true", "crossings of a lead keep their order"},
    {"acks", FIXED, KAFKA_PRODUCER, "all", "an acknowledged crossing must survive a broker"},
    {"request.required.acks", FIXED, 0, "all", "an acknowledged crossing must survive a broker"},
    {"transactional.id", OURS, KAFKA_PRODUCER, NULL,
     "crossings go through the outbox in Redis, not through Kafka's transactions"},
    {"delivery.report.only.error", FIXED, KAFKA_PRODUCER, "false",
     "the outbox is trimmed by delivery reports"},
    {"enable.gapless.guarantee", FIXED, 0, "false", "the outbox is sent again instead"},
    {"log.queue", FIXED, 0, "false", "log lines are taken where they arise"},
    {"fetch.wait.max.ms", AT_MOST, CONSUMERS, "100",
     "the question for a log's end waits behind the long poll of its connection"},
    {"socket.nagle.disable", DEFAULT, ALL, "true", NULL},
    {"client.id", DEFAULT, ALL, "seuil", NULL},
    /* A rebalance after a changed number of partitions, and an optional topic that appears. */
    {"topic.metadata.refresh.interval.ms", DEFAULT, KAFKA_GROUP, "60000", NULL},
    {"linger.ms", DEFAULT, KAFKA_PRODUCER, "5", NULL},
    /* Crossings tell much the same words: a fifth of the bytes, for the broker and its disk too. */
    {"compression.type", DEFAULT, KAFKA_PRODUCER, "lz4", NULL},
    /* A dead letter is larger than the record that it holds: the topic decides what is too large.
     */
    {"message.max.bytes", DEFAULT, KAFKA_PRODUCER, "16000000", NULL},
    /* A question must not be slower than it has to: nobody else waits on this connection. */
    {"fetch.wait.max.ms", DEFAULT, KAFKA_SIDE, "10", NULL},
};

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

static int check_property(const struct seuil_property *property, struct seuil_error *err)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct rule *rule = &rules[i];

        if (rule->kind == DEFAULT || strcmp(rule->name, property->name) != 0)
            continue;
        if (rule->kind == OURS)
            return seuil_error_set(err, SEUIL_ERR_CONFIG, "kafka.%s cannot be set: %s; remove it",
                                   rule->name, rule->why);
        if (rule->kind == AT_MOST) {
            char *end;
            long value = strtol(property->value, &end, 10);

            if (*end || end == property->value || value > atol(rule->value))
                return seuil_error_set(err, SEUIL_ERR_CONFIG,
                                       "kafka.%s must be a number of at most %s, not '%s': %s",
                                       rule->name, rule->value, property->value, rule->why);
        } else if (strcmp(property->value, rule->value) != 0) {
            return seuil_error_set(err, SEUIL_ERR_CONFIG, "kafka.%s must be %s, not '%s': %s",
                                   rule->name, rule->value, property->value, rule->why);
        }
    }
    return 0;
}

static int set(rd_kafka_conf_t *conf, const char *name, const char *value, bool optional,
               struct seuil_error *err)
{
    char text[512];
    rd_kafka_conf_res_t result = rd_kafka_conf_set(conf, name, value, text, sizeof(text));

    if (result == RD_KAFKA_CONF_OK || (optional && result == RD_KAFKA_CONF_UNKNOWN))
        return 0;
    return seuil_error_set(err, SEUIL_ERR_CONFIG, "kafka.%s: %s", name, text);
}

static int set_number(rd_kafka_conf_t *conf, const char *name, uint64_t value,
                      struct seuil_error *err)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    return set(conf, name, text, false, err);
}

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* Both thresholds are of one partition queue. A full queue is looked at again after up to a second
 * (librdkafka 2.0.2) unless somebody nudges (kafka_ask.c does), so each holds two seconds of the
 * peak, whatever the memory setting says. A record fetched ahead costs its bytes and about 320 of
 * librdkafka's. */
#define OVERHEAD_BYTES 320
#define RECORD_BYTES   200

static int set_queues(rd_kafka_conf_t *conf, const struct kafka_conf *in, struct seuil_error *err)
{
    uint64_t total = in->queue_bytes ? in->queue_bytes : UINT64_C(256) << 20;
    uint64_t peak = in->peak_bytes_s ? in->peak_bytes_s : UINT64_C(512) << 10;
    uint64_t share = total / (in->lanes ? in->lanes : 1);
    uint64_t bytes = share * RECORD_BYTES / (RECORD_BYTES + OVERHEAD_BYTES);
    uint64_t kbytes, messages;
    int code;

    if (bytes < 2 * peak)
        bytes = 2 * peak;
    kbytes = clamp(bytes / 1024, 64, 2097151);
    messages = clamp(bytes / RECORD_BYTES, 10000, 10000000);
    code = set_number(conf, "queued.max.messages.kbytes", kbytes, err);
    return code ? code : set_number(conf, "queued.min.messages", messages, err);
}

static int set_rules(rd_kafka_conf_t *conf, enum kafka_role role, bool defaults,
                     struct seuil_error *err)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct rule *rule = &rules[i];
        bool first = rule->kind == DEFAULT || rule->kind == AT_MOST;
        int code;

        if (!(rule->roles & role) || rule->kind == OURS || first != defaults)
            continue;
        code = set(conf, rule->name, rule->value, rule->kind == OPTIONAL, err);
        if (code)
            return code;
    }
    return 0;
}

/* A static member that comes back is given its old partitions without a rebalance, whatever it
 * subscribes to by then (Kafka 4.1 too): an input that was added would never be given to anybody.
 * So the topics are part of the member's name, and one with other topics is another member. */
static int set_instance(rd_kafka_conf_t *conf, const struct kafka_conf *in, const char *instance,
                        struct seuil_error *err)
{
    char name[INSTANCE_MAX + 1];

    if ((size_t)snprintf(name, sizeof(name), "%s-%08" PRIx32, instance, in->subscription) >=
        sizeof(name))
        return seuil_error_set(err, SEUIL_ERR_CONFIG,
                               "kafka.group.instance.id: longer than %d characters",
                               INSTANCE_MAX - INSTANCE_MARK);
    return set(conf, "group.instance.id", name, false, err);
}

static int fill_conf(rd_kafka_conf_t *conf, const struct kafka_conf *in, enum kafka_role role,
                     struct seuil_error *err)
{
    int code = set_rules(conf, role, true, err);

    if (!code && role == KAFKA_GROUP)
        code = set_queues(conf, in, err);
    for (uint32_t i = 0; !code && i < in->property_count; i++) {
        const char *name = in->properties[i].name;

        code = check_property(&in->properties[i], err);
        if (!code && role == KAFKA_GROUP && !strcmp(name, "group.instance.id"))
            code = set_instance(conf, in, in->properties[i].value, err);
        else if (!code)
            code = set(conf, name, in->properties[i].value, false, err);
    }
    if (!code)
        code = set_rules(conf, role, false, err);
    if (!code && role == KAFKA_GROUP)
        code = set(conf, "group.id", in->group, false, err);
    if (!code && role == KAFKA_GROUP && in->instance)
        code = set_instance(conf, in, in->instance, err);
    if (!code && role == KAFKA_PRODUCER)
        code = set(conf, "partitioner", in->consistent ? "consistent_random" : "murmur2_random",
                   false, err);
    return code;
}

rd_kafka_conf_t *seuil_kafka_conf_new(const struct kafka_conf *in, enum kafka_role role,
                                      struct seuil_error *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    if (fill_conf(conf, in, role, err)) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    return conf;
}
