/* The floor under every consumer of the common job: read its three topics and count, nothing else.
 * It speaks the environment of the peers (BOOTSTRAP, EVENTS, PREFIX) and prints what they print. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <librdkafka/rdkafka.h>

#define PARTITIONS 8
#define BATCH      4096

static double wall_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_s(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static const char *env(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value && value[0] ? value : otherwise;
}

static rd_kafka_t *consumer(void)
{
    /* The thresholds hold seconds of the flow: a full queue is looked at once a second. */
    const char *properties[][2] = {
        {"bootstrap.servers", env("BOOTSTRAP", "127.0.0.1:9092")},
        {"group.id", "consume"},
        {"enable.auto.commit", "false"},
        {"queued.min.messages", "1000000"},
        {"queued.max.messages.kbytes", "1000000"},
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256];

    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
        if (rd_kafka_conf_set(conf, properties[i][0], properties[i][1], why, sizeof(why)))
            return NULL;
    return rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
}

int main(void)
{
    static const char *const suffix[] = {"page_views", "emails", "forms"};
    static rd_kafka_message_t *messages[BATCH];
    uint64_t wanted = strtoull(env("EVENTS", "0"), NULL, 10), count = 0, bytes = 0;
    double begin = wall_s();
    rd_kafka_t *rk = consumer();
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(3 * PARTITIONS);
    rd_kafka_queue_t *queue;

    if (!rk)
        return 1;
    for (int i = 0; i < 3; i++) {
        char topic[128];

        snprintf(topic, sizeof(topic), "%s.%s", env("PREFIX", "bench"), suffix[i]);
        for (int p = 0; p < PARTITIONS; p++)
            rd_kafka_topic_partition_list_add(list, topic, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_poll_set_consumer(rk);
    if (rd_kafka_assign(rk, list))
        return 1;
    queue = rd_kafka_queue_get_consumer(rk);
    while (count < wanted && wall_s() - begin < 600) {
        ssize_t n = rd_kafka_consume_batch_queue(queue, 10, messages, BATCH);

        for (ssize_t i = 0; i < n; i++) {
            if (!messages[i]->err) {
                count++;
                bytes += messages[i]->len;
            }
            rd_kafka_message_destroy(messages[i]);
        }
    }
    fprintf(stderr, "%llu bytes\n", (unsigned long long)bytes);
    printf("done %llu %.3f %.3f crossings 0\n", (unsigned long long)count, wall_s() - begin,
           cpu_s());
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    return count < wanted;
}
