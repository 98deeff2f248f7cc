/* What is sent arrives, in order, or is told to have failed. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include <criterion/criterion.h>

#include <poll.h>

#include "stream/partition.h"
#include "stream/world.h"

static struct seuil_reader *reader_of(const char *topic)
{
    struct seuil_property property = {"bootstrap.servers", bootstrap()};
    struct seuil_error err = {0};
    struct seuil_reader *reader = seuil_reader_new(&property, 1, topic, &err);

    cr_assert(reader, "%s", err.text);
    return reader;
}

static struct seuil_read next_of(struct seuil_reader *reader)
{
    seuil_time_ms until = clock_ms() + WAIT_MS;
    struct seuil_read read;

    while (seuil_reader_next(reader, 100, &read) != 1)
        cr_assert(clock_ms() < until, "no record came");
    return read;
}

static struct seuil_delivery next_report(struct seuil_sink *sink)
{
    seuil_time_ms until = clock_ms() + WAIT_MS;
    struct seuil_delivery delivery;

    for (; !sink->ops->poll(sink, &delivery); nap())
        cr_assert(clock_ms() < until, "no report came");
    return delivery;
}

/* A text of @size bytes with its end: the broker's limit is on batches as they are compressed. */
static char *incompressible(size_t size)
{
    char *text = malloc(size);
    uint64_t state = 88172645463325252u;

    cr_assert(text);
    for (size_t i = 0; i + 1 < size; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text[i] = (char)('!' + (state >> 32) % 94);
    }
    text[size - 1] = 0;
    return text;
}

static struct seuil_entry_view entry_of(uint8_t destination, const char *key, const char *value)
{
    return (struct seuil_entry_view){.destination = destination,
                                     .key = seuil_str_from(key),
                                     .value = (const uint8_t *)value,
                                     .value_len = value ? (uint32_t)strlen(value) : 0};
}

static void send(struct seuil_sink *sink, uint32_t shard, uint64_t cookie,
                 const struct seuil_entry_view *entry)
{
    seuil_time_ms until = clock_ms() + WAIT_MS;
    struct seuil_error err = {0};
    int code;

    while ((code = sink->ops->send(sink, shard, 77, cookie, entry, &err)) == SEUIL_ERR_BACKOFF) {
        cr_assert(clock_ms() < until);
        nap();
    }
    cr_assert(!code, "%s", err.text);
}

static bool sink_is_busy(struct seuil_sink *sink, const struct seuil_entry_view *entry)
{
    return sink->ops->send(sink, 0, 77, 999, entry, NULL) == SEUIL_ERR_BACKOFF;
}

struct sinks {
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_sink *sink;
};

static void open(struct sinks *x, uint32_t partitions, uint32_t outbound, const char *config,
                 const char *value)
{
    struct seuil_error err = {0};

    setup(&x->s, 1, partitions);
    x->s.config.outbound = unique("outbound");
    x->s.config.dead_letters = unique("dead");
    make_topic(x->s.config.outbound, outbound, config, value);
    make_topic(x->s.config.dead_letters, 1, NULL, NULL);
    x->kafka = seuil_kafka_new(&x->s.config, &err);
    cr_assert(x->kafka, "%s", err.text);
    cr_assert(!seuil_kafka_check(x->kafka, WAIT_MS, &err), "%s", err.text);
    x->sink = seuil_kafka_sink_new(x->kafka, &err);
    cr_assert(x->sink, "%s", err.text);
}

static void done(struct sinks *x)
{
    x->sink->ops->free(x->sink);
    seuil_kafka_free(x->kafka);
}

