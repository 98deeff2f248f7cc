#include "ctl_world.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "ctl.h"
#include "store/manifest.h"

static int64_t mono_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int report(const struct seuil_world *world, const struct seuil_error *err)
{
    return seuil_ctl_fail(world->command, seuil_ctl_status(err->code), "%s", err->text);
}

static int report_redis(const struct seuil_world *world, const struct seuil_error *err)
{
    if (err->code != SEUIL_ERR_BACKOFF)
        return report(world, err);
    return seuil_ctl_fail(world->command, EX_TEMPFAIL,
                          "%s; is redis.url (%s) right, and Redis running there?", err->text,
                          world->opened.settings->redis_url);
}

static int report_kafka(const struct seuil_world *world, const struct seuil_error *err)
{
    if (err->code != SEUIL_ERR_BACKOFF)
        return report(world, err);
    return seuil_ctl_fail(world->command, EX_TEMPFAIL,
                          "%s; is kafka.bootstrap.servers right, and a broker running there?",
                          err->text);
}

/* What is decided for good lies in Redis: the number of shards and the numbers of the topics. */
static int read_manifest(struct seuil_world *world, bool may_be_empty)
{
    const struct seuil_settings *settings = world->opened.settings;
    struct seuil_manifest manifest;
    struct seuil_lead_names names;
    char keys[SEUIL_NAME_MARK_DIGITS + 1];
    struct seuil_error err = {0};
    int rc = seuil_manifest_read(&world->clients.redis, &manifest, &err);

    world->partitions = (uint32_t)settings->partitions;
    world->empty = rc == SEUIL_ERR_MISSING;
    for (uint32_t i = 0; i < settings->input_count; i++)
        world->clients.numbers[i] = i; /* as seuild would number them */
    if (world->empty && may_be_empty)
        return 0;
    if (world->empty)
        return seuil_ctl_fail(world->command, EX_UNAVAILABLE,
                              "Redis (%s) has nothing of the application \"%s\": seuild has not "
                              "run yet, or redis.url or app is another one's, or Redis lost "
                              "everything (then: seuilctl rebuild)",
                              settings->redis_url, settings->app);
    if (rc)
        return report_redis(world, &err);
    if (manifest.partitions != settings->partitions)
        return seuil_ctl_fail(world->command, EX_CONFIG,
                              "the configuration says %lld partitions, Redis has the state of %u",
                              (long long)settings->partitions, manifest.partitions);
    seuil_lead_names_init(&names, seuil_str_from(settings->redis_key_secret));
    seuil_lead_names_mark(&names, keys);
    if (strcmp(manifest.keys, keys) != 0)
        return seuil_ctl_fail(
            world->command, EX_CONFIG,
            "redis.key_secret is not the one that the keys of leads in Redis were "
            "made with: no lead would be found. %s",
            manifest.keys[0] ? "Set the one of seuild's configuration"
                             : "They were made without one: remove it");
    world->clients.made = manifest.made;
    for (uint32_t i = 0; i < settings->input_count; i++) {
        world->clients.numbers[i] = SEUIL_TOPICS_MAX; /* not in the manifest yet */
        for (uint32_t k = 0; k < manifest.topic_count; k++)
            if (strcmp(manifest.topics[k], settings->inputs[i].topic) == 0)
                world->clients.numbers[i] = k;
    }
    return 0;
}

int seuil_world_open(struct seuil_world *world, const char *command, const char *config,
                     bool may_be_empty)
{
    struct seuil_errs errs = {0};
    struct seuil_error err = {0};
    int rc;

    *world = (struct seuil_world){.command = command};
    if (seuil_open(config ? config : SEUIL_CTL_CONFIG, &world->opened, &errs))
        return seuil_ctl_config_errs(command, config, &errs);
    if (seuil_clients_open(&world->opened, &world->clients, &err))
        return report(world, &err);
    rc = read_manifest(world, may_be_empty);
    if (rc)
        return rc;
    world->store = seuil_clients_store(&world->clients, &err);
    return world->store ? 0 : report(world, &err);
}

