/* The mock cluster as a Kafka: what the demo stands on. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "stream/kafka.h"
#include "stream/mock.h"

#define WAIT_MS 20000

static seuil_time_ms clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (seuil_time_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void send(const char *address, const char *topic, int32_t partition, uint32_t count)
{
    struct seuil_property property = {"bootstrap.servers", address};
    struct seuil_error err = {0};
    struct seuil_producer *producer = seuil_producer_new(&property, 1, &err);

    cr_assert(producer, "%s", err.text);
    for (uint32_t i = 0; i < count; i++)
        cr_assert(!seuil_producer_send(producer, topic, partition, SEUIL_STR("key"),
                                       (const uint8_t *)"value", 5, 1700000000000 + i, &err));
    cr_assert(!seuil_producer_flush(producer, WAIT_MS, &err), "%s", err.text);
    seuil_producer_free(producer);
}

Test(mock, serves_a_member_with_lanes_ends_witnesses_and_a_sink, .timeout = 60)
{
    struct seuil_error err = {0};
    struct seuil_mock *mock = seuil_mock_new(1, &err);
    struct seuil_property properties[3] = {{"bootstrap.servers", seuil_mock_bootstrap(mock)},
                                           {"fetch.wait.max.ms", "5"},
                                           {"session.timeout.ms", "6000"}};
    struct seuil_kafka_config config = {
        .properties = properties,
        .property_count = 3,
        .group = "g",
        .internal = "internal",
        .outbound = "out",
        .partitions = 2,
        .inputs = {{"in", false}},
    };
    struct seuil_entry_view entry = {
        .destination = SEUIL_DEST_OUTBOUND, .key = SEUIL_STR("k"), .value = (const uint8_t *)"v"};
    struct seuil_kafka_event event;
    struct seuil_kafka *kafka;
    struct seuil_source *source;
    struct seuil_sink *sink;
    struct seuil_delivery delivery;
    struct seuil_lane *lane = calloc(1, sizeof(*lane));
    int64_t start, end, positions[SEUIL_TOPICS_MAX];
    seuil_time_ms time, until = clock_ms() + WAIT_MS;
    uint64_t ticket, hash;
    uint32_t seen = 0;
    char metadata[64];

    cr_assert(!seuil_mock_topic(mock, "in", 2, &err) && !seuil_mock_topic(mock, "out", 2, &err) &&
              !seuil_mock_topic(mock, "internal", 2, &err));
    cr_assert(seuil_mock_topic(mock, "x", 0, &err) == SEUIL_ERR_LIMIT);
    send(properties[0].value, "in", 1, 500);
    kafka = seuil_kafka_new(&config, &err);
    cr_assert(kafka, "%s", err.text);
    source = seuil_kafka_source(kafka);
    cr_assert(!seuil_kafka_check(kafka, WAIT_MS, &err), "%s", err.text);
    cr_assert(!seuil_kafka_join(kafka, &err));
    while (!seuil_kafka_poll(kafka, 100, &event))
        cr_assert(clock_ms() < until, "no assignment");
    cr_assert(event.type == SEUIL_KAFKA_ASSIGNED && event.count == 2, "%s", event.error.text);
    lane->shard = 1;
    cr_assert(!source->ops->seek(source, lane, 100));
    cr_assert(!seuil_kafka_assign(kafka, &err));
    for (source->ops->ask_ends(source, 1); seen < 400 || lane->end_asked == SEUIL_TIME_NONE;) {
        cr_assert(clock_ms() < until, "%u records, end %ld", seen, (long)lane->end);
        source->ops->fill(source, lane);
        cr_assert(!lane->count || lane->records[0].offset == 100 + seen);
        seen += lane->count;
    }
    cr_assert(lane->end == 500);
    cr_assert(!source->ops->watermarks(source, 1, 0, &start, &end) && start == 0 && end == 500);
    cr_assert(!source->ops->read_back(source, 1, 0, 7, &time, &hash) && time == 1700000000007);
    for (int t = 0; t < SEUIL_TOPICS_MAX; t++)
        positions[t] = t ? -1 : 500;
    ticket = source->ops->witness(source, 1, positions, "base=1");
    while (source->ops->witness_state(source, 1, ticket) == 0)
        cr_assert(clock_ms() < until);
    cr_assert(source->ops->read_witness(source, 1, positions, metadata, sizeof(metadata)) == 1);
    cr_assert(positions[0] == 500 && !strcmp(metadata, "base=1"));
    sink = seuil_kafka_sink_new(kafka, &err);
    entry.value_len = 1;
    cr_assert(!sink->ops->send(sink, 1, 5, 6, &entry, &err));
    sink->ops->flush(sink, WAIT_MS);
    cr_assert(sink->ops->poll(sink, &delivery) && delivery.ok && delivery.cookie == 6);
    sink->ops->free(sink);
    cr_assert(!seuil_kafka_close(kafka, WAIT_MS));
    seuil_kafka_free(kafka);
    seuil_mock_free(mock);
    free(lane);
}
