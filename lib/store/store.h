/* Where a shard's state lives: keys `meta`, `lead:<id>`, `due`, `outbox` (PROTOCOL, "Keys").
 *
 * A store is a struct of functions: `redis` for the daemon, `memory` for replay and tests, a faulty
 * one for the simulation. Requests of one shard are queued and answered in order; nothing blocks
 * but poll. A store object belongs to one thread. Nobody but the store knows where a lead's bytes
 * lie.
 *
 * The guard (PROTOCOL 10): every commit carries the owner's token and the sequence number it
 * expects; it takes effect wholly, or not at all. What a reply says:
 *
 *   OK       it took effect
 *   FENCED   it did not: another token is in meta
 *   STALE    it did not: the token is ours, the sequence number is not as expected
 *   MISSING  there is no meta
 *   BACKOFF  it did not: refused for now (OOM, MISCONF, READONLY, LOADING, BUSY, not connected yet)
 *   DOUBT    unknown: the connection broke or the time ran out after it was sent
 *   WRONG    the server or the stored bytes are not usable; text says why (halt) */

#ifndef SEUIL_STORE_STORE_H
#define SEUIL_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "core/limits.h"
#include "core/time.h"

#define SEUIL_TOKEN_BYTES 16
#define SEUIL_HALT_MAX    512  /* bytes of a halt reason */
#define SEUIL_CHUNK_MAX   1024 /* leads in one transaction: keeps the server's block below 3 ms */
#define SEUIL_TX_LEADS_MAX                                                                         \
    (2 * SEUIL_CHUNK_MAX)       /* with entries of `due` that are no lead's (shard/pack.h) */
#define SEUIL_DUE_NAME_MAX 8500 /* bytes of the name of such an entry */

struct seuil_token {
    uint8_t bytes[SEUIL_TOKEN_BYTES]; /* random: a counter could come again after a rollback */
};

/* What meta knows of one input topic. Every position is "next offset". */
struct seuil_meta_topic {
    bool present; /* the topic number is in use */
    uint32_t generation;
    int64_t base;          /* resume here: every lead's effect of offsets below is in Redis */
    int64_t reach;         /* highest position of any transaction */
    int64_t finger_offset; /* the record before reach: -1 when there is none */
    seuil_time_ms finger_time;
    uint64_t finger_hash;    /* XXH3 of its key and value */
    seuil_time_ms base_time; /* highest timestamp consumed, as of base; SEUIL_TIME_NONE: none */
    /* the record before base, the same three */
    int64_t base_finger_offset;
    seuil_time_ms base_finger_time;
    uint64_t base_finger_hash;
};

/* What became of the events of a tenure (of one token), as of a transaction of it: `received` is
 * the sum of the others. For people; nothing is decided by it. */
#define SEUIL_META_COUNTS(X)                                                                       \
    X(received)                                                                                    \
    X(applied)                                                                                     \
    X(replayed)                                                                                    \
    X(duplicate)                                                                                   \
    X(filtered)                                                                                    \
    X(late)                                                                                        \
    X(dead_lettered)                                                                               \
    X(in_flight)

struct seuil_meta_counts {
    seuil_time_ms since, as_of; /* the token was taken; the transaction; SEUIL_TIME_NONE: nothing
                                   was counted yet */
    uint64_t seq;               /* of the transaction: meta's own is higher once another owner or an
                                   operator took the shard */
#define X(name) uint64_t name;
    SEUIL_META_COUNTS(X)
#undef X
};

/* Names and versions of the models, one a line; models beyond are not told. */
#define SEUIL_VERSIONS_MAX 1024

/* The entries that came last from a shard through the internal topic. Their numbers have no gaps,
 * so they come one after the other, however often again; but for a delivery that failed and comes
 * after later ones: hence two runs. Numbers of another tenure (of a token) say nothing about this
 * one's, since Redis may have lost its tail in between. */
struct seuil_meta_run {
    uint64_t first, last; /* all of these came; 0 and 0: none */
};

struct seuil_meta_source {
    uint32_t shard;
    uint64_t tenure;
    struct seuil_meta_run low, high; /* low: none, or a gap lies between them */
};

/* Shards of which that is kept: entries come twice only within moments. */
#define SEUIL_META_SOURCES_MAX 64

struct seuil_meta_sources {
    uint32_t count;
    struct seuil_meta_source list[SEUIL_META_SOURCES_MAX]; /* the latest last */
};

/* Format 1 had a list with an element for each outbox entry: it is read while there is none. */
#define SEUIL_META_FORMAT 2

struct seuil_meta {
    uint32_t format;
    struct seuil_token token;
    uint64_t seq;
    struct seuil_meta_topic topics[SEUIL_TOPICS_MAX];
    seuil_time_ms stream_time;         /* as of base; SEUIL_TIME_NONE: none */
    struct seuil_meta_sources sources; /* likewise */
    uint64_t outbox_head;              /* index of the first entry kept */
    uint64_t outbox_tail;              /* index the next entry gets */
    uint64_t model_hash;
    char versions[SEUIL_VERSIONS_MAX]; /* of the models of that hash, see shard/versions.c; "": not
                                          known */
    uint64_t walk_model_hash;          /* of the walk under way, 0: none (PROTOCOL 26) */
    uint64_t walk_cursor;
    char cluster_id[64];       /* of Kafka */
    char owner[64];            /* instance name, for people */
    char halt[SEUIL_HALT_MAX]; /* "" or why this shard stands still */
    seuil_time_ms muted_until; /* publish_from: crossings effective before are counted only */
    struct seuil_meta_counts counts;
};

