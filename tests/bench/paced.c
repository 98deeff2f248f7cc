/* The events of the common job as they happen, RATE a second for SECONDS, and how long each
 * crossing that they cause took to come out: from the broker's acknowledgement of the event to the
 * arrival of the outbound record here. Both times are of this process alone.
 *
 *     paced BOOTSTRAP PREFIX RATE SECONDS LEADS
 *
 * Prints `latency COUNT P50_MS P99_MS MAX_MS` at the end, of the second half: the first warms up.
 * After SIGUSR1 it prints `since MS`, the time from the signal to the first crossing caused by an
 * event produced after it; SIGTERM ends it early. */

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <librdkafka/rdkafka.h>

#include "events.h"

static volatile sig_atomic_t marked, ended;

struct paced {
    rd_kafka_t *producer, *consumer;
    rd_kafka_queue_t *outbound;
    struct bench_job job;
    uint64_t rate;
    int64_t *made_us; /* by event: when it was acknowledged, 0 before */
    int64_t *took_us; /* by crossing of the second half */
    uint64_t took, made, mark_us;
    int failed;
};

static int64_t clock_us(clockid_t which)
{
    struct timespec t;

    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void on_signal(int number)
{
    if (number == SIGUSR1)
        marked = 1;
    else
        ended = 1;
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *paced)
{
    int64_t *made_us = message->_private;

    (void)rk;
    *made_us = clock_us(CLOCK_MONOTONIC);
    if (message->err) {
        fprintf(stderr, "paced: %s\n", rd_kafka_err2str(message->err));
        ((struct paced *)paced)->failed = 1;
    }
}

static rd_kafka_t *client(rd_kafka_type_t type, struct paced *paced, const char *bootstrap)
{
    const char *properties[][2] = {
        {"bootstrap.servers", bootstrap},
        {"linger.ms", "10"}, /* a request for each partition costs the broker more than events do */
        {"queue.buffering.max.messages", "1000000"},
        {"partitioner", "murmur2_random"},
        {"group.id", "paced"},
        {"enable.auto.commit", "false"},
        {"fetch.wait.max.ms", "10"},
    };
    size_t from = type == RD_KAFKA_CONSUMER ? 4 : 1, until = type == RD_KAFKA_CONSUMER ? 7 : 4;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256] = "";
    rd_kafka_t *rk;

    rd_kafka_conf_set_opaque(conf, paced);
    if (type == RD_KAFKA_PRODUCER)
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set(conf, properties[0][0], properties[0][1], why, sizeof(why));
    for (size_t i = from; i < until; i++)
        rd_kafka_conf_set(conf, properties[i][0], properties[i][1], why, sizeof(why));
    rk = rd_kafka_new(type, conf, why, sizeof(why));
    if (!rk)
        fprintf(stderr, "paced: %s\n", why);
    return rk;
}

/* The outbound topic from its end on. */
static int listen_to(struct paced *paced, const char *topic)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(BENCH_PARTITIONS);
    int rc = 0;

    for (int p = 0; p < BENCH_PARTITIONS && !rc; p++) {
        int64_t low, high;

        rc = rd_kafka_query_watermark_offsets(paced->consumer, topic, p, &low, &high, 10000);
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = high;
    }
    rd_kafka_poll_set_consumer(paced->consumer);
    rc = rc ? rc : (int)rd_kafka_assign(paced->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    paced->outbound = rd_kafka_queue_get_consumer(paced->consumer);
    if (rc)
        fprintf(stderr, "paced: %s: %s\n", topic, rd_kafka_err2str((rd_kafka_resp_err_t)rc));
    return rc ? -1 : 0;
}

static void take(struct paced *paced, const rd_kafka_message_t *message)
{
    json_t *crossing = json_loadb(message->payload, message->len, 0, NULL);
    const char *id = json_string_value(json_object_get(json_object_get(crossing, "cause"), "id"));
    uint64_t i = id ? strtoull(id, NULL, 10) : UINT64_MAX;
    int64_t now = clock_us(CLOCK_MONOTONIC);

    if (i < paced->made) { /* silence has no cause, and what was before us another id */
        int64_t made = paced->made_us[i] ? paced->made_us[i] : now; /* faster than its ack */

        if (i >= paced->job.events / 2 && paced->took < paced->job.events)
            paced->took_us[paced->took++] = now - made;
        if (paced->mark_us && made > (int64_t)paced->mark_us) {
            printf("since %.0f\n", (double)(now - (int64_t)paced->mark_us) / 1e3);
            fflush(stdout);
            paced->mark_us = 0;
        }
    }
    json_decref(crossing);
}

