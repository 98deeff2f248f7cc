/* Records, ends, seeks. */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "stream/world.h"

#define AT 1700000000000

Test(lanes, give_key_value_time_and_offset_in_order, .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_lane *lane = lane_new(1, 0);

    setup(&s, 1, 2);
    fill_topic(s.config.inputs[0].name, 1, 0, 3000, AT);
    kafka = alone(&s);
    for (uint32_t i = 0; i < 3000; i++) {
        const struct seuil_record_in *r = await_record(kafka, lane);
        char key[32], value[160];

        snprintf(key, sizeof(key), "k%u", i);
        snprintf(value, sizeof(value), "%s:%u", s.config.inputs[0].name, i);
        cr_assert(r->offset == i && r->time == AT + i);
        cr_assert(seuil_str_eq(r->key, seuil_str_from(key)));
        cr_assert(r->value_len == strlen(value) && memcmp(r->value, value, r->value_len) == 0);
    }
    leave(kafka);
    free(lane);
}

Test(lanes, tell_the_end_by_eof_also_when_the_log_is_empty, .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_source *source;
    struct seuil_lane *empty = lane_new(0, 0), *full = lane_new(1, 0);

    setup(&s, 1, 2);
    fill_topic(s.config.inputs[0].name, 1, 0, 10, AT);
    kafka = alone(&s);
    source = seuil_kafka_source(kafka);
    drain(kafka, full, 0, 10);
    empty->end = -1;
    for (seuil_time_ms until = clock_ms() + WAIT_MS; empty->end != 0 || full->eof != 10; nap()) {
        cr_assert(clock_ms() < until, "no EOF: %ld %ld", (long)empty->end, (long)full->eof);
        source->ops->fill(source, empty);
        source->ops->fill(source, full);
        cr_assert(full->count == 0);
    }
    cr_assert(full->end == 10);
    cr_assert(full->end_asked == SEUIL_TIME_NONE, "an EOF is no answer to a question");
    leave(kafka);
    free(empty);
    free(full);
}

