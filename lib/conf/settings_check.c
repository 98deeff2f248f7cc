/* What no single value shows: one small function for each rule across settings. */

#include <string.h>

#include "conf/listen.h"
#include "conf/redis_url.h"
#include "conf/settings_load.h"
#include "conf/suggest.h"

/* Least memory for one shard's leads: below it each batch would press on the cache. */
#define SHARD_CACHE_MIN (64 * 1024)

static const struct seuil_origin *origin(struct seuil_settings_loader *loader,
                                         enum seuil_setting_index index)
{
    return &loader->settings->origins[index];
}

static void check_servers(struct seuil_settings_loader *loader)
{
    const struct seuil_settings *s = loader->settings;
    const char *wanted = "bootstrap.servers";
    const struct seuil_kafka_property *near = NULL;

    if (seuil_settings_kafka(s, wanted) || seuil_settings_kafka(s, "metadata.broker.list"))
        return;
    for (uint32_t i = 0; i < s->kafka_count && !near; i++)
        if (seuil_suggest(seuil_str_from(s->kafka[i].name), &wanted, 1))
            near = &s->kafka[i];
    seuil_settings_error(loader, near ? &near->origin : NULL, SEUIL_ERR_MISSING,
                         "kafka: bootstrap.servers is missing%s%s%s: say where Kafka is, like "
                         "kafka: {bootstrap.servers: \"kafka1:9092,kafka2:9092\"}",
                         near ? " (is it \"" : "", near ? near->name : "", near ? "\"?)" : "");
}