Test(sink, keeps_the_order_and_reports_each_record_once, .timeout = 180)
{
    struct sinks x;
    struct seuil_reader *reader;
    uint32_t seen[2000] = {0};

    open(&x, 2, 2, NULL, NULL);
    for (uint32_t i = 0; i < 2000; i++) {
        struct seuil_entry_view entry;
        char value[32];

        snprintf(value, sizeof(value), "%u", i);
        entry = entry_of(SEUIL_DEST_OUTBOUND, "lead", value);
        send(x.sink, i % 2, i, &entry);
    }
    x.sink->ops->flush(x.sink, WAIT_MS);
    for (uint32_t i = 0; i < 2000; i++) {
        struct seuil_delivery d = next_report(x.sink);

        cr_assert(d.ok && d.tenure == 77 && d.shard == d.cookie % 2);
        cr_assert(seen[d.cookie]++ == 0);
    }
    reader = reader_of(x.s.config.outbound);
    for (uint32_t i = 0, next[2] = {0, 1}; i < 2000; i++) {
        struct seuil_read read = next_of(reader);
        char value[32];

        snprintf(value, sizeof(value), "%u", next[read.partition]);
        next[read.partition] += 2;
        cr_assert(read.value_len == strlen(value) && !memcmp(read.value, value, read.value_len),
                  "partition %d: %.*s, not %s", read.partition, (int)read.value_len, read.value,
                  value);
    }
    seuil_reader_free(reader);
    done(&x);
}

Test(sink, keeps_headers_tombstones_and_keys, .timeout = 180)
{
    struct sinks x;
    struct seuil_reader *reader;
    struct seuil_read read;
    struct seuil_entry_view entry = entry_of(SEUIL_DEST_DEAD_LETTERS, "lead", NULL);

    open(&x, 2, 2, NULL, NULL);
    entry.header_count = 2;
    entry.headers[0] = (struct seuil_header){SEUIL_STR("ce_id"), (const uint8_t *)"42", 2};
    entry.headers[1] = (struct seuil_header){SEUIL_STR("none"), NULL, 0};
    send(x.sink, 1, 1, &entry);
    entry = entry_of(SEUIL_DEST_DEAD_LETTERS, NULL, "v");
    send(x.sink, 1, 2, &entry);
    reader = reader_of(x.s.config.dead_letters);
    read = next_of(reader);
    cr_assert(read.value == NULL && seuil_str_eq(read.key, SEUIL_STR("lead")));
    cr_assert(read.header_count == 2 && seuil_str_eq(read.headers[0].name, SEUIL_STR("ce_id")));
    cr_assert(read.headers[0].value_len == 2 && !memcmp(read.headers[0].value, "42", 2));
    cr_assert(read.headers[1].value == NULL);
    read = next_of(reader);
    cr_assert(read.key.ptr == NULL && read.value_len == 1);
    seuil_reader_free(reader);
    done(&x);
}

Test(sink, places_keys_as_java_does_in_a_topic_of_another_width, .timeout = 180)
{
    struct sinks x;
    struct seuil_reader *reader;
    uint32_t used[7] = {0};

    open(&x, 2, 7, NULL, NULL);
    for (uint32_t i = 0; i < 300; i++) {
        struct seuil_entry_view entry;
        char key[64];

        snprintf(key, sizeof(key), "%.*s%u", (int)(i % 9), "pr\xc3\xa9\xff\x80xs", i);
        entry = entry_of(SEUIL_DEST_OUTBOUND, key, "v");
        send(x.sink, 0, i, &entry);
    }
    reader = reader_of(x.s.config.outbound);
    for (uint32_t i = 0; i < 300; i++) {
        struct seuil_read read = next_of(reader);

        cr_assert((uint32_t)read.partition == seuil_partition_murmur2(read.key, 7), "%.*s",
                  (int)read.key.len, read.key.ptr);
        used[read.partition]++;
    }
    for (int p = 0; p < 7; p++)
        cr_assert(used[p] > 0);
    seuil_reader_free(reader);
    done(&x);
}

Test(sink, places_keys_by_crc32_when_told, .timeout = 180)
{
    struct sinks x;
    struct seuil_reader *reader;
    struct seuil_error err = {0};

    memset(&x, 0, sizeof(x));
    open(&x, 2, 7, NULL, NULL);
    done(&x);
    x.s.config.consistent = true;
    x.kafka = seuil_kafka_new(&x.s.config, &err);
    cr_assert(x.kafka && !seuil_kafka_check(x.kafka, WAIT_MS, &err), "%s", err.text);
    x.sink = seuil_kafka_sink_new(x.kafka, &err);
    for (uint32_t i = 0; i < 100; i++) {
        struct seuil_entry_view entry;
        char key[64];

        snprintf(key, sizeof(key), "lead-%u", i);
        entry = entry_of(SEUIL_DEST_OUTBOUND, key, "v");
        send(x.sink, 0, i, &entry);
    }
    reader = reader_of(x.s.config.outbound);
    for (uint32_t i = 0; i < 100; i++) {
        struct seuil_read read = next_of(reader);

        cr_assert((uint32_t)read.partition == seuil_partition_consistent(read.key, 7));
    }
    seuil_reader_free(reader);
    done(&x);
}

