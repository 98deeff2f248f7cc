/* A shard's way to Redis: its connection, the requests on it, the guard of its next commit; what
 * happens between a request's making (store_redis.c) and its answer. Private to the Redis store. */

#ifndef SEUIL_STORE_REDIS_SHARD_H
#define SEUIL_STORE_REDIS_SHARD_H

#include "store/conn.h"
#include "store/request.h"

struct seuil_redis_shard {
    struct seuil_conn conn;
    struct seuil_keys keys;
    struct seuil_guard guard;
    struct seuil_request *first, **last; /* in order: sent ones, then waiting ones */
    struct seuil_request *waiting;       /* the first that is not wholly sent, or NULL */
    struct seuil_redis_shard *next_dirty, *next_ready;
    bool made, dirty, ready; /* has something to write; may have replies to parse */
    bool answered;           /* this connection gave an answer: back-off starts anew */
    bool ended;              /* nothing more will come, but replies may be left to parse */
    uint32_t events;         /* registered with epoll; 0: not registered */
    seuil_time_ms connect_deadline, retry_at;
    int64_t backoff_ms;
};

struct seuil_redis_store {
    struct seuil_store base;
    struct seuil_link *link;
    struct seuil_redis_shard *shards; /* of all partitions; made at their first request */
    uint32_t partitions;
    int epoll;
    struct seuil_redis_shard *dirty;
    struct seuil_redis_shard *ready, **ready_last;
    struct seuil_request *done, **done_last; /* decided without a reply */
    struct seuil_request *told;              /* its pointers are the caller's until the next poll */
    struct seuil_redis_shard *told_by;       /* the shard whose reply it is, or NULL */
    struct seuil_request *spare;
    uint32_t spare_count;
    struct seuil_items items;
    struct seuil_meta meta;
    seuil_time_ms now, next_check; /* of deadlines; now: as of poll */
};

/* @shard has something to write or to connect for; replies to parse. */
void seuil_redis_mark_dirty(struct seuil_redis_store *self, struct seuil_redis_shard *shard);
void seuil_redis_mark_ready(struct seuil_redis_store *self, struct seuil_redis_shard *shard);

/* Decide @request, which is in no queue, without a reply. */
void seuil_redis_finish(struct seuil_redis_store *self, struct seuil_request *request,
                        enum seuil_store_status status, const char *why);
/* Close, and wait for nothing; the requests stay in their queue. */
void seuil_redis_shard_close(struct seuil_redis_store *self, struct seuil_redis_shard *shard);
/* Answer everything that is under way, close, and wait before the next attempt. */
void seuil_redis_shard_fail(struct seuil_redis_store *self, struct seuil_redis_shard *shard,
                            const char *why);

/* Register with epoll what the connection waits for; no longer wait for anything. */
void seuil_redis_watch(struct seuil_redis_store *self, struct seuil_redis_shard *shard);
void seuil_redis_unregister(struct seuil_redis_store *self, struct seuil_redis_shard *shard);

/* Bring every dirty shard forward: connect, send, write. */
void seuil_redis_work(struct seuil_redis_store *self);
/* Look at deadlines when it is time to. */
void seuil_redis_check(struct seuil_redis_store *self);
/* Parse what has come for @shard: true when a request was decided and *ret_reply is filled. */
bool seuil_redis_advance(struct seuil_redis_store *self, struct seuil_redis_shard *shard,
                         struct seuil_store_reply *ret_reply);

#endif
