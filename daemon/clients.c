#include "clients.h"

#include <stdio.h>
#include <string.h>

#include "conf/redis_url.h"
#include "log.h"
#include "registry/cache.h"
#include "store/manifest.h"

#define CHECK_MS 5000

static const char *set_or_null(const char *text)
{
    return *text ? text : NULL;
}

static int redis_config(struct seuil_clients *clients, struct seuil_error *err)
{
    const struct seuil_settings *settings = clients->opened->settings;
    const char *why = "";

    if (seuil_redis_url_parse(settings->redis_url, &clients->url, &why))
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "redis.url %s: %s", settings->redis_url, why);
    clients->redis = (struct seuil_redis_config){
        .unix_path = set_or_null(clients->url.path),
        .host = clients->url.host,
        .port = clients->url.port,
        .db = clients->url.db,
        .user = set_or_null(settings->redis_user),
        .password = set_or_null(settings->redis_password),
        .tls = {.on = clients->url.tls,
                .ca_file = set_or_null(settings->redis_tls_ca),
                .cert_file = set_or_null(settings->redis_tls_cert),
                .key_file = set_or_null(settings->redis_tls_key),
                .server_name = set_or_null(settings->redis_tls_server_name)},
        .app = settings->app,
        .partitions = (uint32_t)settings->partitions,
        .connect_timeout_ms = settings->redis_timeout_ms,
        .request_timeout_ms = settings->redis_timeout_ms,
        .backoff_min_ms = settings->backoff_min_ms,
        .backoff_max_ms = settings->backoff_max_ms,
    };
    return 0;
}

static void log_kafka(void *ctx, enum seuil_kafka_level level, const char *text)
{
    static const enum seuil_log_level levels[] = {SEUIL_LOG_ERROR, SEUIL_LOG_WARNING,
                                                  SEUIL_LOG_DEBUG};

    (void)ctx;
    seuil_log(levels[level], text, "from", "librdkafka", NULL);
}

static int kafka_client(struct seuil_clients *clients, struct seuil_error *err)
{
    const struct seuil_settings *settings = clients->opened->settings;
    struct seuil_kafka_config config = {
        .properties = clients->properties,
        .property_count = settings->kafka_count,
        .group = settings->group,
        .internal = settings->internal_topic,
        .outbound = settings->outbound_topic,
        .scores = settings->scores_topic[0] ? settings->scores_topic : NULL,
        .dead_letters = settings->dead_letters_topic,
        .partitions = (uint32_t)settings->partitions,
        .consistent = settings->partitioner == SEUIL_KEYING_CONSISTENT,
        .queue_bytes = (uint64_t)settings->fetch_memory_bytes,
        .log = log_kafka,
    };

    for (uint32_t i = 0; i < settings->input_count; i++) {
        if (clients->numbers[i] >= SEUIL_TOPICS_MAX)
            continue; /* not numbered yet */
        config.inputs[clients->numbers[i]].name = settings->inputs[i].topic;
        config.inputs[clients->numbers[i]].optional = settings->inputs[i].optional;
    }
    clients->kafka = seuil_kafka_new(&config, err);
    return clients->kafka ? 0 : err->code;
}

int seuil_clients_open(const struct seuil_opened *opened, struct seuil_clients *ret_clients,
                       struct seuil_error *err)
{
    const struct seuil_settings *settings = opened->settings;

    memset(ret_clients, 0, sizeof(*ret_clients));
    ret_clients->opened = opened;
    if (settings->kafka_count > SEUIL_PROPERTIES_MAX)
        return seuil_error_set(err, SEUIL_ERR_CONFIG,
                               "more than %d properties under kafka:", SEUIL_PROPERTIES_MAX);
    for (uint32_t i = 0; i < settings->kafka_count; i++)
        ret_clients->properties[i] =
            (struct seuil_property){settings->kafka[i].name, settings->kafka[i].value};
    return redis_config(ret_clients, err);
}

