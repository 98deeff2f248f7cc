#include "store/store_redis.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/heap.h"
#include "store/redis_shard.h"

/* Requests kept for use again: their buffers have grown to the size they need. */
#define SPARE_MAX 64

static struct seuil_redis_store *self_of(struct seuil_store *store)
{
    return (struct seuil_redis_store *)store;
}

/* ---- requests -------------------------------------------------------------------------------- */

static void request_free(struct seuil_request *request)
{
    seuil_buf_done(&request->body);
    seuil_buf_done(&request->ids);
    seuil_heap_free(request->meta);
    seuil_heap_free(request);
}

static void request_drop(struct seuil_redis_store *self, struct seuil_request *request)
{
    struct seuil_buf body = request->body, ids = request->ids;

    if (self->spare_count == SPARE_MAX) {
        request_free(request);
        return;
    }
    seuil_heap_free(request->meta);
    memset(request, 0, sizeof(*request));
    body.len = ids.len = 0;
    body.failed = ids.failed = 0;
    request->body = body;
    request->ids = ids;
    request->next = self->spare;
    self->spare = request;
    self->spare_count++;
}

/* Memory for a request is an owner's last need: without it nothing can be said at all. */
static struct seuil_request *request_new(struct seuil_redis_store *self)
{
    struct seuil_request *request = self->spare;

    if (request) {
        self->spare = request->next;
        self->spare_count--;
        request->next = NULL;
        return request;
    }
    return seuil_heap_zalloc(1, sizeof(*request));
}

static struct seuil_redis_shard *shard_of(struct seuil_redis_store *self, uint32_t number)
{
    struct seuil_redis_shard *shard;

    assert(number < self->partitions);
    shard = &self->shards[number];
    if (shard->made)
        return shard;
    shard->last = &shard->first;
    if (seuil_keys_init(&shard->keys, self->link->config.prefix, self->link->config.app, number) ||
        seuil_conn_init(&shard->conn, self->link)) {
        seuil_keys_done(&shard->keys);
        return NULL;
    }
    shard->made = true;
    return shard;
}

/* A request without commands yet, or NULL when there is no memory for it. */
static struct seuil_request *begin(struct seuil_store *store, uint32_t number,
                                   enum seuil_store_verb verb, uint64_t cookie,
                                   struct seuil_redis_shard **ret_shard)
{
    struct seuil_redis_store *self = self_of(store);
    struct seuil_request *request = request_new(self);

    *ret_shard = shard_of(self, number);
    assert(request && *ret_shard); /* an owner that can no longer even ask is of no use */
    request->shard = number;
    request->verb = verb;
    request->cookie = cookie;
    return request;
}

static void enqueue(struct seuil_store *store, struct seuil_redis_shard *shard,
                    struct seuil_request *request)
{
    struct seuil_redis_store *self = self_of(store);

    if (request->body.failed) {
        seuil_redis_finish(self, request, SEUIL_STORE_BACKOFF, "out of memory");
        return;
    }
    *shard->last = request;
    shard->last = &request->next;
    if (!shard->waiting)
        shard->waiting = request;
    seuil_redis_mark_dirty(self, shard); /* the next poll gives it a deadline and sends it */
}

/* ---- the functions of a store ---------------------------------------------------------------- */

static void redis_acquire(struct seuil_store *store, uint32_t number,
                          const struct seuil_token *token, const char *owner, uint64_t cookie)
{
    struct seuil_redis_shard *shard;
    struct seuil_request *request = begin(store, number, SEUIL_STORE_ACQUIRE, cookie, &shard);

    seuil_request_acquire(request, &shard->keys, token, owner);
    enqueue(store, shard, request);
}

static void redis_create(struct seuil_store *store, uint32_t number, const struct seuil_meta *meta,
                         uint64_t cookie)
{
    struct seuil_redis_shard *shard;
    struct seuil_request *request = begin(store, number, SEUIL_STORE_CREATE, cookie, &shard);

    seuil_request_create(request, &shard->keys, meta);
    enqueue(store, shard, request);
}

