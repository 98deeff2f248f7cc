/* What of `kafka:` is taken verbatim, and what is refused. No broker is needed. */

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "stream/admin.h"
#include "stream/kafka.h"

static struct seuil_kafka *try(const char *name, const char *value, struct seuil_error *err)
{
    struct seuil_property properties[] = {{"bootstrap.servers", "127.0.0.1:1"}, {name, value}};
    struct seuil_kafka_config config = {
        .properties = properties,
        .property_count = name ? 2 : 1,
        .group = "g",
        .internal = "i",
        .partitions = 4,
        .inputs = {{"a", false}, {NULL, false}, {"b", true}},
    };

    memset(err, 0, sizeof(*err));
    return seuil_kafka_new(&config, err);
}

static void taken(const char *name, const char *value)
{
    struct seuil_error err;
    struct seuil_kafka *kafka = try(name, value, &err);

    cr_assert(kafka, "%s", err.text);
    seuil_kafka_free(kafka);
}

static void refused(const char *name, const char *value, const char *why)
{
    struct seuil_error err;
    struct seuil_kafka *kafka = try(name, value, &err);

    cr_assert(!kafka, "%s=%s was taken", name, value);
    cr_assert(err.code == SEUIL_ERR_CONFIG);
    cr_assert(strstr(err.text, name) && strstr(err.text, why), "%s", err.text);
}

Test(conf, takes_properties_of_consumers_and_producers_verbatim)
{
    taken(NULL, NULL);
    taken("session.timeout.ms", "7000");
    taken("compression.codec", "lz4");
    taken("linger.ms", "0");
    taken("fetch.wait.max.ms", "50");
    taken("queued.min.messages", "1000");
    taken("group.instance.id", "one");
}

Test(conf, an_instance_is_named_as_long_as_kafka_takes_with_the_hash_of_its_topics)
{
    char name[242];

    memset(name, 'i', sizeof(name) - 1);
    name[241] = '\0';
    refused("group.instance.id", name, "longer than 240");
    name[240] = '\0';
    taken("group.instance.id", name);
}

Test(conf, takes_a_value_that_the_protocol_fixes_when_it_is_the_same)
{
    taken("enable.auto.commit", "false");
    taken("acks", "all");
    taken("partition.assignment.strategy", "range");
}

Test(conf, refuses_what_would_break_the_protocol_and_says_why)
{
    refused("enable.auto.commit", "true", "Redis");
    refused("auto.commit.enable", "true", "Redis");
    refused("enable.auto.offset.store", "true", "Redis");
    refused("auto.offset.reset", "earliest", "halt the shard");
    refused("partition.assignment.strategy", "cooperative-sticky", "only range");
    refused("partition.assignment.strategy", "range,roundrobin", "only range");
    refused("isolation.level", "read_uncommitted", "aborted");
    refused("enable.partition.eof", "false", "end");
    refused("enable.idempotence", "false", "order");
    refused("acks", "1", "survive");
    refused("request.required.acks", "1", "survive");
    refused("transactional.id", "t", "outbox");
    refused("group.id", "other", "app");
    refused("partitioner", "random", "partitioner");
    refused("delivery.report.only.error", "true", "outbox");
    refused("fetch.wait.max.ms", "500", "at most 100");
    refused("fetch.wait.max.ms", "50ms", "at most 100");
}

Test(conf, refuses_unknown_names_and_bad_values_in_the_words_of_librdkafka)
{
    refused("sesion.timeout.ms", "7000", "No such configuration property");
    refused("session.timeout.ms", "many", "Invalid value");
    refused("compression.codec", "rar", "Invalid value");
}

Test(conf, refuses_a_port_without_a_group_an_internal_topic_or_partitions)
{
    struct seuil_property property = {"bootstrap.servers", "127.0.0.1:1"};
    struct seuil_kafka_config config = {.properties = &property,
                                        .property_count = 1,
                                        .group = "g",
                                        .internal = "i",
                                        .partitions = 1};
    struct seuil_kafka_config bad;
    struct seuil_error err;

    bad = config;
    bad.group = "";
    cr_assert(!seuil_kafka_new(&bad, &err) && err.code == SEUIL_ERR_CONFIG);
    bad = config;
    bad.internal = NULL;
    cr_assert(!seuil_kafka_new(&bad, &err) && err.code == SEUIL_ERR_CONFIG);
    bad = config;
    bad.partitions = 0;
    cr_assert(!seuil_kafka_new(&bad, &err) && err.code == SEUIL_ERR_CONFIG);
    bad.partitions = SEUIL_PARTITIONS_MAX + 1;
    cr_assert(!seuil_kafka_new(&bad, &err) && err.code == SEUIL_ERR_CONFIG);
}

Test(conf, lanes_that_were_never_assigned_are_silent_and_strangers_are_refused)
{
    struct seuil_error err;
    struct seuil_kafka *kafka = try(NULL, NULL, &err);
    struct seuil_source *source = seuil_kafka_source(kafka);
    static struct seuil_lane lane;
    int64_t positions[SEUIL_TOPICS_MAX] = {0}, start, end;
    uint64_t ticket;

    lane.count = 5;
    cr_assert(!source->ops->fill(source, &lane) && lane.count == 0);
    cr_assert(source->ops->seek(source, &lane, 0) == SEUIL_ERR_BACKOFF);
    cr_assert(source->ops->seek(source, &lane, -1) == SEUIL_ERR_INVALID);
    cr_assert(source->ops->confirmed(source, 0) == SEUIL_TIME_NONE);
    ticket = source->ops->witness(source, 0, positions, "w");
    cr_assert(ticket > 0 && source->ops->witness_state(source, 0, ticket) == SEUIL_ERR_FENCED);
    cr_assert(source->ops->witness_state(source, 0, ticket + 1) == SEUIL_ERR_MISSING);
    lane.topic = 1; /* not in use */
    cr_assert(source->ops->fill(source, &lane) == SEUIL_ERR_INVALID);
    lane.topic = 0;
    lane.shard = 4;
    cr_assert(source->ops->fill(source, &lane) == SEUIL_ERR_INVALID);
    cr_assert(source->ops->watermarks(source, 0, 1, &start, &end) == SEUIL_ERR_INVALID);
    cr_assert(source->ops->confirmed(source, 4) == SEUIL_TIME_NONE);
    source->ops->ask_ends(source, 4);
    seuil_kafka_free(kafka);
}

Test(conf, of_the_admin_is_checked_by_the_same_rules)
{
    struct seuil_property good = {"bootstrap.servers", "127.0.0.1:1"}, bad = {"acks", "0"};
    struct seuil_topic_state state = {true, 9};
    struct seuil_admin *admin;
    struct seuil_error err;

    cr_assert(!seuil_admin_new(&bad, 1, &err) && err.code == SEUIL_ERR_CONFIG);
    admin = seuil_admin_new(&good, 1, &err);
    cr_assert(seuil_admin_describe(admin, "t", 200, &state, &err) == SEUIL_ERR_BACKOFF);
    cr_assert(state.exists && state.partitions == 9, "untouched on failure");
    cr_assert(strstr(err.text, "bootstrap.servers"), "%s", err.text);
    seuil_admin_free(admin);
}
