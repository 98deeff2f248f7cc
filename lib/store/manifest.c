#include "store/manifest.h"

#include <string.h>

#include "store/meta.h"
#include "store/sync.h"

/* Made once, then only read: whoever comes first decides, and all see the same. */
static const char make_script[] =
    "if redis.call('EXISTS',KEYS[1])==0 then redis.call('HSET',KEYS[1],unpack(ARGV)) end "
    "return redis.call('HGETALL',KEYS[1])";

/* Two operators adding at once get different numbers; -1: no number is left. */
static const char add_script[] =
    "if redis.call('EXISTS',KEYS[1])==0 then return redis.call('HGETALL',KEYS[1]) end "
    "local n=tonumber(redis.call('HGET',KEYS[1],'topics')) local new={} "
    "for i=2,#ARGV do if redis.call('HEXISTS',KEYS[1],'topic:'..ARGV[i])==0 then "
    "new[#new+1]=ARGV[i] end end "
    "if n+#new>tonumber(ARGV[1]) then return -1 end "
    "for i=1,#new do redis.call('HSET',KEYS[1],'topic:'..new[i],n+i-1,'topics',n+i) end "
    "return redis.call('HGETALL',KEYS[1])";

static const char *const partitioners[] = {"murmur2", "consistent", "unchecked"};

/* ---- reading --------------------------------------------------------------------------------- */

static int damaged(struct seuil_str name, struct seuil_error *err)
{
    return seuil_error_set(err, SEUIL_ERR_CORRUPT,
                           "the manifest in Redis is damaged at '%.*s': restore it from a backup",
                           (int)(name.len < 64 ? name.len : 64), name.ptr);
}

/* One field; false when it is not as it should be. */
static bool field_parse(struct seuil_str name, struct seuil_str value,
                        struct seuil_manifest *manifest, uint32_t *seen)
{
    struct seuil_str prefix = SEUIL_STR("topic:");
    uint64_t number = 0;

    if (seuil_str_eq(name, SEUIL_STR("partitioner"))) {
        for (int i = 0; i < (int)(sizeof(partitioners) / sizeof(partitioners[0])); i++)
            if (seuil_str_eq(value, seuil_str_from(partitioners[i]))) {
                manifest->partitioner = i;
                *seen |= 1;
                return true;
            }
        return false;
    }
    if (seuil_str_eq(name, SEUIL_STR("keys"))) {
        if (value.len != SEUIL_MANIFEST_KEYS_MAX)
            return false;
        memcpy(manifest->keys, value.ptr, value.len);
        return true;
    }
    if (!seuil_meta_u64_parse(value, &number) || number > UINT32_MAX)
        return false;
    if (seuil_str_eq(name, SEUIL_STR("format"))) {
        *seen |= 2;
        return number == 1;
    }
    if (seuil_str_eq(name, SEUIL_STR("made"))) {
        manifest->made = true;
        return number == 1;
    }
    if (seuil_str_eq(name, SEUIL_STR("partitions"))) {
        manifest->partitions = (uint32_t)number;
        *seen |= 4;
        return number > 0 && number <= SEUIL_PARTITIONS_MAX;
    }
    if (seuil_str_eq(name, SEUIL_STR("topics"))) {
        manifest->topic_count = (uint32_t)number;
        *seen |= 8;
        return number <= SEUIL_TOPIC_INTERNAL;
    }
    if (!seuil_str_starts(name, prefix) || name.len == prefix.len ||
        name.len - prefix.len > SEUIL_MANIFEST_TOPIC_MAX || number >= SEUIL_TOPIC_INTERNAL ||
        manifest->topics[number][0] || memchr(name.ptr, '\0', name.len))
        return false;
    memcpy(manifest->topics[number], name.ptr + prefix.len, name.len - prefix.len);
    return true;
}

/* Sixteen topics were possible before shards told each other anything. */
static bool is_full(const struct seuil_reply *reply)
{
    uint64_t count;

    for (uint32_t i = 0; i < reply->count; i += 2)
        if (seuil_str_eq(reply->items[i].text, SEUIL_STR("topics")))
            return seuil_meta_u64_parse(reply->items[i + 1].text, &count) &&
                   count == SEUIL_TOPICS_MAX;
    return false;
}

