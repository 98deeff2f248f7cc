/* The store in Redis (6.2 or later, 7.0 recommended; no Redis Cluster redirections).
 *
 * Keys, with prefix "s" and application "app"; one hash tag for each shard P:
 *
 *   s:{app.P}:m        hash    meta (store/meta.h)
 *   s:{app.P}:l:<id>   string  a lead's packed state
 *   s:{app.P}:d        zset    lead id -> due time in ms
 *   s:{app.P}:o        stream  outbox: a block of entries (store/block.h) for each transaction,
 *                              its id is the index after its last entry
 *   s:app:manifest     hash    what all shards agree on (store/manifest.h)
 *
 * Names are short since a lead's key is a fifth of what a lead takes.
 *
 * Each shard has a connection of its own (EXEC drops every WATCH of its connection), opened by its
 * first request. At each connect the server's version and `maxmemory_policy` are checked. The
 * commands used: AUTH SELECT INFO HGETALL HMGET MGET ZRANGEBYSCORE SCAN EVAL (EXISTS HINCRBY HSET
 * HGET XRANGE) WATCH UNWATCH MULTI EXEC MSET DEL ZADD ZREM XADD XTRIM HSET HDEL; by the
 * manifest EXISTS and HEXISTS, too. */

#ifndef SEUIL_STORE_STORE_REDIS_H
#define SEUIL_STORE_STORE_REDIS_H

#include "base/buf.h"
#include "store/store.h"

struct seuil_redis_tls {
    bool on;
    const char *ca_file;   /* NULL: the system's authorities */
    const char *cert_file; /* client certificate chain and key, PEM; both or neither */
    const char *key_file;
    const char *server_name; /* expected in the certificate and sent as SNI; NULL: host */
    bool skip_verify;        /* accept any certificate: for trying things out only */
};

/* Strings are copied. Zero means the default named. */
struct seuil_redis_config {
    const char *unix_path; /* NULL: TCP */
    const char *host;      /* "127.0.0.1"; names are looked up at each connect, which may block */
    uint16_t port;         /* 6379 */
    uint32_t db;
    const char *user;     /* ACL user; NULL: "default" */
    const char *password; /* NULL: no AUTH */
    struct seuil_redis_tls tls;
    const char *prefix; /* "s" */
    const char *app;    /* required: letters, digits, "._-", at most 64 */
    uint32_t partitions;
    int64_t connect_timeout_ms; /* 5,000 */
    int64_t request_timeout_ms; /* 10,000: from the request to its answer */
    int64_t backoff_min_ms;     /* 100: between attempts to connect, doubled after each failure, */
    int64_t backoff_max_ms;     /* 10,000: with jitter in its upper half */
    void (*random)(void *ctx, void *bytes, size_t len); /* NULL: getrandom */
    void *random_ctx;
};

/* NULL with @err when the configuration cannot be used (a bad name, a certificate that cannot be
 * read). Does not connect. */
struct seuil_store *seuil_store_redis_new(const struct seuil_redis_config *config,
                                          struct seuil_error *err);

/* ---- names of keys, for tools ---------------------------------------------------------------- */

enum seuil_redis_key { SEUIL_KEY_META, SEUIL_KEY_LEAD, SEUIL_KEY_DUE, SEUIL_KEY_OUTBOX };

/* Append the key's name (of a lead: without the id) to @out; prefix NULL: "s". */
void seuil_redis_key_name(const char *prefix, const char *app, uint32_t shard,
                          enum seuil_redis_key key, struct seuil_buf *out);
void seuil_redis_manifest_name(const char *prefix, const char *app, struct seuil_buf *out);

#endif