static void check_models(struct seuil_settings_loader *loader)
{
    const struct seuil_settings *s = loader->settings;

    if (s->model_count == 0)
        seuil_settings_error(loader, NULL, SEUIL_ERR_MISSING,
                             "models is missing: name at least one model file, like models: "
                             "[models/b2b.yaml]");
    for (uint32_t i = 0; i < s->model_count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (s->models[i].path[0] && strcmp(s->models[i].path, s->models[k].path) == 0)
                seuil_settings_error(loader, &s->models[i].origin, SEUIL_ERR_INVALID,
                                     "the model file %s is named twice", s->models[i].path);
}

static void same_topic(struct seuil_settings_loader *loader, const struct seuil_origin *at,
                       const char *topic, const char *what, const char *other_topic,
                       const char *other)
{
    if (topic[0] && strcmp(topic, other_topic) == 0)
        seuil_settings_error(loader, at, SEUIL_ERR_INVALID,
                             "the topic %s is used by %s and by %s: each needs one of its own",
                             topic, other, what);
}

static void check_topics(struct seuil_settings_loader *loader)
{
    const struct seuil_settings *s = loader->settings;
    const char *topics[] = {s->outbound_topic, s->dead_letters_topic, s->internal_topic,
                            s->scores_topic};
    const char *names[] = {"outbound.topic", "dead_letters.topic", "internal.topic",
                           "scores.topic"};
    const struct seuil_origin *origins[] = {origin(loader, SEUIL_SETTING_outbound_topic),
                                            origin(loader, SEUIL_SETTING_dead_letters_topic),
                                            origin(loader, SEUIL_SETTING_internal_topic),
                                            origin(loader, SEUIL_SETTING_scores_topic)};

    for (int i = 0; i < 4; i++)
        for (int k = 0; k < i; k++)
            same_topic(loader, origins[i], topics[i], names[i], topics[k], names[k]);
    for (uint32_t i = 0; i < s->input_count; i++) {
        const struct seuil_input_settings *input = &s->inputs[i];

        for (int k = 0; k < 4; k++)
            same_topic(loader, &input->origin, input->topic, input->name, topics[k], names[k]);
        for (uint32_t k = 0; k < i; k++)
            same_topic(loader, &input->origin, input->topic, input->name, s->inputs[k].topic,
                       s->inputs[k].name);
    }
}

static void check_listen(struct seuil_settings_loader *loader)
{
    const char *text = loader->settings->admin_listen, *why = "";
    struct seuil_listen listen;

    if (text[0] && seuil_listen_parse(text, &listen, &why))
        seuil_settings_error(loader, origin(loader, SEUIL_SETTING_admin_listen), SEUIL_ERR_FORMAT,
                             "admin.listen: \"%s\": %s", text, why);
}

static void check_start(struct seuil_settings_loader *loader)
{
    enum seuil_input_start start;
    seuil_time_ms time;

    if (seuil_settings_start_parse(seuil_str_from(loader->settings->start), &start, &time))
        seuil_settings_error(loader, origin(loader, SEUIL_SETTING_start), SEUIL_ERR_FORMAT,
                             "start must be earliest, latest or a time like "
                             "2026-03-02T08:00:00Z, not \"%s\"",
                             loader->settings->start);
}

static void check_redis_url(struct seuil_settings_loader *loader)
{
    const char *url = loader->settings->redis_url;
    struct seuil_redis_url parts;
    const char *why = "";

    if (strncmp(url, "unix://", 7) != 0 && strchr(url, '@'))
        seuil_settings_error(loader, origin(loader, SEUIL_SETTING_redis_url), SEUIL_ERR_INVALID,
                             "redis.url must not hold a user or password: use redis.user and "
                             "redis.password_file");
    else if (seuil_redis_url_parse(url, &parts, &why))
        seuil_settings_error(loader, origin(loader, SEUIL_SETTING_redis_url), SEUIL_ERR_FORMAT,
                             "redis.url: %s", why);
}

static void check_redis_tls(struct seuil_settings_loader *loader)
{
    const struct seuil_settings *s = loader->settings;
    const enum seuil_setting_index all[] = {
        SEUIL_SETTING_redis_tls_ca, SEUIL_SETTING_redis_tls_cert, SEUIL_SETTING_redis_tls_key,
        SEUIL_SETTING_redis_tls_server_name};
    const char *values[] = {s->redis_tls_ca, s->redis_tls_cert, s->redis_tls_key,
                            s->redis_tls_server_name};

    for (int i = 0; i < 4; i++)
        if (values[i][0] && strncmp(s->redis_url, "rediss://", 9) != 0)
            seuil_settings_error(loader, origin(loader, all[i]), SEUIL_ERR_INVALID,
                                 "%s has no effect: redis.url does not begin with rediss://",
                                 seuil_setting_rows[all[i]].path);
    if (!s->redis_tls_cert[0] != !s->redis_tls_key[0])
        seuil_settings_error(loader,
                             origin(loader, s->redis_tls_cert[0] ? SEUIL_SETTING_redis_tls_cert
                                                                 : SEUIL_SETTING_redis_tls_key),
                             SEUIL_ERR_MISSING,
                             "redis.tls.cert and redis.tls.key belong together: one is missing");
}

static void check_redis_user(struct seuil_settings_loader *loader)
{
    const struct seuil_settings *s = loader->settings;

    if (s->redis_user[0] && !s->redis_password[0])
        seuil_settings_error(loader, origin(loader, SEUIL_SETTING_redis_user), SEUIL_ERR_MISSING,
                             "redis.user is given without redis.password or redis.password_file");
}

/* "http://a:8081,https://b:8081/path": each with a host, none with a user. */
static void check_registry_urls(struct seuil_settings_loader *loader)
{
    const struct seuil_origin *at = origin(loader, SEUIL_SETTING_registry_url);
    const char *url = loader->settings->registry_url;

    if (strchr(url, '@')) {
        seuil_settings_error(loader, at, SEUIL_ERR_INVALID,
                             "registry.url must not hold a user or password: use registry.user and "
                             "registry.password_file");
        return;
    }
    for (const char *next; *url; url = next) {
        size_t len = strcspn(url, ",");
        size_t scheme = strncmp(url, "http://", 7) == 0    ? 7
                        : strncmp(url, "https://", 8) == 0 ? 8
                                                           : 0;

        if (scheme == 0 || len == scheme || url[scheme] == '/' || url[scheme] == ':' ||
            memchr(url, ' ', len))
            seuil_settings_error(loader, at, SEUIL_ERR_FORMAT,
                                 "registry.url must be like http://registry:8081 or "
                                 "https://registry, several parted by commas alone, not \"%.*s\"",
                                 (int)(len < 256 ? len : 256), url);
        next = url + len + (url[len] == ',');
    }
}

static void check_registry_tls(struct seuil_settings_loader *loader)
{
    const struct seuil_settings *s = loader->settings;
    const enum seuil_setting_index all[] = {SEUIL_SETTING_registry_tls_ca,
                                            SEUIL_SETTING_registry_tls_cert,
                                            SEUIL_SETTING_registry_tls_key};
    const char *values[] = {s->registry_tls_ca, s->registry_tls_cert, s->registry_tls_key};

    for (int i = 0; i < 3; i++)
        if (values[i][0] && !strstr(s->registry_url, "https://"))
            seuil_settings_error(loader, origin(loader, all[i]), SEUIL_ERR_INVALID,
                                 "%s has no effect: registry.url does not begin with https://",
                                 seuil_setting_rows[all[i]].path);
    if (!s->registry_tls_cert[0] != !s->registry_tls_key[0])
        seuil_settings_error(loader,
                             origin(loader, s->registry_tls_cert[0]
                                                ? SEUIL_SETTING_registry_tls_cert
                                                : SEUIL_SETTING_registry_tls_key),
                             SEUIL_ERR_MISSING,
                             "registry.tls.cert and registry.tls.key belong together: one is "
                             "missing");
}

static void check_registry(struct seuil_settings_loader *loader)
{
    const struct seuil_settings *s = loader->settings;

    check_registry_urls(loader);
    check_registry_tls(loader);
    if (s->registry_url[0] && s->registry_directory[0])
        seuil_settings_error(loader, origin(loader, SEUIL_SETTING_registry_directory),
                             SEUIL_ERR_INVALID,
                             "registry.url and registry.directory are both given: remove one");
    if (s->outbound_format == SEUIL_OUTBOUND_CONFLUENT && !s->registry_url[0])
        seuil_settings_error(loader, origin(loader, SEUIL_SETTING_outbound_format),
                             SEUIL_ERR_MISSING,
                             "outbound.format: confluent needs registry.url, where its schema is "
                             "registered");
    if (s->outbound_mode == SEUIL_OUTBOUND_STRUCTURED && s->outbound_format != SEUIL_OUTBOUND_JSON)
        seuil_settings_error(loader, origin(loader, SEUIL_SETTING_outbound_mode), SEUIL_ERR_INVALID,
                             "outbound.mode: structured is JSON: set outbound.format: json, or "
                             "outbound.mode: binary");
    if (s->registry_user[0] && !s->registry_password[0])
        seuil_settings_error(loader, origin(loader, SEUIL_SETTING_registry_user), SEUIL_ERR_MISSING,
                             "registry.user is given without registry.password or "
                             "registry.password_file");
    if (s->registry_token[0] && (s->registry_user[0] || s->registry_password[0]))
        seuil_settings_error(loader, origin(loader, SEUIL_SETTING_registry_token),
                             SEUIL_ERR_INVALID,
                             "registry.token stands instead of registry.user and "
                             "registry.password: remove one");
    if (s->registry_backoff_min_ms > s->registry_backoff_max_ms)
        seuil_settings_error(loader, origin(loader, SEUIL_SETTING_registry_backoff_min_ms),
                             SEUIL_ERR_INVALID,
                             "registry.backoff_min is longer than registry.backoff_max");
}

static void check_backoff(struct seuil_settings_loader *loader)
{
    const struct seuil_settings *s = loader->settings;

    if (s->backoff_min_ms > s->backoff_max_ms)
        seuil_settings_error(loader, origin(loader, SEUIL_SETTING_backoff_min_ms),
                             SEUIL_ERR_INVALID,
                             "redis.backoff_min is longer than redis.backoff_max");
}

static void check_cache(struct seuil_settings_loader *loader)
{
    const struct seuil_settings *s = loader->settings;

    /* 0: it was no size at all, which is already reported. */
    if (s->cache_bytes && s->cache_bytes / SHARD_CACHE_MIN < s->partitions)
        seuil_settings_error(loader, origin(loader, SEUIL_SETTING_cache_bytes), SEUIL_ERR_INVALID,
                             "cache is too small for %lld partitions: each needs at least %d KiB",
                             (long long)s->partitions, SHARD_CACHE_MIN / 1024);
}

static void check_grace(struct seuil_settings_loader *loader)
{
    const struct seuil_settings *s = loader->settings;

    if (s->grace_ms >= s->horizon_ms)
        seuil_settings_error(loader, origin(loader, SEUIL_SETTING_grace_ms), SEUIL_ERR_INVALID,
                             "grace must be shorter than horizon");
}

void seuil_settings_check(struct seuil_settings_loader *loader)
{
    /* Mistakes in the blocks would only be echoed by these. */
    bool blocks_ok = loader->errs->total == 0;

    check_listen(loader);
    check_start(loader);
    check_redis_url(loader);
    check_redis_tls(loader);
    check_redis_user(loader);
    check_registry(loader);
    check_backoff(loader);
    check_cache(loader);
    check_grace(loader);
    check_servers(loader);
    check_models(loader);
    if (blocks_ok)
        check_topics(loader);
}
