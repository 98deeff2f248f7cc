/* trim_topic BOOTSTRAP TOPIC PARTITION OFFSET: delete the records below OFFSET, as retention does
 * when a daemon was away for too long. */

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

static int fail(const char *text)
{
    fprintf(stderr, "trim_topic: %s\n", text);
    return 1;
}

int main(int argc, char **argv)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const rd_kafka_DeleteRecords_result_t *result;
    rd_kafka_DeleteRecords_t *order;
    rd_kafka_queue_t *queue;
    rd_kafka_event_t *event;
    rd_kafka_t *rk;
    char text[256];
    int rc = 0;

    if (argc != 5)
        return fail("wrong arguments");
    if (rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], text, sizeof(text)))
        return fail(text);
    rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!rk)
        return fail(text);
    rd_kafka_topic_partition_list_add(list, argv[2], atoi(argv[3]))->offset = atoll(argv[4]);
    order = rd_kafka_DeleteRecords_new(list);
    queue = rd_kafka_queue_new(rk);
    rd_kafka_DeleteRecords(rk, &order, 1, NULL, queue);
    event = rd_kafka_queue_poll(queue, 30000);
    if (!event) {
        rc = fail("no answer");
    } else if (rd_kafka_event_error(event)) {
        rc = fail(rd_kafka_event_error_string(event));
    } else {
        result = rd_kafka_event_DeleteRecords_result(event);
        if (rd_kafka_DeleteRecords_result_offsets(result)->elems[0].err)
            rc =
                fail(rd_kafka_err2str(rd_kafka_DeleteRecords_result_offsets(result)->elems[0].err));
    }
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_DeleteRecords_destroy(order);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(rk);
    return rc;
}
