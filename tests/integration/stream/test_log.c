/* Questions to the log, logs with holes, topics that are not there. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <librdkafka/rdkafka.h>

#include "stream/world.h"

#define AT 1700000000000

Test(log, tells_its_first_and_next_offset_and_the_offset_of_a_time, .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_source *source;
    int64_t start = -7, end = -7, offset;

    setup(&s, 1, 2);
    fill_topic(s.config.inputs[0].name, 1, 0, 100, AT);
    kafka = alone(&s);
    source = seuil_kafka_source(kafka);
    cr_assert(!source->ops->watermarks(source, 1, 0, &start, &end));
    cr_assert(start == 0 && end == 100);
    cr_assert(!source->ops->watermarks(source, 0, 0, &start, &end));
    cr_assert(start == 0 && end == 0);
    cr_assert(!source->ops->offset_of_time(source, 1, 0, AT + 40, &offset) && offset == 40);
    cr_assert(!source->ops->offset_of_time(source, 1, 0, AT - 5, &offset) && offset == 0);
    cr_assert(!source->ops->offset_of_time(source, 1, 0, AT + 100, &offset) && offset == 100,
              "none so late: the end");
    leave(kafka);
}

Test(log, gives_a_record_back_as_it_was_read, .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_source *source;
    struct seuil_lane *lane = lane_new(0, 0);
    const struct seuil_record_in *record;
    seuil_time_ms time;
    uint64_t hash, was;

    setup(&s, 1, 1);
    fill_topic(s.config.inputs[0].name, 0, 0, 50, AT);
    kafka = alone(&s);
    source = seuil_kafka_source(kafka);
    do
        record = await_record(kafka, lane);
    while (record->offset != 30);
    was = seuil_record_hash(record->key, record->value, record->value_len);
    for (int i = 0; i < 3; i++) { /* again and again: it leaves nothing behind */
        cr_assert(!source->ops->read_back(source, 0, 0, 30, &time, &hash));
        cr_assert(time == AT + 30 && hash == was);
    }
    cr_assert(!source->ops->read_back(source, 0, 0, 31, &time, &hash) && hash != was);
    cr_assert(source->ops->read_back(source, 0, 0, 50, &time, &hash) == SEUIL_ERR_MISSING);
    cr_assert(source->ops->read_back(source, 0, 0, 999, &time, &hash) == SEUIL_ERR_MISSING);
    leave(kafka);
    free(lane);
}

/* Transactions leave control records behind, and aborted ones leave records that nobody may see:
 * offsets 0-4 committed, 5 control, 6-10 aborted, 11 control, 12-16 committed, 17 control. */
static void transact(const char *topic)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *rk;
    char value = 'v';

    rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap(), NULL, 0);
    rd_kafka_conf_set(conf, "transactional.id", unique("tx"), NULL, 0);
    rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
    cr_assert(!rd_kafka_init_transactions(rk, WAIT_MS));
    for (int i = 0; i < 3; i++) {
        cr_assert(!rd_kafka_begin_transaction(rk));
        for (int n = 0; n < 5; n++)
            cr_assert(!rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                                         RD_KAFKA_V_KEY("k", 1), RD_KAFKA_V_VALUE(&value, 1),
                                         RD_KAFKA_V_END));
        rd_kafka_flush(rk, WAIT_MS);
        cr_assert(i == 1 ? !rd_kafka_abort_transaction(rk, WAIT_MS)
                         : !rd_kafka_commit_transaction(rk, WAIT_MS));
    }
    rd_kafka_destroy(rk);
}

Test(log, with_aborted_records_and_control_records_is_read_to_its_end, .timeout = 180)
{
    static const int64_t offsets[] = {0, 1, 2, 3, 4, 12, 13, 14, 15, 16};
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_source *source;
    struct seuil_lane *lane = lane_new(0, 0);
    seuil_time_ms until = clock_ms() + WAIT_MS;

    setup(&s, 1, 1);
    transact(s.config.inputs[0].name);
    kafka = alone(&s);
    source = seuil_kafka_source(kafka);
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
        cr_assert(await_record(kafka, lane)->offset == offsets[i]);
    for (; lane->eof != 18; nap()) {
        cr_assert(clock_ms() < until, "the end is not reached: eof %ld", (long)lane->eof);
        source->ops->fill(source, lane);
    }
    cr_assert(lane->end == 18 && lane->count == 0);

    /* A seek into the hole finds the next record, and takes the hole for what it is. */
    while (source->ops->seek(source, lane, 5) == SEUIL_ERR_BACKOFF)
        cr_assert(clock_ms() < until);
    cr_assert(await_record(kafka, lane)->offset == 12);
    leave(kafka);
    free(lane);
}

