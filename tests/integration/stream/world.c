#include "stream/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

void nap(void)
{
    nanosleep(&(struct timespec){0, 2000000}, NULL);
}

seuil_time_ms clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (seuil_time_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *bootstrap(void)
{
    const char *text = getenv("SEUIL_KAFKA");

    cr_assert(text, "SEUIL_KAFKA is not set: run it by tests/support/kafka/broker run");
    return text;
}

const char *unique(const char *name)
{
    static char names[64][128];
    static unsigned number;
    char *text = names[number];

    cr_assert(number < 64);
    snprintf(text, sizeof(names[0]), "t%d-%lld-%u.%s", (int)getpid(), (long long)clock_ms(),
             number++, name); /* process numbers come again */
    return text;
}

static struct seuil_admin *admin(void)
{
    struct seuil_property property = {"bootstrap.servers", bootstrap()};
    struct seuil_error err = {0};
    struct seuil_admin *made = seuil_admin_new(&property, 1, &err);

    cr_assert(made, "%s", err.text);
    return made;
}

void make_topic(const char *name, uint32_t partitions, const char *config, const char *value)
{
    struct seuil_property property = {config, value};
    struct seuil_topic_spec spec = {name, partitions, -1, &property, config ? 1 : 0};
    struct seuil_admin *one = admin();
    struct seuil_error err = {0};

    cr_assert(!seuil_admin_create(one, &spec, 1, WAIT_MS, &err), "%s", err.text);
    seuil_admin_free(one);
}

void fill_topic(const char *name, uint32_t partition, uint32_t first, uint32_t count,
                seuil_time_ms time)
{
    struct seuil_property property = {"bootstrap.servers", bootstrap()};
    struct seuil_error err = {0};
    struct seuil_producer *producer = seuil_producer_new(&property, 1, &err);

    cr_assert(producer, "%s", err.text);
    for (uint32_t i = first; i < first + count; i++) {
        char key[32], value[160];

        snprintf(key, sizeof(key), "k%u", i);
        snprintf(value, sizeof(value), "%s:%u", name, i);
        cr_assert(!seuil_producer_send(producer, name, (int32_t)partition, seuil_str_from(key),
                                       (uint8_t *)value, (uint32_t)strlen(value), time + i, &err),
                  "%s", err.text);
    }
    cr_assert(!seuil_producer_flush(producer, WAIT_MS, &err), "%s", err.text);
    seuil_producer_free(producer);
}

static void on_log(void *ctx, enum seuil_kafka_level level, const char *text)
{
    (void)ctx;
    if (getenv("SEUIL_TEST_VERBOSE"))
        fprintf(stderr, "%d %s\n", (int)level, text);
}

void setup_property(struct setup *setup, const char *name, const char *value)
{
    setup->properties[setup->config.property_count++] = (struct seuil_property){name, value};
}

void setup(struct setup *setup, uint32_t topics, uint32_t partitions)
{
    memset(setup, 0, sizeof(*setup));
    setup->config.properties = setup->properties;
    setup_property(setup, "bootstrap.servers", bootstrap());
    setup_property(setup, "session.timeout.ms", "6000");
    setup_property(setup, "heartbeat.interval.ms", "300");
    setup->config.group = unique("group");
    setup->config.partitions = partitions;
    setup->config.log = on_log;
    setup->config.internal = unique("internal");
    make_topic(setup->config.internal, partitions, NULL, NULL);
    for (uint32_t t = 0; t < topics; t++) {
        setup->config.inputs[t].name = unique("input");
        make_topic(setup->config.inputs[t].name, partitions, NULL, NULL);
    }
}

struct seuil_kafka *member(const struct setup *setup)
{
    struct seuil_error err = {0};
    struct seuil_kafka *kafka = seuil_kafka_new(&setup->config, &err);

    cr_assert(kafka, "%s", err.text);
    cr_assert(!seuil_kafka_check(kafka, WAIT_MS, &err), "%s", err.text);
    cr_assert(!seuil_kafka_join(kafka, &err), "%s", err.text);
    return kafka;
}

void leave(struct seuil_kafka *kafka)
{
    cr_assert(!seuil_kafka_close(kafka, 10000), "the client did not close");
    seuil_kafka_free(kafka);
}

void await_event(struct seuil_kafka *kafka, enum seuil_kafka_event_type type,
                 struct seuil_kafka_event *ret_event)
{
    seuil_time_ms until = clock_ms() + WAIT_MS;

    while (clock_ms() < until) {
        if (!seuil_kafka_poll(kafka, 100, ret_event))
            continue;
        cr_assert(ret_event->type == type, "event %d came, not %d: %s", ret_event->type, type,
                  ret_event->error.text);
        return;
    }
    cr_assert(false, "event %d did not come", type);
}

struct seuil_lane *lane_new(uint32_t shard, uint32_t topic)
{
    struct seuil_lane *lane = calloc(1, sizeof(*lane));

    lane->shard = shard;
    lane->topic = topic;
    return lane;
}

struct seuil_kafka *alone(const struct setup *setup)
{
    struct seuil_kafka *kafka = member(setup);
    struct seuil_source *source = seuil_kafka_source(kafka);
    struct seuil_kafka_event event;
    struct seuil_error err = {0};

    await_event(kafka, SEUIL_KAFKA_ASSIGNED, &event);
    cr_assert(event.count == setup->config.partitions);
    for (uint32_t p = 0; p < setup->config.partitions; p++) {
        for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++) {
            struct seuil_lane *lane;

            if (!setup->config.inputs[t].name)
                continue;
            lane = lane_new(p, t);
            cr_assert(!source->ops->seek(source, lane, 0));
            free(lane);
        }
    }
    cr_assert(!seuil_kafka_assign(kafka, &err), "%s", err.text);
    return kafka;
}

const struct seuil_record_in *await_record(struct seuil_kafka *kafka, struct seuil_lane *lane)
{
    struct seuil_source *source = seuil_kafka_source(kafka);
    struct seuil_kafka_event event;
    seuil_time_ms until = clock_ms() + WAIT_MS;

    for (; lane->head == lane->count; nap()) {
        cr_assert(clock_ms() < until, "no record came: %s", lane->text);
        seuil_kafka_poll(kafka, 0, &event);
        source->ops->fill(source, lane);
    }
    return &lane->records[lane->head++];
}

uint32_t drain(struct seuil_kafka *kafka, struct seuil_lane *lane, int64_t first, int64_t until)
{
    uint32_t count = 0;

    while (first < until) {
        const struct seuil_record_in *record = await_record(kafka, lane);

        cr_assert(record->offset == first, "offset %lld came, not %lld", (long long)record->offset,
                  (long long)first);
        first++;
        count++;
    }
    return count;
}
