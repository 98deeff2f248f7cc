#include "store/link.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/un.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/heap.h"

/* ---- checks and copies ----------------------------------------------------------------------- */

/* Names become part of keys and of SCAN patterns: nothing that means something there. */
static bool name_ok(const char *name)
{
    size_t len = name ? strlen(name) : 0;

    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
            return false;
    return len > 0 && len <= 64;
}

static int check(const struct seuil_redis_config *config, struct seuil_error *err)
{
    if (!name_ok(config->app) || (config->prefix && !name_ok(config->prefix)))
        return seuil_error_set(
            err, SEUIL_ERR_CONFIG,
            "the names before Redis keys (app '%s', prefix '%s') must be 1 to 64 "
            "letters, digits or \"._-\"",
            config->app ? config->app : "", config->prefix ? config->prefix : "s");
    if (config->partitions == 0 || config->partitions > SEUIL_PARTITIONS_MAX)
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "%u partitions: 1 to %d can be served",
                               config->partitions, SEUIL_PARTITIONS_MAX);
    if (config->unix_path &&
        strlen(config->unix_path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "the path of a unix socket is too long: %s",
                               config->unix_path);
    if (config->user && !config->password)
        return seuil_error_set(err, SEUIL_ERR_CONFIG,
                               "the Redis user '%s' has no password: set one", config->user);
    if (!config->tls.cert_file != !config->tls.key_file)
        return seuil_error_set(err, SEUIL_ERR_CONFIG,
                               "a TLS client certificate needs its key, and the key its "
                               "certificate: set both or neither");
    return 0;
}

static int copy(const char **text, const char *otherwise)
{
    const char *from = *text ? *text : otherwise;

    if (!from)
        return 0;
    *text = seuil_heap_strdup(from, strlen(from));
    return *text ? 0 : SEUIL_ERR_NOMEM;
}

static int64_t or_default(int64_t value, int64_t otherwise)
{
    return value > 0 ? value : otherwise;
}

