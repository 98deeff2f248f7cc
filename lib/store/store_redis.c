#include "store/store_redis.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/heap.h"
#include "store/conn.h"
#include "store/request.h"

/* Requests kept for use again: their buffers have grown to the size they need. */
#define SPARE_MAX 64

struct shard {
    struct seuil_conn conn;
    struct seuil_keys keys;
    struct seuil_guard guard;
    struct seuil_request *first, **last; /* in order: sent ones, then waiting ones */
    struct seuil_request *waiting;       /* the first that is not wholly sent, or NULL */
    struct shard *next_dirty, *next_ready;
    bool made, dirty, ready; /* has something to write; may have replies to parse */
    bool answered;           /* this connection gave an answer: back-off starts anew */
    bool ended;              /* nothing more will come, but replies may be left to parse */
    uint32_t events;         /* registered with epoll; 0: not registered */
    seuil_time_ms connect_deadline, retry_at;
    int64_t backoff_ms;
};

struct redis_store {
    struct seuil_store base;
    struct seuil_link *link;
    struct shard *shards; /* of all partitions; made at their first request */
    uint32_t partitions;
    int epoll;
    struct shard *dirty;
    struct shard *ready, **ready_last;
    struct seuil_request *done, **done_last; /* decided without a reply */
    struct seuil_request *told;              /* its pointers are the caller's until the next poll */
    struct shard *told_by;                   /* the shard whose reply it is, or NULL */
    struct seuil_request *spare;
    uint32_t spare_count;
    struct seuil_items items;
    struct seuil_meta meta;
    seuil_time_ms now, next_check; /* of deadlines; now: as of poll */
};

static struct redis_store *self_of(struct seuil_store *store)
{
    return (struct redis_store *)store;
}

static void check_by(struct redis_store *self, seuil_time_ms at)
{
    self->next_check = at < self->next_check ? at : self->next_check;
}

/* ---- requests -------------------------------------------------------------------------------- */

static void request_free(struct seuil_request *request)
{
    seuil_buf_done(&request->body);
    seuil_buf_done(&request->ids);
    seuil_heap_free(request->meta);
    seuil_heap_free(request);
}

static void request_drop(struct redis_store *self, struct seuil_request *request)
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
static struct seuil_request *request_new(struct redis_store *self)
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

static void finish(struct redis_store *self, struct seuil_request *request,
                   enum seuil_store_status status, const char *why)
{
    request->status = status;
    snprintf(request->text, sizeof(request->text), "%s", why);
    request->main = NULL;
    request->next = NULL;
    *self->done_last = request;
    self->done_last = &request->next;
}

static void mark_dirty(struct redis_store *self, struct shard *shard)
{
    if (shard->dirty)
        return;
    shard->dirty = true;
    shard->next_dirty = self->dirty;
    self->dirty = shard;
}

static void mark_ready(struct redis_store *self, struct shard *shard)
{
    if (shard->ready)
        return;
    shard->ready = true;
    shard->next_ready = NULL;
    *self->ready_last = shard;
    self->ready_last = &shard->next_ready;
}

static struct shard *shard_of(struct redis_store *self, uint32_t number)
{
    struct shard *shard;

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
                                   struct shard **ret_shard)
{
    struct redis_store *self = self_of(store);
    struct seuil_request *request = request_new(self);

    *ret_shard = shard_of(self, number);
    assert(request && *ret_shard); /* an owner that can no longer even ask is of no use */
    request->shard = number;
    request->verb = verb;
    request->cookie = cookie;
    return request;
}

static void enqueue(struct seuil_store *store, struct shard *shard, struct seuil_request *request)
{
    struct redis_store *self = self_of(store);

    if (request->body.failed) {
        finish(self, request, SEUIL_STORE_BACKOFF, "out of memory");
        return;
    }
    *shard->last = request;
    shard->last = &request->next;
    if (!shard->waiting)
        shard->waiting = request;
    mark_dirty(self, shard); /* the next poll gives it a deadline and sends it */
}

/* ---- the end of a connection ----------------------------------------------------------------- */

static void unregister(struct redis_store *self, struct shard *shard)
{
    if (shard->events)
        epoll_ctl(self->epoll, EPOLL_CTL_DEL, shard->conn.fd, NULL);
    shard->events = 0;
}