enum seuil_due_op {
    SEUIL_DUE_KEEP,  /* the entry is early enough */
    SEUIL_DUE_LOWER, /* add it, or lower it */
    SEUIL_DUE_SET,   /* set it, even to a later time */
    SEUIL_DUE_REMOVE,
};

struct seuil_tx_lead {
    struct seuil_str id;  /* a lead's, or the name of an entry of `due` that is no lead's */
    const uint8_t *bytes; /* NULL: the state is not written (only its due time) */
    uint32_t len;
    bool erase; /* delete the key */
    enum seuil_due_op due_op;
    seuil_time_ms due;
};

struct seuil_tx_entry { /* of the outbox: final bytes (codec/outbox.h) */
    const uint8_t *bytes;
    uint32_t len;
};

/* A commit. Everything pointed to stays until the call returns. */
struct seuil_tx {
    struct seuil_token token;      /* expected */
    uint64_t seq;                  /* expected; meta->seq is one more */
    const struct seuil_meta *meta; /* as it shall be */
    const struct seuil_tx_lead *leads;
    uint32_t lead_count;
    const struct seuil_tx_entry *entries; /* appended; meta->outbox_tail counts them already */
    uint32_t entry_count;
    uint64_t trim_to; /* entries below are removed; meta->outbox_head says so already */
};

enum seuil_store_status {
    SEUIL_STORE_OK,
    SEUIL_STORE_FENCED,
    SEUIL_STORE_STALE,
    SEUIL_STORE_MISSING,
    SEUIL_STORE_BACKOFF,
    SEUIL_STORE_DOUBT,
    SEUIL_STORE_WRONG,
};

enum seuil_store_verb {
    SEUIL_STORE_ACQUIRE,
    SEUIL_STORE_CREATE,
    SEUIL_STORE_LOAD,
    SEUIL_STORE_DUE,
    SEUIL_STORE_OUTBOX,
    SEUIL_STORE_WALK,
    SEUIL_STORE_COMMIT,
    SEUIL_STORE_READ_META,
};

struct seuil_store_item {
    struct seuil_str id;  /* lead id (LOAD, DUE, WALK) */
    const uint8_t *bytes; /* LOAD: packed state or NULL; OUTBOX: the entry */
    uint32_t len;
    seuil_time_ms due; /* DUE */
    uint64_t index;    /* OUTBOX */
};

/* An answer. Pointers stay until the next call of poll. */
struct seuil_store_reply {
    uint32_t shard;
    enum seuil_store_verb verb;
    enum seuil_store_status status;
    uint64_t cookie;                      /* as given with the request */
    const struct seuil_meta *meta;        /* ACQUIRE, CREATE, READ_META when OK */
    const struct seuil_store_item *items; /* LOAD: one for each id asked, in order */
    uint32_t item_count;
    uint64_t cursor;  /* WALK: where to go on, 0 at the end */
    const char *text; /* for WRONG, BACKOFF and DOUBT: why; else "" */
};

struct seuil_store {
    const struct seuil_store_ops *ops;
};

struct seuil_store_ops {
    /* Put @token and @owner into the meta of @shard and raise its seq, in one script: the owner
     * before is fenced from then on. The reply has meta as it stands then. MISSING writes
     * nothing. Opens the shard's connection if there is none. */
    void (*acquire)(struct seuil_store *store, uint32_t shard, const struct seuil_token *token,
                    const char *owner, uint64_t cookie);
    /* Make the meta of @shard, if there is none (else FENCED): a new shard. */
    void (*create)(struct seuil_store *store, uint32_t shard, const struct seuil_meta *meta,
                   uint64_t cookie);
    /* The states of @count leads (at most SEUIL_CHUNK_MAX). */
    void (*load)(struct seuil_store *store, uint32_t shard, const struct seuil_str *ids,
                 uint32_t count, uint64_t cookie);
    /* Up to @max entries of `due` at or before @until, earliest first. */
    void (*due)(struct seuil_store *store, uint32_t shard, seuil_time_ms until, uint32_t max,
                uint64_t cookie);
    /* Up to @max outbox entries from index @from. */
    void (*outbox)(struct seuil_store *store, uint32_t shard, uint64_t from, uint32_t max,
                   uint64_t cookie);
    /* Some leads of the shard, from @cursor (0: the first); a lead may come more than once. */
    void (*walk)(struct seuil_store *store, uint32_t shard, uint64_t cursor, uint64_t cookie);
    /* One guarded transaction (PROTOCOL 10). */
    void (*commit)(struct seuil_store *store, uint32_t shard, const struct seuil_tx *tx,
                   uint64_t cookie);
    /* meta as it stands, nothing written. */
    void (*read_meta)(struct seuil_store *store, uint32_t shard, uint64_t cookie);
    /* Drop what is under way for @shard and its connection: no reply of an earlier request will
     * come. What was sent may still take effect (that is what tokens are for). */
    void (*forget)(struct seuil_store *store, uint32_t shard);
    /* Write what is queued, read what came, wait at most @timeout_ms for the first answer
     * (0: do not wait). 1: *ret_reply is filled; 0: nothing came. Time-outs of requests surface
     * here as DOUBT. @now_ms: monotonic. */
    int (*poll)(struct seuil_store *store, seuil_time_ms now_ms, int timeout_ms,
                struct seuil_store_reply *ret_reply);
    /* A file descriptor that becomes readable when poll has something to do, or -1. */
    int (*fd)(struct seuil_store *store);
    void (*free)(struct seuil_store *store);
};

#endif
