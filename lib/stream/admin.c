#include "stream/admin.h"

#include <stdio.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "base/heap.h"
#include "stream/kafka_int.h"

struct seuil_admin {
    rd_kafka_t *rk;
};

static void no_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk, (void)level, (void)facility, (void)text;
}

struct seuil_admin *seuil_admin_new(const struct seuil_property *properties, uint32_t count,
                                    struct seuil_error *err)
{
    struct kafka_conf in = {.properties = properties, .property_count = count};
    /* A consumer: looking at a topic as a producer might make it. */
    rd_kafka_conf_t *conf = seuil_kafka_conf_new(&in, KAFKA_SIDE, err);
    struct seuil_admin *admin;
    char text[512];

    if (!conf)
        return NULL;
    rd_kafka_conf_set_log_cb(conf, no_log); /* each call tells why it failed */
    admin = seuil_heap_zalloc(1, sizeof(*admin));
    if (admin)
        admin->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
    if (admin && admin->rk)
        return admin;
    rd_kafka_conf_destroy(conf);
    if (admin)
        seuil_error_set(err, SEUIL_ERR_CONFIG, "kafka: %s", text);
    else
        seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory for Kafka");
    seuil_heap_free(admin);
    return NULL;
}

void seuil_admin_free(struct seuil_admin *admin)
{
    if (!admin)
        return;
    rd_kafka_destroy(admin->rk);
    seuil_heap_free(admin);
}

/* No answer: say how to find out why, since the reason is often another process's. */
static int no_answer(struct seuil_error *err, const char *what, const char *why)
{
    return seuil_error_set(err, SEUIL_ERR_BACKOFF,
                           "%s: %s; is kafka.bootstrap.servers right, and a broker running there?",
                           what, why);
}

int seuil_admin_describe(struct seuil_admin *admin, const char *topic, int timeout_ms,
                         struct seuil_topic_state *ret_state, struct seuil_error *err)
{
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(admin->rk, topic, NULL);
    const struct rd_kafka_metadata *metadata;
    struct seuil_topic_state state = {false, 0};
    rd_kafka_resp_err_t code;

    if (!rkt)
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "topic name '%s' is not valid", topic);
    code = rd_kafka_metadata(admin->rk, 0, rkt, &metadata, timeout_ms);
    rd_kafka_topic_destroy(rkt);
    if (code)
        return no_answer(err, topic, rd_kafka_err2str(code));
    if (metadata->topic_cnt == 1) {
        code = metadata->topics[0].err;
        state.partitions = (uint32_t)metadata->topics[0].partition_cnt;
        state.exists = state.partitions > 0;
    }
    rd_kafka_metadata_destroy(metadata);
    if (code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
        return seuil_error_set(err, SEUIL_ERR_BACKOFF, "%s: %s", topic, rd_kafka_err2str(code));
    if (code && code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        return seuil_error_set(err, SEUIL_ERR_IO, "%s: %s", topic, rd_kafka_err2str(code));
    *ret_state = state;
    return 0;
}

/* ---- requests ------------------------------------------------------------------------------ */

static rd_kafka_AdminOptions_t *options_of(struct seuil_admin *admin, rd_kafka_admin_op_t op,
                                           int timeout_ms)
{
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(admin->rk, op);

    rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, NULL, 0);
    rd_kafka_AdminOptions_set_operation_timeout(options, timeout_ms, NULL, 0);
    return options;
}

static int spec_new(const struct seuil_topic_spec *spec, rd_kafka_NewTopic_t **ret_topic,
                    struct seuil_error *err)
{
    char text[512];
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(spec->name, (int)spec->partitions,
                                                       spec->replication, text, sizeof(text));

    if (!topic)
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "topic %s: %s", spec->name, text);
    for (uint32_t i = 0; i < spec->config_count; i++) {
        rd_kafka_resp_err_t code =
            rd_kafka_NewTopic_set_config(topic, spec->configs[i].name, spec->configs[i].value);

        if (code) {
            rd_kafka_NewTopic_destroy(topic);
            return seuil_error_set(err, SEUIL_ERR_CONFIG, "topic %s: %s: %s", spec->name,
                                   spec->configs[i].name, rd_kafka_err2str(code));
        }
    }
    *ret_topic = topic;
    return 0;
}

static int judge(const rd_kafka_topic_result_t *result, struct seuil_error *err)
{
    rd_kafka_resp_err_t code = rd_kafka_topic_result_error(result);
    const char *why = rd_kafka_topic_result_error_string(result);

    if (!code || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return 0;
    return seuil_error_set(err, SEUIL_ERR_IO, "topic %s cannot be made: %s",
                           rd_kafka_topic_result_name(result), why ? why : rd_kafka_err2str(code));
}

static int send_create(struct seuil_admin *admin, rd_kafka_NewTopic_t **topics, uint32_t count,
                       int timeout_ms, struct seuil_error *err)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin->rk);
    rd_kafka_AdminOptions_t *options =
        options_of(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms);
    const rd_kafka_topic_result_t **results;
    rd_kafka_event_t *rkev;
    size_t n = 0;
    int code = 0;

    rd_kafka_CreateTopics(admin->rk, topics, count, options, queue);
    rkev = rd_kafka_queue_poll(queue, timeout_ms + 1000);
    if (!rkev || rd_kafka_event_error(rkev)) {
        code =
            no_answer(err, "making topics", rkev ? rd_kafka_event_error_string(rkev) : "no answer");
    } else {
        results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(rkev), &n);
        for (size_t i = 0; i < n && !code; i++)
            code = judge(results[i], err);
    }
    rd_kafka_event_destroy(rkev);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return code;
}