static void redis_load(struct seuil_store *store, uint32_t number, const struct seuil_str *ids,
                       uint32_t count, uint64_t cookie)
{
    struct seuil_redis_shard *shard;
    struct seuil_request *request = begin(store, number, SEUIL_STORE_LOAD, cookie, &shard);

    seuil_request_load(request, &shard->keys, ids, count);
    enqueue(store, shard, request);
}

static void redis_due(struct seuil_store *store, uint32_t number, seuil_time_ms until, uint32_t max,
                      uint64_t cookie)
{
    struct seuil_redis_shard *shard;
    struct seuil_request *request = begin(store, number, SEUIL_STORE_DUE, cookie, &shard);

    seuil_request_due(request, &shard->keys, until, max);
    enqueue(store, shard, request);
}

static void redis_outbox(struct seuil_store *store, uint32_t number, uint64_t from, uint32_t max,
                         uint64_t cookie)
{
    struct seuil_redis_shard *shard;
    struct seuil_request *request = begin(store, number, SEUIL_STORE_OUTBOX, cookie, &shard);

    seuil_request_outbox(request, &shard->keys, from, max);
    enqueue(store, shard, request);
}

static void redis_walk(struct seuil_store *store, uint32_t number, uint64_t cursor, uint64_t cookie)
{
    struct seuil_redis_shard *shard;
    struct seuil_request *request = begin(store, number, SEUIL_STORE_WALK, cookie, &shard);

    seuil_request_walk(request, &shard->keys, cursor);
    enqueue(store, shard, request);
}

static void redis_commit(struct seuil_store *store, uint32_t number, const struct seuil_tx *tx,
                         uint64_t cookie)
{
    struct seuil_redis_shard *shard;
    struct seuil_request *request = begin(store, number, SEUIL_STORE_COMMIT, cookie, &shard);

    seuil_request_commit(request, &shard->keys, tx);
    enqueue(store, shard, request);
}

static void redis_read_meta(struct seuil_store *store, uint32_t number, uint64_t cookie)
{
    struct seuil_redis_shard *shard;
    struct seuil_request *request = begin(store, number, SEUIL_STORE_READ_META, cookie, &shard);

    seuil_request_read_meta(request, &shard->keys);
    enqueue(store, shard, request);
}

static void redis_forget(struct seuil_store *store, uint32_t number)
{
    struct seuil_redis_store *self = self_of(store);
    struct seuil_request **link = &self->done, *request;
    struct seuil_redis_shard *shard = &self->shards[number];

    assert(number < self->partitions);
    while ((request = *link)) {
        if (request->shard == number) {
            *link = request->next;
            request_drop(self, request);
        } else {
            link = &request->next;
        }
    }
    self->done_last = link;
    if (!shard->made)
        return;
    while ((request = shard->first)) {
        shard->first = request->next;
        request_drop(self, request);
    }
    shard->last = &shard->first;
    shard->waiting = NULL;
    seuil_redis_shard_close(self, shard);
}

static void release_told(struct seuil_redis_store *self)
{
    if (self->told_by)
        seuil_reply_reader_release(self->told_by->conn.reader);
    if (self->told)
        request_drop(self, self->told);
    self->told = NULL;
    self->told_by = NULL;
}

/* Tell the first decided request, if there is one. */
static bool tell(struct seuil_redis_store *self, struct seuil_store_reply *ret_reply)
{
    if (self->done) {
        self->told = self->done;
        self->done = self->told->next;
        if (!self->done)
            self->done_last = &self->done;
        seuil_request_answer(self->told, NULL, &self->items, &self->meta, ret_reply);
        return true;
    }
    while (self->ready) {
        struct seuil_redis_shard *shard = self->ready;

        self->ready = shard->next_ready;
        if (!self->ready)
            self->ready_last = &self->ready;
        shard->ready = false;
        if (seuil_redis_advance(self, shard, ret_reply))
            return true;
        if (self->done)
            return tell(self, ret_reply);
    }
    return false;
}

static void on_readable(struct seuil_redis_store *self, struct seuil_redis_shard *shard)
{
    if (seuil_conn_fill(&shard->conn)) {
        shard->ended = true;
        seuil_redis_unregister(self, shard);
    }
    seuil_redis_mark_ready(self, shard);
}