static int parse(const struct seuil_reply *reply, struct seuil_manifest *ret_manifest,
                 struct seuil_error *err)
{
    struct seuil_manifest manifest = {0};
    uint32_t seen = 0;

    if (reply->type != SEUIL_REPLY_ARRAY || reply->count % 2)
        return damaged(SEUIL_STR("its type"), err);
    if (reply->count == 0)
        return seuil_error_set(err, SEUIL_ERR_MISSING,
                               "there is no manifest in Redis yet: seuild makes it at its first "
                               "start");
    for (uint32_t i = 0; i < reply->count; i += 2) {
        struct seuil_str name = reply->items[i].text, value = reply->items[i + 1].text;

        if (seuil_str_eq(name, SEUIL_STR("format")) && !seuil_str_eq(value, SEUIL_STR("1")))
            return seuil_error_set(err, SEUIL_ERR_UNSUPPORTED,
                                   "the manifest in Redis has format '%.*s', this program knows "
                                   "format 1 only: run the version that wrote it",
                                   (int)(value.len < 32 ? value.len : 32), value.ptr);
        if (!field_parse(name, value, &manifest, &seen))
            return is_full(reply)
                       ? seuil_error_set(err, SEUIL_ERR_UNSUPPORTED,
                                         "the manifest in Redis has %d input topics: %d inputs are "
                                         "the most, since what shards tell each other is an input, "
                                         "too; run the version that made it, or begin anew under "
                                         "another app with fewer",
                                         SEUIL_TOPICS_MAX, SEUIL_TOPIC_INTERNAL)
                       : damaged(name, err);
    }
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++)
        if ((manifest.topics[i][0] != '\0') != (i < manifest.topic_count))
            return damaged(SEUIL_STR("topics"), err);
    if (seen != 15)
        return damaged(SEUIL_STR("its fields"), err);
    *ret_manifest = manifest;
    return 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void key_arg(const struct seuil_redis_config *config, struct seuil_buf *out)
{
    struct seuil_buf name = {0};

    seuil_redis_manifest_name(config->prefix, config->app, &name);
    seuil_resp_arg(out, name.ptr, name.len);
    if (name.failed)
        out->failed = name.failed;
    seuil_buf_done(&name);
}

static int ask(const struct seuil_redis_config *config, struct seuil_buf *command,
               struct seuil_manifest *ret_manifest, struct seuil_error *err)
{
    const struct seuil_reply *reply;
    struct seuil_sync sync;
    int rc = seuil_sync_open(&sync, config, err);

    if (!rc) {
        rc = seuil_sync_ask(&sync, command, &reply, err);
        if (!rc && reply->type == SEUIL_REPLY_INTEGER)
            rc = seuil_error_set(err, SEUIL_ERR_LIMIT, "an application has at most %d input topics",
                                 SEUIL_TOPIC_INTERNAL);
        if (!rc)
            rc = parse(reply, ret_manifest, err);
        seuil_sync_close(&sync);
    }
    seuil_buf_done(command);
    return rc;
}

int seuil_manifest_read(const struct seuil_redis_config *config,
                        struct seuil_manifest *ret_manifest, struct seuil_error *err)
{
    struct seuil_buf command = {0};

    seuil_resp_command(&command, 2);
    seuil_resp_arg_text(&command, "HGETALL");
    key_arg(config, &command);
    return ask(config, &command, ret_manifest, err);
}

/* ---- comparing ------------------------------------------------------------------------------- */

