/* A broker that goes away, topics that are made again. Each test has a broker of its own. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "stream/world.h"

#define AT 1700000000000

static char folder[64];

static void broker(const char *command)
{
    char line[512];

    snprintf(line, sizeof(line), SEUIL_SOURCE_DIR "/tests/support/kafka/broker %s %s >/dev/null",
             command, folder);
    cr_assert(system(line) == 0, "%s", line);
}

static void start(void)
{
    char path[128], address[64];
    FILE *file;

    strcpy(folder, "/tmp/seuil-trouble.XXXXXX");
    cr_assert(mkdtemp(folder));
    broker("start");
    snprintf(path, sizeof(path), "%s/bootstrap", folder);
    file = fopen(path, "r");
    cr_assert(file && fscanf(file, "%63s", address) == 1);
    fclose(file);
    setenv("SEUIL_KAFKA", address, 1);
}

static void stop(void)
{
    char line[128];

    broker("kill");
    snprintf(line, sizeof(line), "rm -rf %s", folder);
    cr_assert(system(line) == 0);
}

Test(trouble, with_the_broker_loses_nothing_when_it_comes_back, .timeout = 300, .init = start,
     .fini = stop)
{
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_source *source;
    struct seuil_kafka_event event;
    struct seuil_sink *sink;
    struct seuil_delivery d;
    struct seuil_error err;
    struct seuil_lane *lane = lane_new(0, 0);
    struct seuil_entry_view entry = {.destination = SEUIL_DEST_OUTBOUND,
                                     .key = SEUIL_STR("k"),
                                     .value = (const uint8_t *)"v",
                                     .value_len = 1};
    seuil_time_ms until, time;
    uint64_t hash;
    int64_t first, end;

    setup(&s, 1, 1);
    setup_property(&s, "session.timeout.ms", "120000"); /* longer than it is away */
    s.config.outbound = unique("outbound");
    make_topic(s.config.outbound, 1, NULL, NULL);
    fill_topic(s.config.inputs[0].name, 0, 0, 50, AT);
    kafka = alone(&s);
    source = seuil_kafka_source(kafka);
    sink = seuil_kafka_sink_new(kafka, &err);
    drain(kafka, lane, 0, 50);
    broker("kill");
    cr_assert(!sink->ops->send(sink, 0, 1, 1, &entry, &err));
    cr_assert(source->ops->watermarks(source, 0, 0, &first, &end) == SEUIL_ERR_BACKOFF);
    /* One question may hold its thread for three seconds; the next ones do not. */
    until = clock_ms() + 5000;
    for (int i = 0; i < 4; i++)
        cr_assert(source->ops->read_back(source, 0, 0, 3, &time, &hash) == SEUIL_ERR_BACKOFF);
    cr_assert(clock_ms() < until);
    cr_assert(!source->ops->fill(source, lane) && lane->count == 0);
    broker("start");
    fill_topic(s.config.inputs[0].name, 0, 50, 50, AT);
    drain(kafka, lane, 50, 100); /* a rebalance would empty the lane: there is none */
    for (until = clock_ms() + WAIT_MS; !sink->ops->poll(sink, &d); nap())
        cr_assert(clock_ms() < until, "the record is not reported");
    cr_assert(d.ok && d.cookie == 1);
    until = clock_ms() + WAIT_MS;
    while (source->ops->watermarks(source, 0, 0, &first, &end))
        cr_assert(clock_ms() < until);
    cr_assert(end == 100);
    while (seuil_kafka_poll(kafka, 0, &event))
        cr_assert(false, "event %d: %s", event.type, event.error.text);
    sink->ops->free(sink);
    leave(kafka);
    free(lane);
}

Test(trouble, with_a_topic_that_was_made_again_halts, .timeout = 300, .init = start, .fini = stop)
{
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_source *source;
    struct seuil_kafka_event event;
    struct seuil_admin *admin;
    struct seuil_property property;
    struct seuil_error err;
    struct seuil_lane *lane = lane_new(0, 0);
    seuil_time_ms until;
    bool halted = false;

    setup(&s, 1, 1);
    property = (struct seuil_property){"bootstrap.servers", bootstrap()};
    fill_topic(s.config.inputs[0].name, 0, 0, 50, AT);
    kafka = alone(&s);
    source = seuil_kafka_source(kafka);
    drain(kafka, lane, 0, 50);
    admin = seuil_admin_new(&property, 1, &err);
    cr_assert(!seuil_admin_delete(admin, s.config.inputs[0].name, WAIT_MS, &err), "%s", err.text);
    cr_assert(!seuil_admin_delete(admin, "never-made", WAIT_MS, &err), "%s", err.text);
    seuil_admin_free(admin);
    make_topic(s.config.inputs[0].name, 1, NULL, NULL);
    fill_topic(s.config.inputs[0].name, 0, 0, 10, AT); /* fewer than we have read */
    until = clock_ms() + WAIT_MS;
    for (; !halted; nap()) {
        cr_assert(clock_ms() < until, "nobody noticed: %s", lane->text);
        source->ops->fill(source, lane);
        cr_assert(lane->count == 0, "records of another log");
        halted = lane->error == SEUIL_ERR_HALTED;
        if (seuil_kafka_poll(kafka, 0, &event) && event.type == SEUIL_KAFKA_REVOKED)
            seuil_kafka_unassign(kafka);
        else if (event.type == SEUIL_KAFKA_HALTED)
            halted = true;
    }
    leave(kafka);
    free(lane);
}