Test(log, of_an_optional_topic_that_is_not_there_is_empty_and_appears, .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_source *source;
    struct seuil_kafka_event event;
    struct seuil_lane *lane = lane_new(1, 3), *other = lane_new(1, 0);
    int64_t start, end, offset, positions[SEUIL_TOPICS_MAX];
    struct seuil_error err;
    char metadata[256];
    seuil_time_ms time, until = clock_ms() + WAIT_MS;
    uint64_t hash, ticket;

    setup(&s, 1, 2);
    setup_property(&s, "topic.metadata.refresh.interval.ms", "500");
    s.config.inputs[3].name = unique("late");
    s.config.inputs[3].optional = true;
    fill_topic(s.config.inputs[0].name, 1, 0, 3, AT);
    kafka = alone(&s);
    source = seuil_kafka_source(kafka);
    drain(kafka, other, 0, 3);
    lane->end = -1;
    cr_assert(!source->ops->fill(source, lane));
    cr_assert(lane->count == 0 && lane->end == 0 && lane->end_asked != SEUIL_TIME_NONE);
    cr_assert(!source->ops->watermarks(source, 1, 3, &start, &end) && start == 0 && end == 0);
    cr_assert(!source->ops->offset_of_time(source, 1, 3, AT, &offset) && offset == 0);
    cr_assert(source->ops->read_back(source, 1, 3, 0, &time, &hash) == SEUIL_ERR_MISSING);
    for (int t = 0; t < SEUIL_TOPICS_MAX; t++)
        positions[t] = t == 0 ? 3 : t == 3 ? 0 : -1;
    ticket = source->ops->witness(source, 1, positions, "w");
    for (; source->ops->witness_state(source, 1, ticket) == 0; nap())
        cr_assert(clock_ms() < until);
    cr_assert(source->ops->read_witness(source, 1, positions, metadata, 256) == 1);
    cr_assert(positions[0] == 3 && positions[3] == -1);

    make_topic(s.config.inputs[3].name, 2, NULL, NULL);
    fill_topic(s.config.inputs[3].name, 1, 0, 5, AT);
    await_event(kafka, SEUIL_KAFKA_REVOKED, &event);
    seuil_kafka_unassign(kafka);
    await_event(kafka, SEUIL_KAFKA_ASSIGNED, &event);
    cr_assert(!source->ops->seek(source, lane, 0) && !source->ops->seek(source, other, 3));
    cr_assert(!seuil_kafka_assign(kafka, &err));
    drain(kafka, lane, 0, 5);
    leave(kafka);
    free(lane);
    free(other);
}

Test(log, that_is_missing_or_has_other_partitions_is_refused_with_what_to_do, .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_error err;

    setup(&s, 1, 2);
    s.config.inputs[1].name = unique("nowhere");
    kafka = seuil_kafka_new(&s.config, &err);
    cr_assert(seuil_kafka_check(kafka, WAIT_MS, &err) == SEUIL_ERR_MISSING);
    cr_assert(strstr(err.text, "nowhere") && strstr(err.text, "seuilctl init"), "%s", err.text);
    seuil_kafka_free(kafka);

    s.config.inputs[1].name = unique("wide");
    make_topic(s.config.inputs[1].name, 3, NULL, NULL);
    kafka = seuil_kafka_new(&s.config, &err);
    cr_assert(seuil_kafka_check(kafka, WAIT_MS, &err) == SEUIL_ERR_CONFIG);
    cr_assert(strstr(err.text, "wide has 3 partitions, but `partitions` is 2"), "%s", err.text);
    cr_assert(strlen(seuil_kafka_cluster_id(kafka, WAIT_MS)) > 10);
    seuil_kafka_free(kafka);

    s.config.inputs[1].name = NULL;
    s.properties[0].value = "127.0.0.1:1";
    kafka = seuil_kafka_new(&s.config, &err);
    cr_assert(seuil_kafka_check(kafka, 300, &err) == SEUIL_ERR_BACKOFF);
    cr_assert(!strcmp(seuil_kafka_cluster_id(kafka, 100), ""));
    seuil_kafka_free(kafka);
}

Test(log, whose_offsets_went_up_for_another_number_of_partitions_halts_at_the_rebalance,
     .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_kafka_event event;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_NewPartitions_t *more;
    rd_kafka_queue_t *queue;
    rd_kafka_t *rk;

    setup(&s, 1, 2);
    setup_property(&s, "topic.metadata.refresh.interval.ms", "500");
    kafka = alone(&s);
    rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap(), NULL, 0);
    rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
    more = rd_kafka_NewPartitions_new(s.config.inputs[0].name, 4, NULL, 0);
    queue = rd_kafka_queue_new(rk);
    rd_kafka_CreatePartitions(rk, &more, 1, NULL, queue);
    rd_kafka_event_destroy(rd_kafka_queue_poll(queue, WAIT_MS));
    rd_kafka_NewPartitions_destroy(more);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(rk);
    await_event(kafka, SEUIL_KAFKA_REVOKED, &event);
    seuil_kafka_unassign(kafka);
    await_event(kafka, SEUIL_KAFKA_HALTED, &event);
    cr_assert(strstr(event.error.text, "4 partitions"), "%s", event.error.text);
    leave(kafka);
}