static int check_names(const char *const *names, uint32_t count, struct seuil_error *err)
{
    if (count == 0 || count > SEUIL_TOPIC_INTERNAL)
        return seuil_error_set(err, SEUIL_ERR_LIMIT, "%u input topics: 1 to %d are possible", count,
                               SEUIL_TOPIC_INTERNAL);
    for (uint32_t i = 0; i < count; i++) {
        size_t len = strlen(names[i]);

        if (len == 0 || len > SEUIL_MANIFEST_TOPIC_MAX)
            return seuil_error_set(err, SEUIL_ERR_CONFIG,
                                   "the topic name '%.64s' is empty or too long", names[i]);
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(names[i], names[j]) == 0)
                return seuil_error_set(err, SEUIL_ERR_CONFIG,
                                       "the topic '%s' is named twice: an input needs its own",
                                       names[i]);
    }
    return 0;
}

static int numbers_of(const struct seuil_manifest *manifest, const char *const *names,
                      uint32_t count, uint32_t *ret_numbers, struct seuil_error *err)
{
    uint32_t numbers[SEUIL_TOPICS_MAX];

    for (uint32_t i = 0; i < count; i++) {
        for (numbers[i] = 0; numbers[i] < manifest->topic_count; numbers[i]++)
            if (strcmp(manifest->topics[numbers[i]], names[i]) == 0)
                break;
        if (numbers[i] == manifest->topic_count)
            return seuil_error_set(err, SEUIL_ERR_HALTED,
                                   "the input topic '%s' is new to this application: add it with "
                                   "'seuilctl init', or correct its name",
                                   names[i]);
    }
    memcpy(ret_numbers, numbers, count * sizeof(*numbers));
    return 0;
}

static int compare(const struct seuil_manifest *manifest, const struct seuil_redis_config *config,
                   int partitioner, const char *keys, struct seuil_error *err)
{
    if (manifest->partitions != config->partitions)
        return seuil_error_set(
            err, SEUIL_ERR_HALTED,
            "the input topics have %u partitions, but the leads of '%s' are kept for %u: with "
            "another count a lead's events come to another shard than its state. Go back to %u "
            "partitions, or start a new application name and have it rebuilt from the log",
            config->partitions, config->app, manifest->partitions, manifest->partitions);
    if (manifest->partitioner != partitioner)
        return seuil_error_set(
            err, SEUIL_ERR_HALTED,
            "the partitioner is set to '%s', but the leads of '%s' are kept for '%s': set it back, "
            "or start a new application name and have it rebuilt from the log",
            partitioners[partitioner], config->app, partitioners[manifest->partitioner]);
    if (strcmp(manifest->keys, keys) != 0)
        return seuil_error_set(
            err, SEUIL_ERR_HALTED,
            "the keys of the leads of '%s' were made %s: no lead would be found again. Give "
            "redis.key_secret %s, or start a new application name and have it rebuilt from the log",
            config->app,
            !manifest->keys[0] ? "without a secret"
            : keys[0]          ? "with another redis.key_secret"
                               : "with a redis.key_secret",
            manifest->keys[0] ? "as it was" : "up");
    return 0;
}

static void make_command(const struct seuil_redis_config *config, int partitioner, const char *keys,
                         const char *const *names, uint32_t count, struct seuil_buf *out)
{
    seuil_resp_command(out, 4 + 8 + (keys[0] ? 2 : 0) + 2 * (uint64_t)count);
    seuil_resp_arg_text(out, "EVAL");
    seuil_resp_arg_text(out, make_script);
    seuil_resp_arg_text(out, "1");
    key_arg(config, out);
    seuil_resp_arg_text(out, "format");
    seuil_resp_arg_text(out, "1");
    seuil_resp_arg_text(out, "partitions");
    seuil_resp_arg_u64(out, config->partitions);
    seuil_resp_arg_text(out, "partitioner");
    seuil_resp_arg_text(out, partitioners[partitioner]);
    seuil_resp_arg_text(out, "topics");
    seuil_resp_arg_u64(out, count);
    if (keys[0]) {
        seuil_resp_arg_text(out, "keys");
        seuil_resp_arg_text(out, keys);
    }
    for (uint32_t i = 0; i < count; i++) {
        seuil_resp_arg2(out, SEUIL_STR("topic:"), seuil_str_from(names[i]));
        seuil_resp_arg_u64(out, i);
    }
}