/* Every string is copied or set to NULL, also after a failure: free may follow. */
static int copy_config(struct seuil_redis_config *config)
{
    int rc = 0;

    rc |= copy(&config->unix_path, NULL);
    rc |= copy(&config->host, "127.0.0.1");
    rc |= copy(&config->user, NULL);
    rc |= copy(&config->password, NULL);
    rc |= copy(&config->prefix, "s");
    rc |= copy(&config->app, NULL);
    rc |= copy(&config->tls.ca_file, NULL);
    rc |= copy(&config->tls.cert_file, NULL);
    rc |= copy(&config->tls.key_file, NULL);
    rc |= copy(&config->tls.server_name, config->unix_path ? NULL : config->host);
    config->port = config->port ? config->port : 6379;
    config->connect_timeout_ms = or_default(config->connect_timeout_ms, 5000);
    config->request_timeout_ms = or_default(config->request_timeout_ms, 10000);
    config->backoff_min_ms = or_default(config->backoff_min_ms, 100);
    config->backoff_max_ms = or_default(config->backoff_max_ms, 10000);
    if (config->backoff_max_ms < config->backoff_min_ms)
        config->backoff_max_ms = config->backoff_min_ms;
    return rc ? SEUIL_ERR_NOMEM : 0;
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static int tls_failed(struct seuil_error *err, const char *what, const char *file)
{
    char why[160];

    ERR_error_string_n(ERR_peek_last_error(), why, sizeof(why));
    ERR_clear_error();
    return seuil_error_set(err, SEUIL_ERR_CONFIG, "%s %s: %s", what, file ? file : "", why);
}

static int tls_setup(struct seuil_link *link, struct seuil_error *err)
{
    const struct seuil_redis_tls *tls = &link->config.tls;
    SSL_CTX *ctx;

    ERR_clear_error();
    ctx = link->tls = SSL_CTX_new(TLS_client_method());
    if (!ctx)
        return tls_failed(err, "TLS for Redis cannot be set up", NULL);
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (tls->ca_file ? SSL_CTX_load_verify_locations(ctx, tls->ca_file, NULL) != 1
                     : SSL_CTX_set_default_verify_paths(ctx) != 1)
        return tls_failed(err, "the certificate authorities cannot be read:", tls->ca_file);
    if (tls->cert_file && SSL_CTX_use_certificate_chain_file(ctx, tls->cert_file) != 1)
        return tls_failed(err, "the client certificate cannot be read:", tls->cert_file);
    if (tls->key_file && SSL_CTX_use_PrivateKey_file(ctx, tls->key_file, SSL_FILETYPE_PEM) != 1)
        return tls_failed(err, "the client key cannot be read:", tls->key_file);
    if (!tls->skip_verify && !tls->server_name)
        return seuil_error_set(err, SEUIL_ERR_CONFIG,
                               "TLS over a unix socket needs the server name to expect in the "
                               "certificate");
    SSL_CTX_set_verify(ctx, tls->skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    return 0;
}

/* ---- the link -------------------------------------------------------------------------------- */

struct seuil_link *seuil_link_new(const struct seuil_redis_config *config, struct seuil_error *err)
{
    struct seuil_link *link;

    if (check(config, err))
        return NULL;
    link = seuil_heap_zalloc(1, sizeof(*link));
    if (!link) {
        seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
        return NULL;
    }
    link->config = *config;
    if (copy_config(&link->config)) {
        seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
        seuil_link_free(link);
        return NULL;
    }
    if (config->unix_path)
        snprintf(link->where, sizeof(link->where), "unix:%s", link->config.unix_path);
    else
        snprintf(link->where, sizeof(link->where), "%s:%u", link->config.host, link->config.port);
    if (config->tls.on && tls_setup(link, err)) {
        seuil_link_free(link);
        return NULL;
    }
    return link;
}

static void forget_secret(const char *secret)
{
    if (secret)
        explicit_bzero((void *)(uintptr_t)secret, strlen(secret));
    seuil_heap_free((void *)(uintptr_t)secret);
}

void seuil_link_free(struct seuil_link *link)
{
    struct seuil_redis_config *config;
    const char *texts[8];

    if (!link)
        return;
    config = &link->config;
    memcpy(texts,
           ((const char *[]){config->unix_path, config->host, config->user, config->prefix,
                             config->app, config->tls.ca_file, config->tls.cert_file,
                             config->tls.key_file}),
           sizeof(texts));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        seuil_heap_free((void *)(uintptr_t)texts[i]);
    seuil_heap_free((void *)(uintptr_t)config->tls.server_name);
    forget_secret(config->password);
    SSL_CTX_free(link->tls);
    seuil_heap_free(link);
}

uint64_t seuil_link_random(const struct seuil_link *link, uint64_t bound)
{
    uint64_t value = 0;

    if (link->config.random)
        link->config.random(link->config.random_ctx, &value, sizeof(value));
    else if (getrandom(&value, sizeof(value), 0) != (ssize_t)sizeof(value))
        value = (uint64_t)(uintptr_t)&value; /* jitter only: any number does */
    return value % bound;
}

/* ---- names of keys --------------------------------------------------------------------------- */

void seuil_redis_key_name(const char *prefix, const char *app, uint32_t shard,
                          enum seuil_redis_key key, struct seuil_buf *out)
{
    static const char *const suffixes[] = {[SEUIL_KEY_META] = "m",
                                           [SEUIL_KEY_LEAD] = "l:",
                                           [SEUIL_KEY_DUE] = "d",
                                           [SEUIL_KEY_OUTBOX] = "o"};

    seuil_buf_printf(out, "%s:{%s.%u}:%s", prefix ? prefix : "s", app, shard, suffixes[key]);
}

void seuil_redis_manifest_name(const char *prefix, const char *app, struct seuil_buf *out)
{
    seuil_buf_printf(out, "%s:%s:manifest", prefix ? prefix : "s", app);
}