static bool may_have_arrived(const struct shard *shard, const struct seuil_request *request)
{
    return request->stage == SEUIL_STAGE_SENT && request->start < shard->conn.written_total;
}

static void close_shard(struct redis_store *self, struct shard *shard)
{
    unregister(self, shard);
    seuil_conn_close(&shard->conn);
    shard->guard.state = SEUIL_GUARD_UNKNOWN;
    shard->ended = false;
}

/* Answer everything that is under way, close, and wait before the next attempt. */
static void fail_shard(struct redis_store *self, struct shard *shard, const char *why)
{
    const struct seuil_redis_config *config = &self->link->config;
    enum seuil_store_status refused =
        shard->conn.unusable ? SEUIL_STORE_WRONG : SEUIL_STORE_BACKOFF;
    bool was_ready = shard->conn.state == SEUIL_CONN_READY;
    int64_t half;

    while (shard->first) {
        struct seuil_request *request = shard->first;

        shard->first = request->next;
        finish(self, request, may_have_arrived(shard, request) ? SEUIL_STORE_DOUBT : refused, why);
    }
    shard->last = &shard->first;
    shard->waiting = NULL;
    close_shard(self, shard);
    if (was_ready && shard->answered)
        shard->backoff_ms = 0;
    shard->answered = false;
    shard->backoff_ms = shard->backoff_ms ? 2 * shard->backoff_ms : config->backoff_min_ms;
    if (shard->backoff_ms > config->backoff_max_ms)
        shard->backoff_ms = config->backoff_max_ms;
    half = shard->backoff_ms / 2;
    shard->retry_at = self->now + half + (int64_t)seuil_link_random(self->link, (uint64_t)half + 1);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void send_request(struct redis_store *self, struct shard *shard,
                         struct seuil_request *request)
{
    request->stage = SEUIL_STAGE_SENT;
    request->start = shard->conn.queued_total;
    if (request->guard_from < request->replies)
        shard->guard.state = SEUIL_GUARD_ASKED;
    if (seuil_conn_queue(&shard->conn, &request->body)) {
        shard->conn.unusable = false;
        fail_shard(self, shard, "out of memory");
    }
}

/* A commit at the head of the waiting ones: true when it was sent. */
static bool send_commit(struct redis_store *self, struct shard *shard,
                        struct seuil_request *request)
{
    struct seuil_buf ask = {0};

    if (request->stage == SEUIL_STAGE_GUARDS || shard->guard.state == SEUIL_GUARD_ASKED)
        return false;
    if (shard->guard.state == SEUIL_GUARD_KNOWN &&
        seuil_guard_judge(&shard->guard, request) == SEUIL_STORE_OK) {
        seuil_request_commit_end(request, &shard->keys, shard->guard.head);
        if (request->body.failed) {
            fail_shard(self, shard, "out of memory");
            return false;
        }
        send_request(self, shard, request);
        return true;
    }
    /* unknown, or read too long ago to say no: ask now */
    request->status = SEUIL_STORE_OK;
    request->text[0] = '\0';
    request->stage = SEUIL_STAGE_GUARDS;
    request->at = 0;
    request->guard_from = 0;
    request->replies = SEUIL_GUARD_REPLIES;
    shard->guard.state = SEUIL_GUARD_ASKED;
    seuil_guard_write(&shard->keys, &ask);
    if (seuil_conn_queue(&shard->conn, &ask))
        fail_shard(self, shard, "out of memory");
    seuil_buf_done(&ask);
    return false;
}

/* Send what may be sent: everything up to a commit that waits for its guard. */
static void pump(struct redis_store *self, struct shard *shard)
{
    while (shard->waiting && shard->conn.state == SEUIL_CONN_READY) {
        struct seuil_request *request = shard->waiting;

        if (request->verb == SEUIL_STORE_COMMIT) {
            if (!send_commit(self, shard, request))
                return;
        } else {
            send_request(self, shard, request);
        }
        if (shard->waiting == request) /* not failed meanwhile */
            shard->waiting = request->next;
    }
}

static void watch(struct redis_store *self, struct shard *shard)
{
    uint32_t events = EPOLLIN | (seuil_conn_wants_write(&shard->conn) ? EPOLLOUT : 0u);
    struct epoll_event event = {.events = events, .data.ptr = shard};

    if (shard->conn.fd < 0 || events == shard->events)
        return;
    if (epoll_ctl(self->epoll, shard->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, shard->conn.fd,
                  &event) == 0)
        shard->events = events;
    else
        fail_shard(self, shard, "out of memory");
}

static void connect_shard(struct redis_store *self, struct shard *shard)
{
    if (seuil_conn_open(&shard->conn)) {
        fail_shard(self, shard, shard->conn.why);
        return;
    }
    shard->connect_deadline = self->now + self->link->config.connect_timeout_ms;
    check_by(self, shard->connect_deadline);
    watch(self, shard);
}

/* Bring a shard with something to do forward: connect, send, write. */
static void work(struct redis_store *self, struct shard *shard)
{
    if (!shard->made)
        return;
    for (struct seuil_request *request = shard->waiting; request; request = request->next) {
        if (!request->deadline)
            request->deadline = self->now + self->link->config.request_timeout_ms;
        check_by(self, request->deadline);
    }
    if (shard->conn.state == SEUIL_CONN_DOWN && shard->first) {
        if (self->now < shard->retry_at) {
            check_by(self, shard->retry_at);
            return;
        }
        connect_shard(self, shard);
    }
    if (shard->conn.state != SEUIL_CONN_READY)
        return;
    pump(self, shard);
    if (shard->conn.state == SEUIL_CONN_READY && seuil_conn_flush(&shard->conn))
        fail_shard(self, shard, shard->conn.why);
    watch(self, shard);
}

static void work_dirty(struct redis_store *self)
{
    while (self->dirty) {
        struct shard *shard = self->dirty;

        self->dirty = shard->next_dirty;
        shard->dirty = false;
        work(self, shard);
    }
}

/* ---- deadlines ------------------------------------------------------------------------------- */

/* Requests that nobody was there to send: answered one by one, the connection goes on trying. */
static void expire_unsent(struct redis_store *self, struct shard *shard)
{
    while (shard->first && shard->first->deadline && shard->first->deadline <= self->now) {
        struct seuil_request *request = shard->first;

        shard->first = request->next;
        if (!shard->first)
            shard->last = &shard->first;
        shard->waiting = shard->first;
        finish(self, request, SEUIL_STORE_BACKOFF,
               shard->conn.why[0] ? shard->conn.why : "not connected to Redis yet");
    }
}

static void check_shard(struct redis_store *self, struct shard *shard)
{
    char why[260];

    if (shard->conn.state == SEUIL_CONN_DOWN) {
        expire_unsent(self, shard);
    } else if (shard->conn.state != SEUIL_CONN_READY && shard->connect_deadline <= self->now) {
        snprintf(why, sizeof(why), "%s did not answer%s within %lld ms", self->link->where,
                 shard->conn.state == SEUIL_CONN_HANDSHAKE ? " TLS (does this port speak it?)" : "",
                 (long long)self->link->config.connect_timeout_ms);
        shard->conn.unusable = false;
        fail_shard(self, shard, why);
    } else if (shard->conn.state == SEUIL_CONN_READY && shard->first && shard->first->deadline &&
               shard->first->deadline <= self->now) {
        snprintf(why, sizeof(why), "no answer of %s within %lld ms", self->link->where,
                 (long long)self->link->config.request_timeout_ms);
        fail_shard(self, shard, why);
    }
    if (shard->conn.state != SEUIL_CONN_DOWN && shard->conn.state != SEUIL_CONN_READY)
        check_by(self, shard->connect_deadline);
    else if (shard->first && shard->first->deadline)
        check_by(self, shard->first->deadline);
    if (shard->conn.state == SEUIL_CONN_DOWN && shard->first) {
        if (shard->retry_at <= self->now)
            mark_dirty(self, shard);
        else
            check_by(self, shard->retry_at);
    }
}

static void check_deadlines(struct redis_store *self)
{
    if (self->now < self->next_check)
        return;
    self->next_check = INT64_MAX;
    for (uint32_t i = 0; i < self->partitions; i++)
        if (self->shards[i].made)
            check_shard(self, &self->shards[i]);
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* The guard of the commit at the head of the queue was read: send it, or say why not. True when it
 * is decided. */
static bool guard_came(struct redis_store *self, struct shard *shard, struct seuil_request *request)
{
    seuil_reply_reader_release(shard->conn.reader);
    if (shard->guard.state != SEUIL_GUARD_KNOWN) { /* HMGET was refused */
        request->status = SEUIL_STORE_BACKOFF;
        snprintf(request->text, sizeof(request->text), "meta could not be read for the guard");
        return true;
    }
    if (seuil_guard_judge(&shard->guard, request) != SEUIL_STORE_OK)
        return true;
    request->stage = SEUIL_STAGE_WAITS;
    request->at = 0;
    mark_dirty(self, shard);
    return false;
}

/* Take one reply; true when the request at the head is decided by it. */
static bool take_reply(struct redis_store *self, struct shard *shard,
                       const struct seuil_reply *reply)
{
    struct seuil_request *request = shard->first;

    if (!seuil_request_reply(request, reply, &shard->guard)) {
        char why[sizeof(request->text)];

        memcpy(why, request->text, sizeof(why));
        fail_shard(self, shard, why);
        return false;
    }
    if (request->at < request->replies)
        return false;
    shard->answered = true;
    if (request->stage == SEUIL_STAGE_GUARDS)
        return guard_came(self, shard, request);
    if (request->verb == SEUIL_STORE_COMMIT && request->main && /* EXEC said nil */
        (shard->guard.state != SEUIL_GUARD_KNOWN ||
         seuil_guard_judge(&shard->guard, request) == SEUIL_STORE_OK)) {
        request->status = SEUIL_STORE_STALE;
        snprintf(request->text, sizeof(request->text), "meta was touched by somebody else");
    }
    return true;
}

/* Parse what has come for @shard: true when a request was decided and *ret_reply is filled. */
static bool advance(struct redis_store *self, struct shard *shard,
                    struct seuil_store_reply *ret_reply)
{
    const struct seuil_reply *reply;

    while (shard->conn.state == SEUIL_CONN_READY) {
        struct seuil_request *request = shard->first;
        int rc = seuil_conn_next(&shard->conn, &reply);

        if (rc == 0 && !shard->ended)
            return false;
        if (rc == 0) { /* what came before the end was still good */
            fail_shard(self, shard, shard->conn.why);
            return false;
        }
        if (rc < 0 || !request || request->stage == SEUIL_STAGE_WAITS) {
            fail_shard(self, shard, rc < 0 ? shard->conn.why : "a reply that nobody asked for");
            return false;
        }
        if (!take_reply(self, shard, reply))
            continue;
        if (shard->waiting == request) /* a commit that was never sent */
            shard->waiting = request->next;
        shard->first = request->next;
        if (!shard->first)
            shard->last = &shard->first;
        mark_dirty(self, shard); /* who waited for its guard may go on */
        mark_ready(self, shard);
        seuil_request_answer(request, &shard->keys, &self->items, &self->meta, ret_reply);
        self->told = request;
        self->told_by = shard;
        return true;
    }
    return false;
}

/* ---- the functions of a store ---------------------------------------------------------------- */

static void redis_acquire(struct seuil_store *store, uint32_t number,
                          const struct seuil_token *token, const char *owner, uint64_t cookie)
{
    struct shard *shard;
    struct seuil_request *request = begin(store, number, SEUIL_STORE_ACQUIRE, cookie, &shard);

    seuil_request_acquire(request, &shard->keys, token, owner);
    enqueue(store, shard, request);
}

static void redis_create(struct seuil_store *store, uint32_t number, const struct seuil_meta *meta,
                         uint64_t cookie)
{
    struct shard *shard;
    struct seuil_request *request = begin(store, number, SEUIL_STORE_CREATE, cookie, &shard);

    seuil_request_create(request, &shard->keys, meta);
    enqueue(store, shard, request);
}

static void redis_load(struct seuil_store *store, uint32_t number, const struct seuil_str *ids,
                       uint32_t count, uint64_t cookie)
{
    struct shard *shard;
    struct seuil_request *request = begin(store, number, SEUIL_STORE_LOAD, cookie, &shard);

    seuil_request_load(request, &shard->keys, ids, count);
    enqueue(store, shard, request);
}

static void redis_due(struct seuil_store *store, uint32_t number, seuil_time_ms until, uint32_t max,
                      uint64_t cookie)
{
    struct shard *shard;
    struct seuil_request *request = begin(store, number, SEUIL_STORE_DUE, cookie, &shard);

    seuil_request_due(request, &shard->keys, until, max);
    enqueue(store, shard, request);
}

static void redis_outbox(struct seuil_store *store, uint32_t number, uint64_t from, uint32_t max,
                         uint64_t cookie)
{
    struct shard *shard;
    struct seuil_request *request = begin(store, number, SEUIL_STORE_OUTBOX, cookie, &shard);

    seuil_request_outbox(request, &shard->keys, from, max);
    enqueue(store, shard, request);
}

static void redis_walk(struct seuil_store *store, uint32_t number, uint64_t cursor, uint64_t cookie)
{
    struct shard *shard;
    struct seuil_request *request = begin(store, number, SEUIL_STORE_WALK, cookie, &shard);

    seuil_request_walk(request, &shard->keys, cursor);
    enqueue(store, shard, request);
}

static void redis_commit(struct seuil_store *store, uint32_t number, const struct seuil_tx *tx,
                         uint64_t cookie)
{
    struct shard *shard;
    struct seuil_request *request = begin(store, number, SEUIL_STORE_COMMIT, cookie, &shard);

    seuil_request_commit(request, &shard->keys, tx);
    enqueue(store, shard, request);
}

static void redis_read_meta(struct seuil_store *store, uint32_t number, uint64_t cookie)
{
    struct shard *shard;
    struct seuil_request *request = begin(store, number, SEUIL_STORE_READ_META, cookie, &shard);

    seuil_request_read_meta(request, &shard->keys);
    enqueue(store, shard, request);
}

static void redis_forget(struct seuil_store *store, uint32_t number)
{
    struct redis_store *self = self_of(store);
    struct seuil_request **link = &self->done, *request;
    struct shard *shard = &self->shards[number];

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
    close_shard(self, shard);
}

static void release_told(struct redis_store *self)
{
    if (self->told_by)
        seuil_reply_reader_release(self->told_by->conn.reader);
    if (self->told)
        request_drop(self, self->told);
    self->told = NULL;
    self->told_by = NULL;
}

/* Tell the first decided request, if there is one. */
static bool tell(struct redis_store *self, struct seuil_store_reply *ret_reply)
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
        struct shard *shard = self->ready;

        self->ready = shard->next_ready;
        if (!self->ready)
            self->ready_last = &self->ready;
        shard->ready = false;
        if (advance(self, shard, ret_reply))
            return true;
        if (self->done)
            return tell(self, ret_reply);
    }
    return false;
}

