/* alter_topic BOOTSTRAP delete TOPIC | alter_topic BOOTSTRAP partitions TOPIC COUNT: what an
 * operator of Kafka may do to a topic that is in use. Returns when the broker has done it. */

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int fail(const char *text)
{
    fprintf(stderr, "alter_topic: %s\n", text);
    return 1;
}

/* Partitions of @topic as the broker tells them now; 0: there is no such topic, -1: no answer. */
static int count_of(rd_kafka_t *rk, const char *topic)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
    const struct rd_kafka_metadata *metadata;
    int count = -1;

    if (rd_kafka_metadata(rk, 0, handle, &metadata, 5000) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        count = metadata->topics[0].err ? 0 : metadata->topics[0].partition_cnt;
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(handle);
    return count;
}

static rd_kafka_event_t *order(rd_kafka_t *rk, const char *topic, int count)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_event_t *event;
    char text[256];

    if (count) {
        rd_kafka_NewPartitions_t *more =
            rd_kafka_NewPartitions_new(topic, (size_t)count, text, sizeof(text));

        rd_kafka_CreatePartitions(rk, &more, 1, NULL, queue);
        event = rd_kafka_queue_poll(queue, 30000);
        rd_kafka_NewPartitions_destroy(more);
    } else {
        rd_kafka_DeleteTopic_t *topics = rd_kafka_DeleteTopic_new(topic);

        rd_kafka_DeleteTopics(rk, &topics, 1, NULL, queue);
        event = rd_kafka_queue_poll(queue, 30000);
        rd_kafka_DeleteTopic_destroy(topics);
    }
    rd_kafka_queue_destroy(queue);
    return event;
}

int main(int argc, char **argv)
{
    const struct timespec pause = {0, 50000000};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_event_t *event;
    rd_kafka_t *rk;
    char text[256];
    int count, rc = 0;

    if (argc < 4 || (strcmp(argv[2], "delete") != 0 && argc != 5))
        return fail("BOOTSTRAP delete TOPIC, or BOOTSTRAP partitions TOPIC COUNT");
    count = argc == 5 ? atoi(argv[4]) : 0;
    if (rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], text, sizeof(text)))
        return fail(text);
    rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!rk)
        return fail(text);
    event = order(rk, argv[3], count);
    if (!event || rd_kafka_event_error(event))
        rc = fail(event ? rd_kafka_event_error_string(event) : "no answer");
    for (int i = 0; !rc && count_of(rk, argv[3]) != count; i++) {
        if (i == 600)
            rc = fail("the broker does not do it");
        nanosleep(&pause, NULL);
    }
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_destroy(rk);
    return rc;
}