Test(lanes, answer_the_question_for_the_end_with_the_instant_it_was_sent, .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_source *source;
    struct seuil_lane *lane = lane_new(0, 1);
    struct timespec now;
    seuil_time_ms before;
    int fd = eventfd(0, EFD_NONBLOCK);

    setup(&s, 2, 2);
    fill_topic(s.config.inputs[1].name, 0, 0, 7, AT);
    kafka = alone(&s);
    source = seuil_kafka_source(kafka);
    drain(kafka, lane, 0, 7);
    clock_gettime(CLOCK_REALTIME, &now);
    before = (seuil_time_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    seuil_kafka_wake_fd(kafka, 0, fd);
    source->ops->ask_ends(source, 0);
    for (seuil_time_ms until = clock_ms() + WAIT_MS; lane->end_asked == SEUIL_TIME_NONE;) {
        struct pollfd wait = {fd, POLLIN, 0};
        uint64_t woken;

        cr_assert(clock_ms() < until);
        poll(&wait, 1, 1000);
        if (read(fd, &woken, sizeof(woken)) < 0)
            continue;
        source->ops->fill(source, lane);
    }
    cr_assert(lane->end == 7 && lane->end_asked >= before);
    clock_gettime(CLOCK_REALTIME, &now);
    cr_assert(lane->end_asked <= (seuil_time_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    leave(kafka);
    close(fd);
    free(lane);
}

Test(lanes, wake_their_thread_when_a_record_comes, .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_source *source;
    struct seuil_lane *lane = lane_new(0, 0);
    int fd = eventfd(0, EFD_NONBLOCK);
    struct pollfd wait = {fd, POLLIN, 0};
    uint64_t woken;

    setup(&s, 1, 1);
    kafka = alone(&s);
    source = seuil_kafka_source(kafka);
    seuil_kafka_wake_fd(kafka, 0, fd);
    lane->end = -1;
    for (seuil_time_ms until = clock_ms() + WAIT_MS; lane->end != 0; nap()) {
        cr_assert(clock_ms() < until);
        while (read(fd, &woken, sizeof(woken)) > 0)
            ;
        source->ops->fill(source, lane);
    }
    fill_topic(s.config.inputs[0].name, 0, 0, 1, AT);
    do
        cr_assert(poll(&wait, 1, WAIT_MS) == 1, "nobody was woken");
    while (read(fd, &woken, sizeof(woken)) < 0 ||
           (source->ops->fill(source, lane), lane->count == 0));
    cr_assert(lane->records[0].offset == 0);
    leave(kafka);
    close(fd);
    free(lane);
}

Test(lanes, of_one_shard_go_back_while_others_are_not_disturbed, .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_source *source;
    struct seuil_lane *moved = lane_new(0, 0), *still = lane_new(1, 0);
    int64_t next = 0;

    setup(&s, 1, 2);
    fill_topic(s.config.inputs[0].name, 0, 0, 5000, AT);
    fill_topic(s.config.inputs[0].name, 1, 0, 40000, AT);
    kafka = alone(&s);
    source = seuil_kafka_source(kafka);
    drain(kafka, moved, 0, 5000);
    for (uint32_t i = 0; i < 20; i++) {
        int64_t to = i * 150;
        seuil_time_ms until = clock_ms() + WAIT_MS;

        next += drain(kafka, still, next, next + 1000);
        while (source->ops->seek(source, moved, to) == SEUIL_ERR_BACKOFF)
            cr_assert(clock_ms() < until, "no seek");
        cr_assert(moved->count == 0 && moved->error == 0);
        drain(kafka, moved, to, to + (i % 3 ? 300 : 1500));
    }
    drain(kafka, still, next, 40000);
    leave(kafka);
    free(moved);
    free(still);
}

Test(lanes, beyond_the_log_halt_and_can_be_sent_back, .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_source *source;
    struct seuil_kafka_event event;
    struct seuil_lane *lane = lane_new(0, 0), *other = lane_new(1, 0);
    seuil_time_ms until = clock_ms() + WAIT_MS;

    setup(&s, 1, 2);
    fill_topic(s.config.inputs[0].name, 0, 0, 10, AT);
    fill_topic(s.config.inputs[0].name, 1, 0, 6000, AT);
    kafka = alone(&s);
    source = seuil_kafka_source(kafka);
    drain(kafka, other, 0, 1500);
    while (source->ops->seek(source, lane, 500) == SEUIL_ERR_BACKOFF)
        cr_assert(clock_ms() < until);
    for (; lane->error != SEUIL_ERR_HALTED; nap()) {
        cr_assert(clock_ms() < until, "no error came");
        source->ops->fill(source, lane);
        cr_assert(lane->count == 0);
    }
    cr_assert(strstr(lane->text, "does not have offset 500"), "%s", lane->text);
    while (source->ops->seek(source, lane, 3) == SEUIL_ERR_BACKOFF) {
        cr_assert(clock_ms() < until);
        seuil_kafka_poll(kafka, 10, &event);
    }
    drain(kafka, lane, 3, 10);
    drain(kafka, other, 1500, 6000);
    leave(kafka);
    free(lane);
    free(other);
}

Test(lanes, not_sought_before_the_assignment_stay_silent_until_they_are, .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_source *source;
    struct seuil_kafka_event event;
    struct seuil_error err;
    struct seuil_lane *lane = lane_new(0, 0), *other = lane_new(1, 0);
    seuil_time_ms until = clock_ms() + WAIT_MS;

    setup(&s, 1, 2);
    fill_topic(s.config.inputs[0].name, 0, 0, 100, AT);
    fill_topic(s.config.inputs[0].name, 1, 0, 100, AT);
    kafka = member(&s);
    source = seuil_kafka_source(kafka);
    cr_assert(source->ops->seek(source, lane, 0) == SEUIL_ERR_BACKOFF, "it is not ours yet");
    cr_assert(!source->ops->fill(source, lane) && lane->count == 0);
    await_event(kafka, SEUIL_KAFKA_ASSIGNED, &event);
    cr_assert(!source->ops->seek(source, other, 40));
    cr_assert(!seuil_kafka_assign(kafka, &err));
    drain(kafka, other, 40, 100);
    for (uint32_t i = 0; i < 10; i++) { /* some of it reaches the queue of the silent one */
        fill_topic(s.config.inputs[0].name, 0, 100 + 10 * i, 10, AT);
        fill_topic(s.config.inputs[0].name, 1, 100 + i, 1, AT);
        drain(kafka, other, 100 + i, 101 + i);
        cr_assert(!source->ops->fill(source, lane) && lane->count == 0);
    }
    while (source->ops->seek(source, lane, 0) == SEUIL_ERR_BACKOFF)
        cr_assert(clock_ms() < until);
    drain(kafka, lane, 0, 200);
    leave(kafka);
    free(lane);
    free(other);
}

Test(lanes, give_the_headers_of_a_record, .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_source *source;
    struct seuil_sink *sink;
    struct seuil_error err = {0};
    struct seuil_lane *lane = lane_new(0, 0);
    struct seuil_header headers[4];
    struct seuil_str value;
    const struct seuil_record_in *record;
    struct seuil_entry_view entry = {
        .destination = SEUIL_DEST_OUTBOUND,
        .key = SEUIL_STR("lead"),
        .value = (const uint8_t *)"v",
        .value_len = 1,
        .header_count = 3,
        .headers = {{SEUIL_STR("traceparent"), (const uint8_t *)"00-ab", 5},
                    {SEUIL_STR("none"), NULL, 0},
                    {SEUIL_STR("empty"), (const uint8_t *)"", 0}},
    };

    setup(&s, 1, 1);
    s.config.outbound = s.config.inputs[0].name;
    kafka = alone(&s);
    source = seuil_kafka_source(kafka);
    sink = seuil_kafka_sink_new(kafka, &err);
    cr_assert(sink, "%s", err.text);
    cr_assert(!sink->ops->send(sink, 0, 1, 1, &entry, &err));
    record = await_record(kafka, lane);
    cr_assert(source->ops->headers(source, record, headers, 4) == 3);
    cr_assert(source->ops->headers(source, record, headers, 2) == 2);
    cr_assert(headers[1].value == NULL);
    cr_assert(source->ops->header(source, record, "traceparent", &value));
    cr_assert(seuil_str_eq(value, SEUIL_STR("00-ab")));
    cr_assert(!source->ops->header(source, record, "missing", &value));
    sink->ops->free(sink);
    leave(kafka);
    free(lane);
}