/* Serves both ways for a moment. */
static void serve(struct paced *paced)
{
    static rd_kafka_message_t *messages[1024];
    ssize_t n;

    rd_kafka_poll(paced->producer, 0);
    n = rd_kafka_consume_batch_queue(paced->outbound, 0, messages, 1024);
    for (ssize_t i = 0; i < n; i++) {
        if (!messages[i]->err)
            take(paced, messages[i]);
        rd_kafka_message_destroy(messages[i]);
    }
    if (marked) {
        marked = 0;
        paced->mark_us = (uint64_t)clock_us(CLOCK_MONOTONIC);
    }
}

static void produce(struct paced *paced, const char *prefix, struct seuil_buf *value)
{
    char id[BENCH_ID_LEN + 1], lead[BENCH_LEAD_LEN + 1], topic[128];
    uint64_t i = paced->made;
    enum bench_kind kind;

    snprintf(id, sizeof(id), "%036" PRIu64, i);
    kind = bench_event_make(&paced->job, i, clock_us(CLOCK_REALTIME) / 1000, id, lead, value);
    snprintf(topic, sizeof(topic), "%s.%s", prefix, bench_topics[kind]);
    if (rd_kafka_producev(
            paced->producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_KEY(lead, BENCH_LEAD_LEN),
            RD_KAFKA_V_VALUE(value->ptr, value->len), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_OPAQUE(&paced->made_us[i]), RD_KAFKA_V_END))
        paced->failed = 1;
    paced->made++;
}

static void flow(struct paced *paced, const char *prefix)
{
    const struct timespec nap = {0, 200000};
    int64_t begin = clock_us(CLOCK_MONOTONIC);
    struct seuil_buf value = {0};

    while (paced->made < paced->job.events && !paced->failed && !ended) {
        uint64_t due = (uint64_t)(clock_us(CLOCK_MONOTONIC) - begin) * paced->rate / 1000000;

        for (int n = 0; n < 256 && paced->made < due && paced->made < paced->job.events; n++)
            produce(paced, prefix, &value);
        serve(paced);
        if (paced->made >= due)
            nanosleep(&nap, NULL);
    }
    /* What is still on its way. */
    for (begin = clock_us(CLOCK_MONOTONIC);
         clock_us(CLOCK_MONOTONIC) - begin < 3000000 && !ended;) {
        serve(paced);
        nanosleep(&nap, NULL);
    }
    seuil_buf_done(&value);
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void tell(const struct paced *paced)
{
    uint64_t n = paced->took;

    qsort(paced->took_us, n, sizeof(int64_t), ascending);
    if (n)
        printf("latency %" PRIu64 " %.1f %.1f %.1f\n", n, (double)paced->took_us[n / 2] / 1e3,
               (double)paced->took_us[n * 99 / 100] / 1e3, (double)paced->took_us[n - 1] / 1e3);
    else
        printf("latency 0 0 0 0\n");
}

int main(int argc, char **argv)
{
    struct paced paced = {0};
    char outbound[128];

    if (argc != 6) {
        fprintf(stderr, "usage: paced BOOTSTRAP PREFIX RATE SECONDS LEADS\n");
        return 64;
    }
    signal(SIGUSR1, on_signal);
    signal(SIGTERM, on_signal);
    paced.rate = strtoull(argv[3], NULL, 10);
    paced.job = (struct bench_job){paced.rate * strtoull(argv[4], NULL, 10),
                                   strtoull(argv[5], NULL, 10), 0};
    paced.made_us = calloc(paced.job.events + 1, sizeof(int64_t));
    paced.took_us = calloc(paced.job.events + 1, sizeof(int64_t)); /* a crossing an event at most */
    paced.producer = client(RD_KAFKA_PRODUCER, &paced, argv[1]);
    paced.consumer = client(RD_KAFKA_CONSUMER, &paced, argv[1]);
    snprintf(outbound, sizeof(outbound), "%s.qualified", argv[2]);
    if (!paced.made_us || !paced.took_us || !paced.producer || !paced.consumer ||
        !paced.job.leads || listen_to(&paced, outbound))
        return 1;
    printf("begin\n");
    fflush(stdout);
    flow(&paced, argv[2]);
    tell(&paced);
    if (rd_kafka_flush(paced.producer, 30000))
        paced.failed = 1;
    rd_kafka_queue_destroy(paced.outbound);
    rd_kafka_consumer_close(paced.consumer);
    rd_kafka_destroy(paced.consumer);
    rd_kafka_destroy(paced.producer);
    free(paced.made_us);
    free(paced.took_us);
    return paced.failed;
}