/* A topic that was made is not at once known to every broker: wait until it is. */
static int wait_for(struct seuil_admin *admin, const struct seuil_topic_spec *spec,
                    seuil_time_ms until, struct seuil_error *err)
{
    struct seuil_topic_state state = {false, 0};
    int code;

    for (;;) {
        code = seuil_admin_describe(admin, spec->name, 1000, &state, err);
        if (!code && state.exists)
            break;
        if (seuil_kafka_mono_ms() > until)
            return code ? code : no_answer(err, spec->name, "made, but not visible yet");
        rd_kafka_poll(admin->rk, 50);
    }
    if (state.partitions != spec->partitions)
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "topic %s exists with %u partitions, not %u",
                               spec->name, state.partitions, spec->partitions);
    return 0;
}

int seuil_admin_create(struct seuil_admin *admin, const struct seuil_topic_spec *specs,
                       uint32_t count, int timeout_ms, struct seuil_error *err)
{
    seuil_time_ms until = seuil_kafka_mono_ms() + timeout_ms;
    rd_kafka_NewTopic_t **topics = seuil_heap_zalloc(count + 1, sizeof(*topics));
    uint32_t made = 0;
    int code = 0;

    if (!topics)
        return seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory for %u topics", count);
    while (made < count && !(code = spec_new(&specs[made], &topics[made], err)))
        made++;
    if (!code && count > 0)
        code = send_create(admin, topics, count, timeout_ms, err);
    for (uint32_t i = 0; i < count && !code; i++)
        code = wait_for(admin, &specs[i], until, err);
    rd_kafka_NewTopic_destroy_array(topics, made);
    seuil_heap_free(topics);
    return code;
}

int seuil_admin_delete(struct seuil_admin *admin, const char *topic, int timeout_ms,
                       struct seuil_error *err)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin->rk);
    rd_kafka_AdminOptions_t *options =
        options_of(admin, RD_KAFKA_ADMIN_OP_DELETETOPICS, timeout_ms);
    rd_kafka_DeleteTopic_t *one = rd_kafka_DeleteTopic_new(topic);
    const rd_kafka_topic_result_t **results;
    rd_kafka_event_t *rkev;
    rd_kafka_resp_err_t result;
    size_t n = 0;
    int code = 0;

    rd_kafka_DeleteTopics(admin->rk, &one, 1, options, queue);
    rkev = rd_kafka_queue_poll(queue, timeout_ms + 1000);
    if (!rkev || rd_kafka_event_error(rkev)) {
        code = no_answer(err, topic, rkev ? rd_kafka_event_error_string(rkev) : "no answer");
    } else {
        results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(rkev), &n);
        result = n ? rd_kafka_topic_result_error(results[0]) : 0;
        if (result && result != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
            code = seuil_error_set(err, SEUIL_ERR_IO, "topic %s cannot be deleted: %s", topic,
                                   rd_kafka_err2str(result));
    }
    rd_kafka_event_destroy(rkev);
    rd_kafka_DeleteTopic_destroy(one);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return code;
}

/* The entry of that name in what the broker told of one topic. */
static int find_config(const rd_kafka_ConfigResource_t *resource, const char *name, char *ret_value,
                       uint32_t cap, struct seuil_error *err)
{
    size_t count = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    rd_kafka_resp_err_t code = rd_kafka_ConfigResource_error(resource);

    if (code)
        return seuil_error_set(err, SEUIL_ERR_IO, "topic %s: its configuration is not told: %s",
                               rd_kafka_ConfigResource_name(resource), rd_kafka_err2str(code));
    for (size_t i = 0; i < count; i++) {
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);

        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) != 0 || !value)
            continue;
        snprintf(ret_value, cap, "%s", value);
        return 0;
    }
    return seuil_error_set(err, SEUIL_ERR_MISSING, "topic %s: the broker does not tell its %s",
                           rd_kafka_ConfigResource_name(resource), name);
}

int seuil_admin_config(struct seuil_admin *admin, const char *topic, const char *name,
                       int timeout_ms, char *ret_value, uint32_t cap, struct seuil_error *err)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin->rk);
    rd_kafka_AdminOptions_t *options =
        options_of(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_ms);
    rd_kafka_ConfigResource_t *one = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    const rd_kafka_ConfigResource_t **resources;
    rd_kafka_event_t *rkev;
    size_t n = 0;
    int code;

    rd_kafka_DescribeConfigs(admin->rk, &one, 1, options, queue);
    rkev = rd_kafka_queue_poll(queue, timeout_ms + 1000);
    if (!rkev || rd_kafka_event_error(rkev)) {
        code = no_answer(err, topic, rkev ? rd_kafka_event_error_string(rkev) : "no answer");
    } else {
        resources = rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(rkev), &n);
        code = n == 1 ? find_config(resources[0], name, ret_value, cap, err)
                      : no_answer(err, topic, "no answer");
    }
    rd_kafka_event_destroy(rkev);
    rd_kafka_ConfigResource_destroy(one);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return code;
}

int seuil_admin_cluster_id(struct seuil_admin *admin, int timeout_ms, char *ret_id, uint32_t cap)
{
    char *id = rd_kafka_clusterid(admin->rk, timeout_ms);

    if (!id)
        return SEUIL_ERR_BACKOFF;
    snprintf(ret_id, cap, "%s", id);
    rd_kafka_mem_free(admin->rk, id);
    return 0;
}