static void on_readable(struct redis_store *self, struct shard *shard)
{
    if (seuil_conn_fill(&shard->conn)) {
        shard->ended = true;
        unregister(self, shard);
    }
    mark_ready(self, shard);
}

static void on_event(struct redis_store *self, struct shard *shard, uint32_t events)
{
    if (shard->conn.state == SEUIL_CONN_DOWN || !shard->events)
        return; /* closed by an event before this one */
    if (shard->conn.state != SEUIL_CONN_READY) {
        if (seuil_conn_step(&shard->conn) < 0)
            fail_shard(self, shard, shard->conn.why);
    } else if (events & ~(uint32_t)EPOLLOUT) {
        on_readable(self, shard);
    }
    if (shard->conn.state == SEUIL_CONN_READY)
        mark_dirty(self, shard);
    else if (shard->conn.state != SEUIL_CONN_DOWN)
        watch(self, shard);
}

static int64_t monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wait_events(struct redis_store *self, int64_t wait_ms)
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
    struct redis_store *self = self_of(store);
    int64_t begun = 0, waited = 0;

    release_told(self);
    for (bool last = false;;) {
        self->now = now_ms + waited;
        check_deadlines(self);
        work_dirty(self);
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
    struct redis_store *self = self_of(store);

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
    struct redis_store *self;

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
