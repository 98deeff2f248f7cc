/* A request to Redis on its way: its commands, what is expected of the replies, and how they become
 * a store's answer. Private to the Redis store. */

#ifndef SEUIL_STORE_REQUEST_H
#define SEUIL_STORE_REQUEST_H

#include "store/meta.h"
#include "store/resp.h"
#include "store/store.h"

/* Items asked for in one request of due times or outbox entries. */
#define SEUIL_ITEMS_ASKED_MAX 8192
/* Blocks of outbox entries, each of one transaction: a few MiB, the very largest some 12 MiB, so
 * that as many fit into SEUIL_REPLY_BYTES_MAX. */
#define SEUIL_BLOCKS_ASKED_MAX 4

/* Names of a shard's keys: made once, used in every command. */
struct seuil_keys {
    struct seuil_buf bytes;
    struct seuil_str meta, lead, due, outbox;
};

/* 0 or SEUIL_ERR_NOMEM. */
int seuil_keys_init(struct seuil_keys *keys, const char *prefix, const char *app, uint32_t shard);
void seuil_keys_done(struct seuil_keys *keys);

/* Meta as last read under WATCH on this connection. */
enum seuil_guard_state { SEUIL_GUARD_UNKNOWN, SEUIL_GUARD_ASKED, SEUIL_GUARD_KNOWN };

struct seuil_guard {
    enum seuil_guard_state state;
    bool exists;
    bool damaged; /* its fields cannot be read */
    struct seuil_token token;
    uint64_t seq, head, tail;
};

enum seuil_stage {
    SEUIL_STAGE_WAITS,  /* nothing of it was sent */
    SEUIL_STAGE_GUARDS, /* a commit whose guard is being read; nothing of it was sent */
    SEUIL_STAGE_SENT,
};

struct seuil_request {
    struct seuil_request *next;
    uint32_t shard;
    enum seuil_store_verb verb;
    enum seuil_stage stage;
    uint64_t cookie;
    seuil_time_ms deadline; /* 0: not yet set */
    struct seuil_buf body;  /* commands; of a commit those between MULTI and XTRIM */
    uint64_t start;         /* queued_total of the connection when it was sent */
    uint32_t replies, at;   /* expected, seen */
    uint32_t guard_from;    /* replies from this one on are those of the guard */

    const struct seuil_reply *main; /* the reply that matters */

    struct seuil_token token; /* COMMIT: expected */
    uint64_t seq, head, tail; /* COMMIT: expected seq and outbox before it, trim_to */
    uint64_t trim_to;
    uint32_t queued;      /* COMMIT: commands between MULTI and EXEC */
    struct seuil_buf ids; /* LOAD: u32 length and bytes of each id */
    uint32_t id_count;
    uint32_t max;            /* OUTBOX: entries wanted */
    struct seuil_meta *meta; /* CREATE: what was made */

    enum seuil_store_status status; /* decided before or without a main reply */
    char text[400];
};

/* ---- commands: failures stay in request->body.failed ------------------------------------------
 */

void seuil_request_acquire(struct seuil_request *request, const struct seuil_keys *keys,
                           const struct seuil_token *token, const char *owner);
void seuil_request_create(struct seuil_request *request, const struct seuil_keys *keys,
                          const struct seuil_meta *meta);
void seuil_request_read_meta(struct seuil_request *request, const struct seuil_keys *keys);
void seuil_request_load(struct seuil_request *request, const struct seuil_keys *keys,
                        const struct seuil_str *ids, uint32_t count);
void seuil_request_due(struct seuil_request *request, const struct seuil_keys *keys,
                       seuil_time_ms until, uint32_t max);
void seuil_request_outbox(struct seuil_request *request, const struct seuil_keys *keys,
                          uint64_t from, uint32_t max);
void seuil_request_walk(struct seuil_request *request, const struct seuil_keys *keys,
                        uint64_t cursor);
void seuil_request_commit(struct seuil_request *request, const struct seuil_keys *keys,
                          const struct seuil_tx *tx);
/* The end of a commit, when its guard is known: XTRIM, EXEC and the guard of the next one. */
void seuil_request_commit_end(struct seuil_request *request, const struct seuil_keys *keys,
                              uint64_t head);

#define SEUIL_GUARD_REPLIES 3
/* UNWATCH, WATCH, HMGET: reads the guard anew. */
void seuil_guard_write(const struct seuil_keys *keys, struct seuil_buf *out);

/* ---- replies --------------------------------------------------------------------------------- */

/* Take HMGET's answer. */
void seuil_guard_read(struct seuil_guard *guard, const struct seuil_reply *reply);
/* What @guard says to a commit, and why. */
enum seuil_store_status seuil_guard_judge(const struct seuil_guard *guard,
                                          struct seuil_request *request);

/* The next reply of @request: it may decide its status. false: the connection is of no more use. */
bool seuil_request_reply(struct seuil_request *request, const struct seuil_reply *reply,
                         struct seuil_guard *guard);

/* All replies are here: fill @ret_reply. Items go to @items, which is grown; meta to @meta. */
struct seuil_items {
    struct seuil_store_item *ptr;
    uint32_t cap;
};
void seuil_request_answer(struct seuil_request *request, const struct seuil_keys *keys,
                          struct seuil_items *items, struct seuil_meta *meta,
                          struct seuil_store_reply *ret_reply);

#endif