void seuil_clients_done(struct seuil_clients *clients)
{
    seuil_kafka_free(clients->kafka);
    clients->kafka = NULL;
}

/* The numbers of the topics: what the manifest says, or a new manifest with those of the file. */
static int check_manifest(struct seuil_clients *clients, struct seuil_error *err)
{
    const struct seuil_settings *settings = clients->opened->settings;
    const char *names[SEUIL_TOPICS_MAX];
    char keys[SEUIL_NAME_MARK_DIGITS + 1];
    struct seuil_lead_names leads;
    int rc;

    for (uint32_t i = 0; i < settings->input_count; i++)
        names[i] = settings->inputs[i].topic;
    seuil_lead_names_init(&leads, seuil_str_from(settings->redis_key_secret));
    seuil_lead_names_mark(&leads, keys);
    rc = seuil_manifest_agree(&clients->redis, settings->partitioner, keys, names,
                              settings->input_count, clients->numbers, err);
    return rc ? rc : seuil_manifest_made(&clients->redis, &clients->made, err);
}

int seuil_clients_kafka(struct seuil_clients *clients, struct seuil_error *err)
{
    int rc = 0;

    if (!clients->kafka)
        rc = kafka_client(clients, err);
    if (!rc)
        rc = seuil_kafka_check(clients->kafka, CHECK_MS, err);
    if (!rc)
        snprintf(clients->cluster_id, sizeof(clients->cluster_id), "%s",
                 seuil_kafka_cluster_id(clients->kafka, CHECK_MS));
    return rc;
}

int seuil_clients_check(struct seuil_clients *clients, struct seuil_error *err)
{
    int rc = check_manifest(clients, err);

    return rc ? rc : seuil_clients_kafka(clients, err);
}

struct seuil_store *seuil_clients_store(const struct seuil_clients *clients,
                                        struct seuil_error *err)
{
    return seuil_store_redis_new(&clients->redis, err);
}

static void warn(const char *text)
{
    seuil_logf(SEUIL_LOG_WARNING, "%s", text);
}

/* @registry with registry.cache before it, when that can be had; without it all works, too, as long
 * as the registry does. */
static struct seuil_registry *with_cache(const struct seuil_settings *settings, bool keeps,
                                         struct seuil_registry *registry)
{
    const struct seuil_registry_cache cache = {
        .path = settings->registry_cache,
        .urls = settings->registry_url,
        .reads_only = !keeps,
        .tell = warn,
    };
    struct seuil_registry *cached;
    struct seuil_error err;

    if (!registry || !settings->registry_cache[0])
        return registry;
    cached = seuil_registry_cache_new(&cache, registry, &err);
    if (!cached && keeps)
        seuil_logf(SEUIL_LOG_WARNING,
                   "registry.cache: %s; a process that starts while the registry is away waits",
                   err.text);
    return cached ? cached : registry;
}

struct seuil_registry *seuil_clients_registry(const struct seuil_settings *settings, bool keeps,
                                              const atomic_bool *stop, struct seuil_error *err)
{
    struct seuil_http_config config = {
        .user = set_or_null(settings->registry_user),
        .password = set_or_null(settings->registry_password),
        .token = set_or_null(settings->registry_token),
        .ca_file = set_or_null(settings->registry_tls_ca),
        .cert_file = set_or_null(settings->registry_tls_cert),
        .key_file = set_or_null(settings->registry_tls_key),
        .timeout_ms = settings->registry_timeout_ms,
        .stop = stop,
    };
    struct seuil_http *http;

    if (settings->registry_directory[0])
        return seuil_registry_directory_new(settings->registry_directory, err);
    if (!settings->registry_url[0]) {
        err->code = 0;
        return NULL;
    }
    http = seuil_http_new(&config, err);
    return http ? with_cache(settings, keeps, seuil_registry_new(settings->registry_url, http, err))
                : NULL;
}