int seuil_world_kafka(struct seuil_world *world)
{
    struct seuil_error err = {0};
    int rc = seuil_clients_kafka(&world->clients, &err);

    if (rc)
        return report_kafka(world, &err);
    world->source = seuil_kafka_source(world->clients.kafka);
    return 0;
}

int seuil_world_make_manifest(struct seuil_world *world)
{
    struct seuil_error err = {0};

    return seuil_clients_check(&world->clients, &err) ? report(world, &err) : 0;
}

void seuil_world_done(struct seuil_world *world)
{
    if (world->store)
        world->store->ops->free(world->store);
    seuil_clients_done(&world->clients);
    seuil_opened_done(&world->opened);
}

const struct seuil_store_reply *seuil_world_wait(struct seuil_world *world)
{
    static struct seuil_store_reply reply;
    int64_t until = mono_ms() + 2 * world->opened.settings->redis_timeout_ms;

    while (mono_ms() < until)
        if (world->store->ops->poll(world->store, mono_ms(), 50, &reply) == 1)
            return &reply;
    seuil_ctl_fail(world->command, EX_TEMPFAIL, "Redis (%s) does not answer within %lld s",
                   world->opened.settings->redis_url,
                   (long long)(2 * world->opened.settings->redis_timeout_ms / 1000));
    return NULL;
}

/* What is not OK, MISSING or another shard's affair ends the command. */
static int refused(const struct seuil_world *world, uint32_t shard,
                   const struct seuil_store_reply *reply)
{
    return seuil_ctl_fail(world->command,
                          reply->status == SEUIL_STORE_WRONG ? EX_DATAERR : EX_TEMPFAIL,
                          "shard %u: %s", shard, reply->text[0] ? reply->text : "Redis refused");
}

int seuil_world_meta(struct seuil_world *world, uint32_t shard, struct seuil_meta *ret_meta,
                     bool *ret_found)
{
    const struct seuil_store_reply *reply;

    world->store->ops->read_meta(world->store, shard, 0);
    reply = seuil_world_wait(world);
    if (!reply)
        return EX_TEMPFAIL;
    if (reply->status == SEUIL_STORE_OK) {
        *ret_meta = *reply->meta;
        *ret_found = true;
    } else if (reply->status == SEUIL_STORE_MISSING) {
        memset(ret_meta, 0, sizeof(*ret_meta));
        ret_meta->counts.since = ret_meta->counts.as_of = SEUIL_TIME_NONE;
        *ret_found = false;
    } else {
        return refused(world, shard, reply);
    }
    return 0;
}

const char *seuil_world_topic(const struct seuil_world *world, uint32_t topic)
{
    const struct seuil_settings *settings = world->opened.settings;

    if (topic == SEUIL_TOPIC_INTERNAL)
        return settings->internal_topic;
    for (uint32_t i = 0; i < settings->input_count; i++)
        if (world->clients.numbers[i] == topic)
            return settings->inputs[i].topic;
    return NULL;
}

int seuil_world_shards(struct seuil_world *world, int count, char **operands, uint32_t *ret_shards)
{
    bool seen[SEUIL_PARTITIONS_MAX] = {false};
    int n = 0;

    if (count == 0) {
        for (uint32_t i = 0; i < world->partitions; i++)
            ret_shards[i] = i;
        return (int)world->partitions;
    }
    for (int i = 0; i < count; i++) {
        char *end;
        unsigned long shard = strtoul(operands[i], &end, 10);

        if (*end || operands[i][0] < '0' || operands[i][0] > '9' || shard >= world->partitions)
            return -seuil_ctl_fail(world->command, EX_USAGE,
                                   "\"%s\" is no shard: they are numbered from 0 to %u",
                                   operands[i], world->partitions - 1);
        if (!seen[shard])
            ret_shards[n++] = (uint32_t)shard;
        seen[shard] = true;
    }
    return n;
}
