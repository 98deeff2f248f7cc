/* The log of the common job: three topics of page views, e-mails and forms over 30 days, Avro in
 * Confluent framing, keyed by lead. Makes the topics, those of the results too; they must not
 * exist.
 *
 *     load_bench BOOTSTRAP PREFIX EVENTS LEADS [zipf] */

#include <stdio.h>
#include <stdlib.h>

#include <librdkafka/rdkafka.h>

#include "events.h"
#include "stream/admin.h"

/* What is written lies far in the past: it must be kept all the same. */
static int make_topics(const char *bootstrap, const char *prefix)
{
    static const char *const ends[] = {"page_views", "emails",       "forms",
                                       "qualified",  "dead_letters", "internal"};
    struct seuil_property at = {"bootstrap.servers", bootstrap}, keep = {"retention.ms", "-1"};
    struct seuil_topic_spec specs[6];
    struct seuil_error err = {0};
    struct seuil_admin *admin = seuil_admin_new(&at, 1, &err);
    char topics[6][128];
    int rc = -1;

    for (int i = 0; i < 6; i++) {
        snprintf(topics[i], sizeof(topics[i]), "%s.%s", prefix, ends[i]);
        specs[i] = (struct seuil_topic_spec){topics[i], BENCH_PARTITIONS, -1, &keep, 1};
    }
    if (admin)
        rc = seuil_admin_create(admin, specs, 6, 20000, &err);
    if (rc)
        fprintf(stderr, "load_bench: %s\n", err.text);
    seuil_admin_free(admin);
    return rc;
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *failed)
{
    (void)rk;
    if (message->err && !*(int *)failed)
        fprintf(stderr, "load_bench: %s\n", rd_kafka_err2str(message->err));
    if (message->err)
        *(int *)failed = 1;
}

static rd_kafka_t *producer(const char *bootstrap, int *failed)
{
    static const char *const properties[][2] = {
        {"linger.ms", "50"},
        {"compression.type", "lz4"},
        {"batch.size", "1000000"},
        {"queue.buffering.max.messages", "500000"},
        {"enable.idempotence", "true"},
        {"partitioner", "murmur2_random"},
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256];

    rd_kafka_conf_set_opaque(conf, failed);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    if (rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, why, sizeof(why)))
        return NULL;
    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
        if (rd_kafka_conf_set(conf, properties[i][0], properties[i][1], why, sizeof(why)))
            return NULL;
    return rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
}

int main(int argc, char **argv)
{
    struct bench_job job;
    struct seuil_buf value = {0};
    char topic[BENCH_KINDS][128], lead[BENCH_LEAD_LEN + 1];
    rd_kafka_t *rk;
    int failed = 0;

    if (argc < 5) {
        fprintf(stderr, "usage: load_bench BOOTSTRAP PREFIX EVENTS LEADS [zipf]\n");
        return 64;
    }
    job = (struct bench_job){strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10), argc > 5};
    for (int i = 0; i < BENCH_KINDS; i++)
        snprintf(topic[i], sizeof(topic[i]), "%s.%s", argv[2], bench_topics[i]);
    rk = producer(argv[1], &failed);
    if (!rk || !job.leads || make_topics(argv[1], argv[2]))
        return 1;
    for (uint64_t i = 0; i < job.events && !failed; i++) {
        int64_t time = bench_event_time(&job, i);
        enum bench_kind kind = bench_event_make(&job, i, time, NULL, lead, &value);

        while (rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic[kind]), RD_KAFKA_V_TIMESTAMP(time),
                                 RD_KAFKA_V_KEY(lead, BENCH_LEAD_LEN),
                                 RD_KAFKA_V_VALUE(value.ptr, value.len),
                                 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                 RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            rd_kafka_poll(rk, 100);
        if (i % 1024 == 0)
            rd_kafka_poll(rk, 0);
    }
    if (rd_kafka_flush(rk, 120000))
        failed = 1;
    rd_kafka_destroy(rk);
    seuil_buf_done(&value);
    return failed;
}