Test(sink, that_fails_tells_everything_unreported_once_and_goes_on_with_a_new_producer,
     .timeout = 180)
{
    struct sinks x;
    struct seuil_reader *reader;
    struct seuil_entry_view entry;
    uint32_t failed = 0, good = 0;
    bool told[21] = {false};
    char *large = incompressible(20000);

    open(&x, 2, 2, "max.message.bytes", "5000"); /* the broker's limit, unknown to the client */
    entry = entry_of(SEUIL_DEST_OUTBOUND, "lead", "first");
    send(x.sink, 0, 0, &entry);
    cr_assert(next_report(x.sink).ok);
    entry = entry_of(SEUIL_DEST_OUTBOUND, "lead", large);
    send(x.sink, 0, 1, &entry);
    entry = entry_of(SEUIL_DEST_OUTBOUND, "lead", "small");
    for (uint64_t i = 2; i <= 20; i++)
        send(x.sink, 0, i, &entry);
    for (int i = 1; i <= 20; i++) {
        struct seuil_delivery d = next_report(x.sink);

        cr_assert(d.cookie >= 1 && d.cookie <= 20 && !told[d.cookie]);
        told[d.cookie] = true;
        failed += !d.ok;
        good += d.ok;
        if (!d.ok && failed == 1) {
            for (seuil_time_ms from = clock_ms(); clock_ms() - from < 400; nap())
                ; /* long enough for a new producer */
            cr_assert(sink_is_busy(x.sink, &entry), "not before all is told");
        }
    }
    cr_assert(failed > 0 && !good == (failed == 20));
    for (uint64_t i = 2; i <= 20; i++)
        send(x.sink, 0, 100 + i, &entry);
    for (uint64_t i = 2; i <= 20; i++) {
        struct seuil_delivery d = next_report(x.sink);

        cr_assert(d.ok && d.cookie == 100 + i);
    }
    reader = reader_of(x.s.config.outbound);
    for (uint32_t i = 0; i < 1 + good + 19; i++)
        next_of(reader);
    seuil_reader_free(reader);
    done(&x);
    free(large);
}

Test(sink, wakes_its_thread_for_a_report_also_after_the_producer_was_replaced, .timeout = 180)
{
    struct sinks x;
    struct seuil_entry_view entry;
    struct seuil_delivery d;
    int fd = eventfd(0, EFD_NONBLOCK);
    struct pollfd wait = {fd, POLLIN, 0};
    char *large = incompressible(20000);
    uint64_t woken;

    open(&x, 2, 2, "max.message.bytes", "5000");
    x.sink->ops->watch(x.sink, fd);
    for (int i = 0; i < 3; i++) {
        entry = entry_of(SEUIL_DEST_OUTBOUND, "lead", i == 1 ? large : "small");
        send(x.sink, 0, (uint64_t)i, &entry);
        do {
            cr_assert(poll(&wait, 1, WAIT_MS) == 1, "nobody was woken for %d", i);
            eventfd_read(fd, &woken);
        } while (!x.sink->ops->poll(x.sink, &d));
        cr_assert(d.cookie == (uint64_t)i && d.ok == (i != 1));
        while (x.sink->ops->poll(x.sink, &d))
            ;
    }
    done(&x);
    free(large);
}

Test(sink, refuses_what_the_client_itself_knows_to_be_too_large, .timeout = 180)
{
    struct sinks x;
    struct seuil_entry_view entry;
    struct seuil_error err;
    char *large = malloc(17000001);

    memset(large, 'x', 17000000);
    large[17000000] = 0;
    open(&x, 2, 2, NULL, NULL);
    entry = entry_of(SEUIL_DEST_OUTBOUND, "lead", large);
    cr_assert(x.sink->ops->send(x.sink, 0, 1, 1, &entry, &err) == SEUIL_ERR_LIMIT);
    cr_assert(strstr(err.text, "message.max.bytes"), "%s", err.text);
    done(&x);
    free(large);
}