static void on_event(struct seuil_redis_store *self, struct seuil_redis_shard *shard,
                     uint32_t events)
{
    if (shard->conn.state == SEUIL_CONN_DOWN || !shard->events)
        return; /* closed by an event before this one */
    if (shard->conn.state != SEUIL_CONN_READY) {
        if (seuil_conn_step(&shard->conn) < 0)
            seuil_redis_shard_fail(self, shard, shard->conn.why);
    } else if (events & ~(uint32_t)EPOLLOUT) {
        on_readable(self, shard);
    }
    if (shard->conn.state == SEUIL_CONN_READY)
        seuil_redis_mark_dirty(self, shard);
    else if (shard->conn.state != SEUIL_CONN_DOWN)
        seuil_redis_watch(self, shard);
}

static int64_t monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wait_events(struct seuil_redis_store *self, int64_t wait_ms)
{
    struct epoll_event events[64];
    int64_t until_check = self->next_check > self->now ? self->next_check - self->now : 0;
    int64_t wait = wait_ms < until_check ? wait_ms : until_check;
    int count = epoll_wait(self->epoll, events, 64, wait > INT32_MAX ? INT32_MAX : (int)wait);

    for (int i = 0; i < count; i++)
        on_event(self, events[i].data.ptr, events[i].events);
}

static int redis_poll(struct seuil_store *store, seuil_time_ms now_ms, int timeout_ms,
                      struct seuil_store_reply *ret_reply)
{
    struct seuil_redis_store *self = self_of(store);
    int64_t begun = 0, waited = 0;

    release_told(self);
    for (bool last = false;;) {
        self->now = now_ms + waited;
        seuil_redis_check(self);
        seuil_redis_work(self);
        if (tell(self, ret_reply))
            return 1;
        if (self->dirty) /* a guard came: its commit can be sent */
            continue;
        if (last)
            return 0;
        if (timeout_ms > 0 && !begun)
            begun = monotonic_ms();
        wait_events(self, timeout_ms - waited);
        waited = timeout_ms > 0 ? monotonic_ms() - begun : 0;
        last = waited >= timeout_ms;
    }
}

static int redis_fd(struct seuil_store *store)
{
    return self_of(store)->epoll;
}

static void redis_free(struct seuil_store *store)
{
    struct seuil_redis_store *self = self_of(store);

    release_told(self);
    for (uint32_t i = 0; i < self->partitions; i++) {
        redis_forget(store, i);
        if (!self->shards[i].made)
            continue;
        seuil_conn_done(&self->shards[i].conn);
        seuil_keys_done(&self->shards[i].keys);
    }
    while (self->spare) {
        struct seuil_request *request = self->spare;

        self->spare = request->next;
        request_free(request);
    }
    if (self->epoll >= 0)
        close(self->epoll);
    seuil_heap_free(self->items.ptr);
    seuil_heap_free(self->shards);
    seuil_link_free(self->link);
    seuil_heap_free(self);
}

static const struct seuil_store_ops redis_ops = {
    .acquire = redis_acquire,
    .create = redis_create,
    .load = redis_load,
    .due = redis_due,
    .outbox = redis_outbox,
    .walk = redis_walk,
    .commit = redis_commit,
    .read_meta = redis_read_meta,
    .forget = redis_forget,
    .poll = redis_poll,
    .fd = redis_fd,
    .free = redis_free,
};

struct seuil_store *seuil_store_redis_new(const struct seuil_redis_config *config,
                                          struct seuil_error *err)
{
    struct seuil_link *link = seuil_link_new(config, err);
    struct seuil_redis_store *self;

    if (!link)
        return NULL;
    self = seuil_heap_zalloc(1, sizeof(*self));
    if (!self) {
        seuil_link_free(link);
        seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
        return NULL;
    }
    self->base.ops = &redis_ops;
    self->link = link;
    self->ready_last = &self->ready;
    self->done_last = &self->done;
    self->next_check = INT64_MAX;
    self->epoll = epoll_create1(EPOLL_CLOEXEC);
    self->shards = seuil_heap_zalloc(config->partitions, sizeof(*self->shards));
    if (self->epoll < 0 || !self->shards) {
        redis_free(&self->base);
        seuil_error_set(err, SEUIL_ERR_NOMEM, "no memory or no descriptor for the Redis store");
        return NULL;
    }
    self->partitions = config->partitions;
    return &self->base;
}