int seuil_manifest_agree(const struct seuil_redis_config *config, int partitioner, const char *keys,
                         const char *const *topic_names, uint32_t count, uint32_t *ret_numbers,
                         struct seuil_error *err)
{
    struct seuil_manifest manifest;
    struct seuil_buf command = {0};
    int rc = check_names(topic_names, count, err);

    if (rc)
        return rc;
    if (partitioner < 0 || partitioner >= (int)(sizeof(partitioners) / sizeof(partitioners[0])))
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "there is no partitioner %d", partitioner);
    make_command(config, partitioner, keys, topic_names, count, &command);
    rc = ask(config, &command, &manifest, err);
    if (!rc)
        rc = compare(&manifest, config, partitioner, keys, err);
    return rc ? rc : numbers_of(&manifest, topic_names, count, ret_numbers, err);
}

int seuil_manifest_add(const struct seuil_redis_config *config, const char *const *topic_names,
                       uint32_t count, uint32_t *ret_numbers, struct seuil_error *err)
{
    struct seuil_manifest manifest;
    struct seuil_buf command = {0};
    int rc = check_names(topic_names, count, err);

    if (rc)
        return rc;
    seuil_resp_command(&command, 5 + (uint64_t)count);
    seuil_resp_arg_text(&command, "EVAL");
    seuil_resp_arg_text(&command, add_script);
    seuil_resp_arg_text(&command, "1");
    key_arg(config, &command);
    seuil_resp_arg_u64(&command, SEUIL_TOPIC_INTERNAL);
    for (uint32_t i = 0; i < count; i++)
        seuil_resp_arg_text(&command, topic_names[i]);
    rc = ask(config, &command, &manifest, err);
    return rc ? rc : numbers_of(&manifest, topic_names, count, ret_numbers, err);
}

/* ---- have all shards been made? -------------------------------------------------------------- */

static int count_metas(struct seuil_sync *sync, const struct seuil_redis_config *config,
                       int64_t *ret_count, struct seuil_error *err)
{
    struct seuil_buf command = {0}, name = {0};
    const struct seuil_reply *reply;
    int rc;

    seuil_resp_command(&command, 1 + (uint64_t)config->partitions);
    seuil_resp_arg_text(&command, "EXISTS");
    for (uint32_t i = 0; i < config->partitions && !name.failed; i++) {
        seuil_buf_clear(&name);
        seuil_redis_key_name(config->prefix, config->app, i, SEUIL_KEY_META, &name);
        seuil_resp_arg(&command, name.ptr, name.len);
    }
    if (name.failed)
        command.failed = name.failed;
    rc = seuil_sync_ask(sync, &command, &reply, err);
    if (!rc)
        *ret_count = reply->integer;
    seuil_buf_done(&command);
    seuil_buf_done(&name);
    return rc;
}

static int note_made(struct seuil_sync *sync, const struct seuil_redis_config *config,
                     struct seuil_error *err)
{
    struct seuil_buf command = {0};
    const struct seuil_reply *reply;
    int rc;

    seuil_resp_command(&command, 4);
    seuil_resp_arg_text(&command, "HSET");
    key_arg(config, &command);
    seuil_resp_arg_text(&command, "made");
    seuil_resp_arg_text(&command, "1");
    rc = seuil_sync_ask(sync, &command, &reply, err);
    seuil_buf_done(&command);
    return rc;
}

int seuil_manifest_made(const struct seuil_redis_config *config, bool *ret_made,
                        struct seuil_error *err)
{
    struct seuil_manifest manifest;
    struct seuil_sync sync;
    int64_t count = 0;
    int rc = seuil_manifest_read(config, &manifest, err);

    if (rc)
        return rc;
    if (manifest.made) {
        *ret_made = true;
        return 0;
    }
    rc = seuil_sync_open(&sync, config, err);
    if (rc)
        return rc;
    rc = count_metas(&sync, config, &count, err);
    if (!rc && count == (int64_t)config->partitions)
        rc = note_made(&sync, config, err);
    seuil_sync_close(&sync);
    if (!rc)
        *ret_made = count == (int64_t)config->partitions;
    return rc;
}
